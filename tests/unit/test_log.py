import io
import json
import logging

from bot.log import configure_logging, get_logger

CANARY = "canary-secret-value"


def test_an_event_is_one_json_line_with_its_values() -> None:
    stream = io.StringIO()
    configure_logging("info", "json", [], stream)
    get_logger("bot.test").info("category read", category="cs.CL", new=46)
    line = json.loads(stream.getvalue())
    assert (line["event"], line["category"], line["new"], line["level"]) == ("category read", "cs.CL", 46, "info")


def test_what_is_below_the_level_is_not_shown() -> None:
    stream = io.StringIO()
    configure_logging("warning", "json", [], stream)
    get_logger("bot.test").info("detail")
    assert stream.getvalue() == ""


def test_secrets_are_removed_from_values_nested_values_traces_and_foreign_records() -> None:
    stream = io.StringIO()
    configure_logging("info", "json", [CANARY, "ab"], stream)
    log = get_logger("bot.test")
    event = f"with {CANARY}"
    log.info(event, url=f"postgresql://u:{CANARY}@db", deep={"list": [CANARY]}, kept="cab")
    try:
        int(CANARY)
    except ValueError:
        log.exception("failed")
    logging.getLogger("somebody.else").warning("token %s", CANARY)
    text = stream.getvalue()
    assert CANARY not in text
    assert text.count("[redacted]") >= 5
    assert '"kept": "cab"' in text


def test_pretty_output_is_for_people() -> None:
    stream = io.StringIO()
    configure_logging("info", "pretty", [CANARY], stream)
    get_logger("bot.test").info("category read", category="cs.CL", token=CANARY)
    assert "category read" in stream.getvalue()
    assert CANARY not in stream.getvalue()
