"""The settings of embeddings: what belongs together, where keys go, what the check-up says, what is built."""

from decimal import Decimal
from pathlib import Path

import pytest

from bot.app_model import build_embedder, open_embedding
from bot.cli.check_up import Level, embedding_findings
from bot.embed.endpoint import EndpointEmbedder
from bot.embed.minilm import MODEL, MiniLmEmbedder
from bot.errors import SettingsError
from bot.settings import load_settings, secret_values, setting_names
from bot.store.engine import Database
from tests.unit.llm.fakes import JumpClock

ELSEWHERE = "https://vectors.example.org/v1"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("SECRETS_DIR", raising=False)
    monkeypatch.chdir(tmp_path)


def given(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name if "__" in name or name == "OPENAI_API_KEY" else f"EMBEDDINGS__{name}", value)


def test_without_any_of_them_words_alone_count_and_it_is_said() -> None:
    settings = load_settings()
    (finding,) = embedding_findings(settings)
    assert finding.level is Level.OK
    assert "by words alone (EMBEDDINGS__PROVIDER)" in finding.text


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"PROVIDER": "magic"}, "EMBEDDINGS__PROVIDER: input should be 'none', 'minilm' or 'server'"),
        ({"PROVIDER": "server"}, "EMBEDDINGS__MODEL: name the model to ask"),
        ({"MODEL": "m"}, "EMBEDDINGS__PROVIDER: set it to server, as EMBEDDINGS__MODEL is set"),
        ({"PROVIDER": "minilm", "API_KEY": "canary"}, "EMBEDDINGS__PROVIDER: set it to server, as EMBEDDINGS__API_KEY"),
        ({"PROVIDER": "server", "MODEL": "m"}, "EMBEDDINGS__MODEL: needs EMBEDDINGS__API_KEY or OPENAI_API_KEY"),
        (
            {"PROVIDER": "server", "MODEL": "m", "BASE_URL": "https://u:canary@x/v1"},
            "EMBEDDINGS__BASE_URL: expected an",
        ),
        ({"PROVIDER": "server", "MODEL": "m", "API_KEY": "can ary"}, "EMBEDDINGS__API_KEY: expected a key"),
        (
            {"PROVIDER": "server", "MODEL": "m", "BASE_URL": ELSEWHERE, "LLM__DAILY_BUDGET": "1"},
            "LLM__DAILY_BUDGET: needs EMBEDDINGS__PRICE",
        ),
    ],
)
def test_what_does_not_belong_together_is_named(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], complaint: str
) -> None:
    given(monkeypatch, **values)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    (line,) = caught.value.problems
    assert line.startswith(complaint)
    assert "canary" not in line


def test_a_key_of_openai_goes_to_openai_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, PROVIDER="server", MODEL="m", OPENAI_API_KEY="sk-one", BASE_URL=ELSEWHERE)
    assert load_settings().embedding_key is None
    monkeypatch.delenv("EMBEDDINGS__BASE_URL")
    key = load_settings().embedding_key
    assert key is not None
    assert key.get_secret_value() == "sk-one"


def test_the_key_counts_as_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, PROVIDER="server", MODEL="m", BASE_URL=ELSEWHERE, API_KEY="sk-two")
    settings = load_settings()
    assert "sk-two" in secret_values(settings)
    assert "sk-two" not in repr(settings)


def test_a_key_on_an_open_line_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numpy")
    given(monkeypatch, PROVIDER="server", MODEL="m", BASE_URL="http://vectors.example.org/v1", API_KEY="sk-two")
    findings = list(embedding_findings(load_settings()))
    assert [finding.level for finding in findings] == [Level.OK, Level.WARN]
    assert "unencrypted" in findings[1].text


def test_parts_that_are_not_installed_are_a_failure_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, PROVIDER="minilm")
    monkeypatch.setattr("bot.embed.minilm.PARTS", ("numpy_of_another_world",))
    (finding,) = embedding_findings(load_settings())
    assert finding.level is Level.FAIL
    assert "numpy_of_another_world not installed" in finding.text
    assert "make embeddings" in finding.text


async def test_each_provider_is_built_and_none_is_none(monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> None:
    async with Database.open(sqlite_url) as database:
        assert build_embedder(load_settings(), database, JumpClock()) is None
        async with open_embedding(load_settings(), database, JumpClock(), may_cost=True) as nothing:
            assert nothing is None
        given(monkeypatch, PROVIDER="minilm")
        small = build_embedder(load_settings(), database, JumpClock())
        assert isinstance(small, MiniLmEmbedder)
        assert small.model == MODEL
        given(monkeypatch, PROVIDER="server", MODEL="m", BASE_URL=ELSEWHERE, DIMENSIONS="256", PRICE="0.02")
        server = build_embedder(load_settings(), database, JumpClock())
        assert isinstance(server, EndpointEmbedder)
        assert server.model == "m@vectors.example.org/v1#256"
        assert server._config.price.input == Decimal("0.02")


async def test_where_nothing_may_cost_a_server_is_not_asked(monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> None:
    given(monkeypatch, PROVIDER="server", MODEL="m", BASE_URL="http://127.0.0.1:1/v1")
    async with (
        Database.open(sqlite_url) as database,
        open_embedding(load_settings(), database, JumpClock(), may_cost=False) as embedding,
    ):
        assert embedding is not None
        assert await embedding.of_text("robots") is None
        assert (await embedding.run()).problem is None
