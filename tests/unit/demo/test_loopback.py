"""The loopback server over real sockets: endpoints, log, and every kind of fault, as a client meets them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest

from bot.demo.loopback import Fault, LoopbackArxiv
from bot.demo.sample import SampleWorld, load_sample_world
from bot.demo.world import release_of
from tests.wire.arxiv_replay import read_listing


@pytest.fixture
def world() -> SampleWorld:
    world = load_sample_world()
    world.set_now(release_of(world.announced_on) + timedelta(hours=8))
    return world


@pytest.fixture
async def server(world: SampleWorld) -> AsyncIterator[LoopbackArxiv]:
    async with LoopbackArxiv(world) as server:
        yield server


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as client:
        yield client


def announced(world: SampleWorld, category: str) -> list[str]:
    return [entry.paper.arxiv_id for entry in world.announced(world.announced_on)[category]]


async def get(client: aiohttp.ClientSession, url: str) -> tuple[int, bytes]:
    async with client.get(url) as response:
        return response.status, await response.read()


async def test_it_listens_on_loopback_only(server: LoopbackArxiv) -> None:
    for url in (server.list_url, server.feed_url, server.api_url, server.oai_url):
        assert url.startswith("http://127.0.0.1:")


async def test_a_listing_page(server: LoopbackArxiv, world: SampleWorld, client: aiohttp.ClientSession) -> None:
    async with client.get(f"{server.list_url}/cs.CL/new?skip=0&show=2000") as response:
        page = await response.read()
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert [paper.arxiv_id for paper in read_listing(page)] == announced(world, "cs.CL")
    # A category that arXiv has and the sample does not is there, and empty.
    assert b"No updates today." in (await get(client, f"{server.list_url}/cs.RO/new"))[1]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/list/cs.CL/new?show=33", b"Invalid show value. Valid values: 25, 50, 100, 250, 500, 1000, 2000"),
        ("/list/cs.CL/new?show=all", b"Invalid show value"),
        ("/list/cs.CL/new?skip=-1", b"Invalid show value"),
        ("/list/cs.XX/new", b"Invalid archive or category: cs.XX"),
        ("/list/cs.CL/foo", b"Invalid time period"),
        ("/rss/cs.XX", b"Feed error for query"),
        ("/atom/cs.CL+foo.BAR", b"Bad archive"),
        ("/api/query?id_list=abc", b"incorrect id format"),
    ],
)
async def test_bad_requests(server: LoopbackArxiv, client: aiohttp.ClientSession, path: str, message: bytes) -> None:
    status, body = await get(client, server.base_url + path)
    assert status == 400
    assert message in body


async def test_feeds_api_and_oai(server: LoopbackArxiv, world: SampleWorld, client: aiohttp.ClientSession) -> None:
    everything = {arxiv_id for category in world.categories for arxiv_id in announced(world, category)}
    status, feed = await get(client, f"{server.feed_url}/rss/cs.CL+cs.CV+cs.AI")
    assert (status, feed.count(b"<item>")) == (200, len(everything))
    status, feed = await get(client, f"{server.feed_url}/atom/cs.CV")
    assert (status, feed.count(b"<entry>")) == (200, len(announced(world, "cs.CV")))
    status, answer = await get(client, f"{server.api_url}?id_list=2611.90001,2611.99999&max_results=100")
    assert (status, answer.count(b"<entry>")) == (200, 1)
    status, answer = await get(client, f"{server.oai_url}?verb=ListRecords&metadataPrefix=arXiv&set=cs:cs:CV")
    assert (status, answer.count(b"<record>")) == (200, len(announced(world, "cs.CV")))
    assert (await get(client, f"{server.base_url}/nothing"))[0] == 404


async def test_time_is_the_worlds(server: LoopbackArxiv, world: SampleWorld, client: aiohttp.ClientSession) -> None:
    world.set_now(release_of(world.announced_on) - timedelta(minutes=1))
    assert b"No updates today." in (await get(client, f"{server.list_url}/cs.CL/new"))[1]


async def test_every_request_is_logged(server: LoopbackArxiv, client: aiohttp.ClientSession) -> None:
    await get(client, f"{server.list_url}/cs.CL/new?show=25")
    await get(client, f"{server.list_url}/cs.CL/foo")
    assert [(one.method, one.path, one.query, one.status) for one in server.log] == [
        ("GET", "/list/cs.CL/new", "show=25", 200),
        ("GET", "/list/cs.CL/foo", "", 400),
    ]
    assert server.log[0].at <= server.log[1].at
    assert "aiohttp" in server.log[0].user_agent


async def test_faults_are_used_up_in_order(server: LoopbackArxiv, client: aiohttp.ClientSession) -> None:
    server.script("/list", [Fault(status=429, headers={"Retry-After": "60"}), Fault(body=b"<html>Sign in</html>")])
    assert server.pending_faults == 2
    async with client.get(f"{server.list_url}/cs.CL/new") as response:
        assert (response.status, response.headers["Retry-After"], await response.read()) == (429, "60", b"")
    # Other interfaces are not hit.
    assert (await get(client, f"{server.feed_url}/rss/cs.CL"))[0] == 200
    assert await get(client, f"{server.list_url}/cs.CL/new") == (200, b"<html>Sign in</html>")
    assert b"Total of" in (await get(client, f"{server.list_url}/cs.CL/new"))[1]
    assert server.pending_faults == 0


async def test_a_fault_can_be_for_one_category(server: LoopbackArxiv, client: aiohttp.ClientSession) -> None:
    for prefix in ("/list", "/rss", "/oai"):
        server.script(prefix, [Fault(status=503)], category="cs.AI")
    for path in ("/list/cs.{}/new", "/rss/cs.{}", "/oai?verb=ListIdentifiers&metadataPrefix=arXiv&set=cs:cs:{}"):
        assert (await get(client, server.base_url + path.format("CL")))[0] == 200
        assert (await get(client, server.base_url + path.format("AI")))[0] == 503


async def test_unused_faults_can_be_dropped(server: LoopbackArxiv, client: aiohttp.ClientSession) -> None:
    server.script("/", [Fault(status=503)] * 9)
    server.clear_script()
    assert (await get(client, f"{server.list_url}/cs.CL/new"))[0] == 200


async def test_a_stale_page(server: LoopbackArxiv, world: SampleWorld, client: aiohttp.ClientSession) -> None:
    server.script("/list/cs.AI", [Fault(as_of=release_of(world.announced_on) - timedelta(hours=1))])
    assert b"16 November 2026" in (await get(client, f"{server.list_url}/cs.AI/new"))[1]
    assert b"17 November 2026" in (await get(client, f"{server.list_url}/cs.AI/new"))[1]


async def test_a_rewritten_and_a_cut_page(server: LoopbackArxiv, client: aiohttp.ClientSession) -> None:
    whole = (await get(client, f"{server.list_url}/cs.CL/new"))[1]
    server.script("/list", [Fault(rewrite=bytes.upper), Fault(truncate=0.5)])
    assert (await get(client, f"{server.list_url}/cs.CL/new"))[1] == whole.upper()
    assert await get(client, f"{server.list_url}/cs.CL/new") == (200, whole[: len(whole) // 2])


async def test_a_dropped_connection(server: LoopbackArxiv, client: aiohttp.ClientSession) -> None:
    server.script("/list", [Fault(reset=True), Fault(truncate=0.5, reset=True)])
    with pytest.raises(aiohttp.ServerDisconnectedError):
        # POST is not retried by the client, so that the drop is seen.
        await client.post(f"{server.list_url}/cs.CL/new")
    with pytest.raises(aiohttp.ClientPayloadError):
        await get(client, f"{server.list_url}/cs.CL/new")
    assert [one.status for one in server.log] == [0, 200]


async def test_a_server_that_hangs_or_drips(server: LoopbackArxiv, client: aiohttp.ClientSession) -> None:
    server.script("/list", [Fault(hang=True), Fault(body=b"abc", drip=0), Fault(body=b"abc", drip=60)])
    async with client.get(f"{server.list_url}/cs.CL/new") as response:
        assert response.status == 200
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(response.content.read(1), 0.05)
    assert await get(client, f"{server.list_url}/cs.CL/new") == (200, b"abc")
    async with client.get(f"{server.list_url}/cs.CL/new") as response:
        assert await response.content.readexactly(1) == b"a"


async def test_closing_lets_go_of_what_hangs(world: SampleWorld, client: aiohttp.ClientSession) -> None:
    async with LoopbackArxiv(world) as server:
        server.script("/list", [Fault(hang=True)])
        response = await client.get(f"{server.list_url}/cs.CL/new")
    with pytest.raises(aiohttp.ClientPayloadError):
        await response.read()
