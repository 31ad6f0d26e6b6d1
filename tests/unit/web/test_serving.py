"""The look at the site on this machine: what is served, as what, and what never."""

import http.client
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import SiteError
from bot.web.serving import TYPES, build_server, find_file
from bot.web.writing import PRIVATE


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a small site beside a secret."""
    (tmp_path / "secret.html").write_text("secret")
    site = tmp_path / "site"
    (site / "en/papers/2605.00001").mkdir(parents=True)
    (site / PRIVATE).mkdir()
    (site / PRIVATE / "state.json").write_text("{}")
    (site / "empty").mkdir()
    (site / "index.html").write_text("root")
    (site / "en/index.html").write_text("front")
    (site / "en/papers/2605.00001/index.html").write_text("paper")
    (site / "site.css").write_text("p{}")
    (site / "all.atom").write_text("<feed/>")
    (site / "notes.md").write_text("notes")
    (site / "out.html").symlink_to(tmp_path / "secret.html")
    return site


@pytest.fixture
def port(root: Path) -> Iterator[int]:
    """Serve it, and end the server afterwards."""
    server = build_server(root, 0)
    worker = threading.Thread(target=server.serve_forever, args=(0.02,))
    worker.start()
    yield server.server_address[1]
    server.shutdown()
    worker.join()
    server.server_close()


def ask(port: int, path: str, method: str = "GET") -> tuple[int, str, bytes, str]:
    """Return (status, content type, body, where to) of a request whose path is sent as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest(method, path, skip_host=False)
    connection.endheaders()
    response = connection.getresponse()
    found = response.status, response.headers["Content-Type"], response.read(), response.headers.get("Location", "")
    connection.close()
    return found


def test_pages_come_with_their_types(port: int) -> None:
    assert ask(port, "/") == (200, "text/html; charset=utf-8", b"root", "")
    assert ask(port, "/en/papers/2605.00001/")[2] == b"paper"
    assert ask(port, "/en/index.html?x=1#y")[2] == b"front"
    assert ask(port, "/site.css")[1] == "text/css; charset=utf-8"
    assert ask(port, "/all.atom")[1] == "application/atom+xml; charset=utf-8"
    assert ask(port, "/en/", "HEAD")[:3] == (200, "text/html; charset=utf-8", b"")


def test_a_directory_without_its_slash_leads_to_it(port: int) -> None:
    assert ask(port, "/en/papers/2605.00001")[0::3] == (301, "2605.00001/")


@pytest.mark.parametrize(
    "path",
    [
        "/empty/",
        "/nothing.html",
        "/notes.md",
        "/out.html",
        f"/{PRIVATE}/state.json",
        "/../secret.html",
        "/en/../../secret.html",
        "/%2e%2e/secret.html",
        "/..%2fsecret.html",
        "/en/..%5c..%5csecret.html",
        "//etc/passwd",
        "/%00",
        "/%ff",
        "/" + "a/" * 2000,
    ],
)
def test_what_is_not_served(port: int, path: str) -> None:
    status, kind, body, _ = ask(port, path)
    assert (status, kind) == (404, "text/plain; charset=utf-8")
    assert b"secret" not in body


def test_only_reading_is_understood(port: int) -> None:
    assert ask(port, "/", "POST")[0] == 501


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet=st.sampled_from("./\\%25eEfF~enindex.html"), max_size=40))
def test_no_target_leaves_the_site(root: Path, target: str) -> None:
    found = find_file(root, f"/{target}")
    assert found is None or (found.resolve().is_relative_to(root) and found.suffix in TYPES)


def test_a_directory_without_a_site_is_not_served(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match="paperbrief web build"):
        build_server(tmp_path, 0)


def test_a_port_that_is_taken_says_so(root: Path, port: int) -> None:
    with pytest.raises(SiteError, match="choose another --port"):
        build_server(root, port)
