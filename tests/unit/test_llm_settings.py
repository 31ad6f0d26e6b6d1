"""The settings of the language model: what belongs together, what may surprise, and that the key never shows."""

from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.app_model import day_ceiling
from bot.cli.check_up import model_warnings
from bot.errors import SettingsError
from bot.llm.port import Ceiling
from bot.settings import load_settings, secret_values, setting_names

OPENAI, ELSEWHERE = "https://api.openai.com/v1", "https://llm.example.org/v1"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("SECRETS_DIR", raising=False)
    monkeypatch.chdir(tmp_path)


def given(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name if name == "OPENAI_API_KEY" else f"LLM__{name}", value)


def problem(monkeypatch: pytest.MonkeyPatch, **values: str) -> str:
    given(monkeypatch, **values)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    (line,) = caught.value.problems
    return line


def test_without_any_of_them_no_model_is_asked() -> None:
    settings = load_settings()
    assert settings.llm.model == ""
    assert settings.model_key is None
    assert model_warnings(settings) == []


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"API_KEY": "sk-canary"}, "LLM__MODEL: name the model to ask, as LLM__API_KEY is set"),
        ({"BASE_URL": ELSEWHERE}, "LLM__MODEL: name the model to ask, as LLM__BASE_URL is set"),
        ({"FALLBACK_MODEL": "b"}, "LLM__MODEL: name the model to ask, as LLM__FALLBACK_MODEL is set"),
        ({"MODEL": "m"}, "LLM__MODEL: needs LLM__API_KEY or OPENAI_API_KEY, or LLM__BASE_URL"),
        ({"MODEL": "m", "BASE_URL": "llm.example.org"}, "LLM__BASE_URL: expected an address that begins with http"),
        ({"MODEL": "m", "BASE_URL": "https://u:canary@x/v1"}, "LLM__BASE_URL: expected an address without user"),
        ({"MODEL": "m", "BASE_URL": "https://x/v1?key=canary"}, "LLM__BASE_URL: expected an address without user"),
        ({"INPUT_PRICE": "1"}, "LLM__INPUT_PRICE: give it and LLM__OUTPUT_PRICE together"),
        ({"FALLBACK_OUTPUT_PRICE": "1"}, "LLM__FALLBACK_INPUT_PRICE: give it and LLM__FALLBACK_OUTPUT_PRICE together"),
        ({"INPUT_PRICE": "-1", "OUTPUT_PRICE": "1"}, "LLM__INPUT_PRICE: input should be greater than or equal to 0"),
        ({"INPUT_PRICE": "NaN", "OUTPUT_PRICE": "1"}, "LLM__INPUT_PRICE: "),
        (
            {"MODEL": "m", "API_KEY": "k", "DAILY_BUDGET": "2"},
            "LLM__DAILY_BUDGET: needs LLM__INPUT_PRICE and LLM__OUTPUT_PRICE",
        ),
        (
            {"MODEL": "m", "API_KEY": "k", "DAILY_BUDGET": "2", "INPUT_PRICE": "1", "OUTPUT_PRICE": "1",
             "FALLBACK_MODEL": "b"},
            "LLM__DAILY_BUDGET: needs LLM__FALLBACK_INPUT_PRICE and LLM__FALLBACK_OUTPUT_PRICE",
        ),
        ({"MODEL": "m", "API_KEY": "sk canary"}, "LLM__API_KEY: "),
        ({"MODEL": "m", "API_KEY": "sk-canáry"}, "LLM__API_KEY: "),
        ({"TIMEOUT": "0"}, "LLM__TIMEOUT: "),
        ({"CONCURRENCY": "1000"}, "LLM__CONCURRENCY: "),
        ({"DAILY_TOKENS": "-1"}, "LLM__DAILY_TOKENS: "),
    ],
)  # fmt: skip
def test_half_of_a_configuration_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], complaint: str
) -> None:
    line = problem(monkeypatch, **values)
    assert line.startswith(complaint)
    assert "canary" not in line


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"API_KEY": "own"}, "own"),
        ({"OPENAI_API_KEY": "theirs"}, "theirs"),
        ({"API_KEY": "own", "OPENAI_API_KEY": "theirs"}, "own"),
        ({"BASE_URL": OPENAI, "OPENAI_API_KEY": "theirs"}, "theirs"),
        ({"BASE_URL": ELSEWHERE, "API_KEY": "own"}, "own"),
        ({"BASE_URL": ELSEWHERE}, None),
        ({"BASE_URL": ELSEWHERE, "OPENAI_API_KEY": "theirs"}, None),
        ({"BASE_URL": "https://openai.com.example.org/v1", "OPENAI_API_KEY": "theirs"}, None),
        ({"BASE_URL": "http://127.0.0.1:8080/v1", "OPENAI_API_KEY": "theirs"}, None),
    ],
)
def test_openais_key_is_given_to_openai_alone(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], key: str | None
) -> None:
    given(monkeypatch, MODEL="m", **values)
    found = load_settings().model_key
    assert (found.get_secret_value() if found else None) == key


@pytest.mark.parametrize(
    ("values", "warning"),
    [
        ({"OPENAI_API_KEY": "k"}, "LLM__MODEL is not: no model is asked"),
        ({"MODEL": "m", "API_KEY": "k"}, "a key is set without a ceiling"),
        ({"MODEL": "m", "BASE_URL": ELSEWHERE, "OPENAI_API_KEY": "k"}, "OPENAI_API_KEY is not sent to LLM__BASE_URL"),
        (
            {"MODEL": "m", "BASE_URL": "http://llm.example.org", "API_KEY": "k", "DAILY_TOKENS": "9"},
            "travel unencrypted",
        ),
    ],
)
def test_what_may_surprise_is_said(monkeypatch: pytest.MonkeyPatch, values: dict[str, str], warning: str) -> None:
    given(monkeypatch, **values)
    (said,) = model_warnings(load_settings())
    assert warning in said


@pytest.mark.parametrize(
    "values",
    [
        {"BASE_URL": "http://127.0.0.1:8080/v1"},
        {"API_KEY": "k", "DAILY_TOKENS": "100000"},
        {"API_KEY": "k", "DAILY_BUDGET": "0.5", "INPUT_PRICE": "0.15", "OUTPUT_PRICE": "0.60"},
    ],
)
def test_a_whole_configuration_is_quiet(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    given(monkeypatch, MODEL="m", **values)
    assert model_warnings(load_settings()) == []


def test_money_is_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, MODEL="m", API_KEY="k", DAILY_BUDGET="0.1", INPUT_PRICE="0.3", OUTPUT_PRICE="1")
    settings = load_settings()
    assert settings.llm.input_price == Decimal("0.3")
    assert day_ceiling(settings) == Ceiling(cost_micros=100_000)


def test_a_budget_of_nothing_is_a_ceiling_and_not_its_absence(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, DAILY_BUDGET="0", DAILY_TOKENS="0")
    assert day_ceiling(load_settings()) == Ceiling(cost_micros=0, tokens=0)


def test_the_key_is_a_secret_and_known_to_the_redactor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk-canary-1\n")
    monkeypatch.setenv("LLM__API_KEY_FILE", str(tmp_path / "key"))
    given(monkeypatch, MODEL="m")
    settings = load_settings()
    assert settings.llm.api_key == SecretStr("sk-canary-1")
    assert "canary" not in repr(settings) + settings.model_dump_json()
    assert "sk-canary-1" in secret_values(settings)
