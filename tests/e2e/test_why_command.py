"""`paperbrief why` on the sample day: shown and dropped papers, in numbers that agree with the brief."""

from datetime import date

from bot.demo.world import release_of
from tests.e2e.conftest import CommandLine

DAY = date(2026, 11, 17)


def test_why_agrees_with_the_brief(command_line: CommandLine) -> None:
    command_line.ingest(release_of(DAY))
    command_line.ingest(command_line.world.now)
    brief = command_line.json("brief", "llm", "--max", "2", "--format", "json")
    for place, item in enumerate(brief["items"], 1):
        told = command_line.json("why", item["arxiv_id"], "--topic", "llm", "--max", "2", "--format", "json")
        assert (told["stage"], told["topic"], told["channel_id"]) == ("shown", "llm", None)
        assert told["placement"]["position"] == place
        assert told["placement"]["of"] == brief["receipt"]["matched"]
        assert told["placement"]["score"] == item["score"]
        assert told["placement"]["last_shown"] == brief["items"][-1]["score"]
    longer = command_line.json("brief", "llm", "--max", "10", "--format", "json")["items"]
    below = longer[2]["arxiv_id"]
    done = command_line.run("why", below, "--topic", "llm", "--max", "2")
    assert done.exit_code == 0
    assert "Matched, but ranked below the 2 papers that are shown." in done.stdout
    assert f"Place 3 of {brief['receipt']['matched']}, score {longer[2]['score']:.2f}: relevance " in done.stdout
    assert f"The last paper shown has {brief['items'][-1]['score']:.2f}." in done.stdout
    elsewhere = command_line.json("why", below, "--topic", "quant-ph", "--format", "json")
    assert (elsewhere["stage"], elsewhere["placement"]) == ("other_categories", None)


def test_why_wants_a_paper_that_is_stored_and_a_topic_that_exists(command_line: CommandLine) -> None:
    command_line.ingest(command_line.world.now)
    unknown = command_line.run("why", "2401.00001", "--topic", "llm")
    assert unknown.exit_code == 2
    assert "2401.00001 is not stored" in unknown.stderr
    paper = command_line.json("search", "the", "--limit", "1", "--format", "json")[0]["arxiv_id"]
    assert "there is no topic “llmm”" in command_line.run("why", paper, "--topic", "llmm").stderr
