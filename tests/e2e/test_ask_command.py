"""`paperbrief ask` as an owner runs it: arXiv and the model's server are real sockets on this machine."""

import pytest
from pytest_httpserver import HTTPServer

from tests.e2e.conftest import MODEL_KEY, CommandLine
from tests.unit.sources.kit import fixture
from tests.unit.sources.pdf_kit import paper_pdf
from tests.wire.openai_server import OpenAIServer


@pytest.fixture
def arxiv_id(command_line: CommandLine) -> str:
    """Read the sample day and return one of its papers."""
    command_line.ingest(command_line.world.now)
    return str(command_line.json("search", "the", "--limit", "1", "--format", "json")[0]["arxiv_id"])


def test_without_a_model_the_setting_is_named(command_line: CommandLine) -> None:
    done = command_line.run("ask", "2611.90001", "How long?")
    assert done.exit_code == 2
    assert "no language model is set up; set LLM__MODEL" in done.stderr


def test_an_answer_from_the_html(
    command_line: CommandLine,
    model_server: OpenAIServer,
    arxiv_id: str,
    httpserver: HTTPServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ARXIV__HTML_URL", httpserver.url_for("/html"))
    httpserver.expect_request(f"/html/{arxiv_id}v1").respond_with_data(
        fixture("html_paper.html"), content_type="text/html"
    )
    done = command_line.run("ask", arxiv_id, "Which data holds, and where?")
    assert done.exit_code == 0, done.output
    assert "“The data: E=mc² where it holds.”\n  — section 1.2" in done.stdout
    assert "read: the full text (HTML) · answered by small" in done.stdout
    assert MODEL_KEY not in done.output


def test_an_answer_from_the_pdf_as_json(
    command_line: CommandLine,
    model_server: OpenAIServer,
    arxiv_id: str,
    httpserver: HTTPServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ARXIV__PDF_URL", httpserver.url_for("/pdf"))
    body = paper_pdf([["Turnips were boiled for forty minutes in a copper kettle."]])
    httpserver.expect_request(f"/pdf/{arxiv_id}v1").respond_with_data(body, content_type="application/pdf")
    found = command_line.json("ask", arxiv_id, "How long were turnips boiled?", "--format", "json")
    assert (found["arxiv_id"], found["read"], found["found"]) == (arxiv_id, "pdf", True)
    assert found["quotes"] == [{"text": "Turnips were boiled for forty minutes in a copper kettle.", "place": "page 1"}]
    assert found["only_abstract_because"] is None


def test_the_abstract_alone(command_line: CommandLine, model_server: OpenAIServer, arxiv_id: str) -> None:
    before = len(command_line.server.log)
    found = command_line.json("ask", arxiv_id, "What is it about?", "--abstract-only", "--format", "json")
    assert (found["read"], found["only_abstract_because"]) == ("abstract", "unwanted")
    assert {one["place"] for one in found["quotes"]} == {"abstract"}
    assert len(command_line.server.log) == before
    fallen_back = command_line.json("ask", arxiv_id, "What is it about?", "--format", "json")
    assert (fallen_back["read"], fallen_back["only_abstract_because"]) == ("abstract", "unreadable")
    assert len(command_line.json("spend", "--format", "json")["spending"]) == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("nonsense", "Why?"), 2, "is not an arXiv identifier"),
        (("no paper has these", "Why?"), 2, "no stored paper has these words"),
        (("2611.90001", "???"), 1, "ask a question in words"),
        (("2611.90001", "Why?", "--language", "no such language"), 2, "is not a language tag"),
    ],
)
def test_wrong_words(
    command_line: CommandLine,
    model_server: OpenAIServer,
    arxiv_id: str,
    words: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    done = command_line.run("ask", *(arxiv_id if word == "2611.90001" else word for word in words))
    assert (done.exit_code, said in done.stderr) == (code, True), done.output
    assert model_server.log == []
