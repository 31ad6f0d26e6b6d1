import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.errors import SettingsError
from bot.setting_types import is_loopback
from bot.settings import load_settings, secret_values, setting_names, unknown_variables


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    monkeypatch.delenv("SECRETS_DIR", raising=False)
    monkeypatch.chdir(tmp_path)


def problems() -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_settings()
    return caught.value.problems


def test_nothing_needs_to_be_set() -> None:
    settings = load_settings()
    assert settings.discord_token is None
    assert settings.arxiv.list_url == "https://arxiv.org/list"
    assert settings.arxiv.min_interval == 3
    assert settings.database_url == "sqlite:///data/paperbrief.sqlite3"
    assert settings.brief.categories == ("cs.CL", "cs.CV", "cs.AI")


def test_plain_and_nested_names_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "token-from-environment")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-1")
    monkeypatch.setenv("ARXIV__CONTACT", "lab@example.org")
    monkeypatch.setenv("BRIEF__CATEGORIES", "cs.LG, stat.ML")
    settings = load_settings()
    assert settings.discord_token == SecretStr("token-from-environment")
    assert settings.openai_api_key == SecretStr("sk-canary-1")
    assert settings.arxiv.contact == "lab@example.org"
    assert settings.brief.categories == ("cs.LG", "stat.ML")


def test_a_dotenv_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LOG__LEVEL=debug\nARXIV__PATIENCE=5\nUNRELATED=1\n")
    monkeypatch.setenv("ARXIV__PATIENCE", "7")
    settings = load_settings()
    assert settings.log.level == "debug"
    assert settings.arxiv.patience == 7


def test_a_secret_can_stand_in_a_file_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-a-file\n")
    (tmp_path / "url").write_text("postgresql://u:hunter22@db/x")
    monkeypatch.setenv("DISCORD_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("DATABASE__URL_FILE", str(tmp_path / "url"))
    settings = load_settings()
    assert settings.discord_token == SecretStr("from-a-file")
    assert settings.database_url == "postgresql://u:hunter22@db/x"


def test_a_secrets_directory_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "discord_token").write_text("from-a-directory")
    (secrets / "database__url").write_text("postgresql://u:hunter22@db/x")
    monkeypatch.setenv("SECRETS_DIR", str(secrets))
    settings = load_settings()
    assert settings.discord_token == SecretStr("from-a-directory")
    assert settings.database_url.endswith("@db/x")


def test_a_missing_secret_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN_FILE", "/nowhere/token")
    assert problems() == ["DISCORD_TOKEN_FILE: cannot read /nowhere/token: No such file or directory"]


def test_each_wrong_value_gets_one_line_with_the_variable_and_what_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG__LEVEL", "loud")
    monkeypatch.setenv("BRIEF__MAX_PAPERS", "eleven")
    monkeypatch.setenv("ARXIV__LIST_URL", "arxiv.org/list")
    lines = problems()
    assert sorted(line.split(":")[0] for line in lines) == ["ARXIV__LIST_URL", "BRIEF__MAX_PAPERS", "LOG__LEVEL"]
    text = "\n".join(lines)
    assert "'debug', 'info', 'warning' or 'error'" in text
    assert "begins with http:// or https://" in text
    assert len(text.splitlines()) == 3


def test_a_wrong_value_is_not_repeated_as_it_may_be_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARXIV__DEADLINE", "canary-secret")
    assert "canary-secret" not in "\n".join(problems())


def test_the_interval_may_be_short_only_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARXIV__MIN_INTERVAL", "0")
    assert problems() == ["ARXIV__MIN_INTERVAL: below 3 seconds only when all ARXIV__*_URL are loopback addresses"]
    for name in (one for one in setting_names() if one.startswith("ARXIV__") and one.endswith("_URL")):
        monkeypatch.setenv(name, "http://127.0.0.1:9/x/")
    assert load_settings().arxiv.min_interval == 0
    assert load_settings().arxiv.list_url == "http://127.0.0.1:9/x"


@pytest.mark.parametrize("url", ["http://localhost:80", "http://127.9.9.9/x", "http://[::1]:8/x"])
def test_loopback_addresses(url: str) -> None:
    assert is_loopback(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1.example.org", "http://10.0.0.1", "https://arxiv.org", "x"])
def test_other_addresses_are_not_loopback(url: str) -> None:
    assert not is_loopback(url)


def test_no_secret_shows_in_the_settings_own_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "canary-token")
    monkeypatch.setenv("OPENAI_API_KEY", "canary-key")
    monkeypatch.setenv("DATABASE__URL", "postgresql://u:canary-password@db/x")
    settings = load_settings()
    assert "canary" not in repr(settings) + str(settings) + settings.model_dump_json()
    assert "canary-password" in secret_values(settings)


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("ARXIV__CONTACT", "zoë", "ARXIV__CONTACT: "),
        ("ARXIV__CONTACT", "a\nb", "ARXIV__CONTACT: "),
        ("ARXIV__LIST_URL", "http://127.0.0.1:99999/list", "ARXIV__LIST_URL: port out of range"),
        ("DATABASE__URL", "postgresql://bob:canary@[::1/x", "DATABASE__URL: expected sqlite:///PATH or postgresql://"),
        ("DATABASE__URL", "mysql://bob:canary@host/x", "DATABASE__URL: expected sqlite:///PATH or postgresql://"),
        (
            "HEALTH__HOST",
            "192.0.2.7",
            "HEALTH__HOST: whoever reaches this address could read the bot's figures; set HEALTH",
        ),
        ("HEALTH__HOST", "::", "HEALTH__HOST: whoever reaches this address could read the bot's figures; set HEALTH"),
        ("HEALTH__HOST", "canary.example", "HEALTH__HOST: expected an IP address such as 127.0.0.1, or localhost"),
        ("HEALTH__PORT", "0", "HEALTH__PORT: "),
        ("ARXIV", "notjson", "ARXIV: the settings of this group are given one by one, as ARXIV__NAME"),
        ("SECRETS_DIR", "/nowhere", "SECRETS_DIR: /nowhere is not a directory"),
    ],
)
def test_what_cannot_work_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, complaint: str
) -> None:
    monkeypatch.setenv(name, value)
    (line,) = problems()
    assert line.startswith(complaint)
    assert "canary" not in line


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_the_health_port_may_listen_on_loopback(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("HEALTH__HOST", host)
    assert load_settings().health.host == host


def test_the_health_port_listens_elsewhere_when_that_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEALTH__HOST", "192.0.2.7")
    monkeypatch.setenv("HEALTH__PUBLIC", "true")
    assert load_settings().health.host == "192.0.2.7"


def test_the_example_file_uncommented_is_the_defaults(tmp_path: Path) -> None:
    example = Path(__file__).resolve().parents[2] / ".env.example"
    lines = example.read_text(encoding="utf-8").splitlines()
    values = [line.removeprefix("#") for line in lines if re.match(r"#[A-Z]", line) and "=" in line]
    assert len(values) == len(setting_names())
    defaults = load_settings().model_dump()
    (tmp_path / ".env").write_text("\n".join(values), encoding="utf-8")
    assert load_settings().model_dump() == defaults


def test_misspelt_settings_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARXIV_MIN_INTERVAL", "5")
    monkeypatch.setenv("ARXIV_DATASET_CACHE", "somebody else's")
    assert unknown_variables() == {"ARXIV_MIN_INTERVAL": "ARXIV__MIN_INTERVAL"}
