"""The key is in the request's header and nowhere else; a program without a model does not even load the client."""

import io
import subprocess
import sys
import traceback

import pytest
from pydantic import SecretStr

from bot.errors import ModelError
from bot.llm.config import ModelConfig
from bot.log import configure_logging
from bot.store.engine import Database
from tests.wire.llm_kit import ABSTRACT, KEY, session
from tests.wire.openai_behaviours import BEHAVIOURS
from tests.wire.openai_server import OpenAIServer

QUICK = sorted(set(BEHAVIOURS) - {"hang", "drip", "slow", "huge"})


@pytest.fixture
def log() -> io.StringIO:
    stream = io.StringIO()
    # No secret is named to the redactor: nothing may depend on it here.
    configure_logging("debug", "json", (), stream)
    return stream


@pytest.mark.parametrize("behaviour", QUICK)
async def test_no_fault_brings_the_key_or_the_paper_into_a_log_or_a_trace(
    sqlite_url: str, log: io.StringIO, monkeypatch: pytest.MonkeyPatch, behaviour: str
) -> None:
    monkeypatch.setenv("OPENAI_LOG", "debug")
    async with Database.open(sqlite_url) as database, OpenAIServer(always=behaviour) as server:
        async with session(database, server) as model:
            try:
                await model.ask()
            except ModelError:
                told = traceback.format_exc()
            else:
                told = ""
            shown = repr(model.model) + repr(model.model.__dict__)
        async with database.read() as connection:
            kept = str((await connection.exec_driver_sql("SELECT name, state FROM source_state")).all())
    assert server.log[0].headers["authorization"] == f"Bearer {KEY}"
    assert log.getvalue(), "something was logged at all"
    for text in (told, shown, kept, log.getvalue()):
        assert KEY not in text
        assert KEY[3:] not in text
        assert ABSTRACT not in text


def test_the_configuration_does_not_show_its_key() -> None:
    config = ModelConfig("http://127.0.0.1:1/v1", "m", api_key=SecretStr(KEY))
    assert KEY not in f"{config!r} {config}"


@pytest.mark.parametrize("module", ["bot.app", "bot.llm.endpoint", "bot.cli.main", "bot.cli.spend", "bot.store.spend"])
def test_without_a_model_the_client_is_not_loaded(module: str) -> None:
    code = f"import sys, {module}; sys.exit('openai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
