"""`paperbrief run` with WEB__OUT, as a process: a brief stands in its channel, its page on the disk, figures follow."""

import re
from pathlib import Path
from typing import Any

from bot.delivery import DeliveryState
from bot.demo.sample import load_sample_world
from bot.figures import open_licence
from tests.site.site_links import unresolved
from tests.site.site_world import files_of
from tests.unit.sources.figure_kit import bars, paper, prose, text
from tests.wire.discord_interactions import admin
from tests.wire.run.machine import MORNING, Machine

URL = "https://papers.example.org/briefs"
PDF = paper([bars(150, 500, 300, 200) + text(150, 480, "Figure 1: Turnips by year.") + prose(60, 420, 480, 20)])


def settings(machine: Machine, **others: str) -> dict[str, Any]:
    """Return the settings of a bot with a web edition."""
    return {"WEB__OUT": str(machine.directory / "site"), "WEB__URL": URL, **others}


def page_of(machine: Machine, message: str) -> Path:
    """Return the file to which the link in a message leads."""
    found = re.search(rf"<{re.escape(URL)}/([^>]+/)>", message)
    assert found, message
    return machine.directory / "site" / found[1] / "index.html"


async def test_a_posted_brief_leads_to_its_page_and_figures_follow(machine: Machine) -> None:
    room, site = machine.rooms[0], machine.directory / "site"
    open_papers, closed_papers = licences()
    machine.arxiv.pdfs |= dict.fromkeys((f"{one}v1" for one in open_papers | closed_papers), PDF)
    running = await machine.ready(**settings(machine, FIGURES__ENABLED="true", FIGURES__PER_PAPER="1"))
    # A link is promised only where a site is: the build at the start makes an empty one.
    await machine.until_file(site / "index.html")
    done = await machine.ask(admin(room, machine.discord.world.owner), "subscribe", topic="llm")
    assert done.acknowledged
    await machine.until(lambda: machine.discord.messages(room.id))
    (message,) = machine.discord.messages(room.id)
    page = page_of(machine, message["content"])
    # What was posted is on the page, in that order: the delivery waited for no build, and the page comes after it.
    said = await machine.until_file(page)
    shown = re.findall(r"/papers/(\d{4}\.\d{5})/index\.html", said)
    posted = [embed["url"].rpartition("/")[2] for embed in message["embeds"]]
    assert list(dict.fromkeys(shown))[: len(posted)] == posted
    expected = [one for one in posted if one in open_papers]
    assert 0 < len(expected) < len(posted), "the sample has papers of both kinds"
    for one in expected:
        await machine.until_file(site / f"en/papers/{one}/index.html", "<figure>")
    files = files_of(site)
    pictures = {name.split("/")[1] for name in files if name.startswith("figures/")}
    assert pictures == set(expected)
    fetched = {one.path.removeprefix("/pdf/").removesuffix("v1") for one in machine.arxiv.log if "/pdf/" in one.path}
    assert fetched == set(expected), "no PDF without an open licence is even asked for"
    assert unresolved(files) == []
    assert await running.terminate() == 0
    receipt = next(line for line in running.output.splitlines() if "figures were prepared" in line)
    numbers = dict(re.findall(r"(found|none|licence|failed|left)\W+(\d+)", receipt))
    assert numbers == {
        "found": str(len(expected)),
        "none": "0",
        "licence": str(len(posted) - len(expected)),
        "failed": "0",
        "left": "0",
    }
    assert (await machine.ledger()).by_state == {DeliveryState.SENT: 1}
    assert "Traceback" not in running.output

    off = await machine.ready(**settings(machine))
    await machine.until_file(site / f"en/papers/{expected[0]}/index.html")
    await machine.until_file(off.log, "built the web edition")
    assert not any(name.startswith("figures/") or b"<figure>" in content for name, content in files_of(site).items())
    assert await off.terminate() == 0


async def test_a_site_that_cannot_be_built_costs_no_delivery(machine: Machine) -> None:
    room = machine.rooms[0]
    (machine.directory / "site").write_text("a file of somebody else's")
    await machine.subscribe(room)
    running = await machine.ready(**settings(machine))
    await machine.until(lambda: machine.discord.messages(room.id))
    (message,) = machine.discord.messages(room.id)
    assert URL not in message["content"], "no link to a page that nobody makes"
    await machine.until_file(running.log, "the web edition could not be built")
    assert await running.terminate() == 0
    assert (await machine.ledger()).by_state == {DeliveryState.SENT: 1}


async def test_an_end_while_the_site_is_built_ends_the_build(machine: Machine) -> None:
    await machine.subscribe(machine.rooms[0])
    running = await machine.ready(**settings(machine))
    await machine.until_file(machine.directory / "site" / ".paperbrief" / "lock")
    assert await running.terminate() == 0
    again = await machine.ready(**settings(machine))
    await machine.until_file(again.log, "built the web edition")
    assert await again.terminate() == 0
    assert unresolved(files_of(machine.directory / "site")) == []


def licences() -> tuple[set[str], set[str]]:
    """Return the sample's papers whose licence is open, and the others."""
    world = load_sample_world()
    papers = {one.arxiv_id: open_licence(one.licence) for one in world.indexed(MORNING)}
    return {one for one, licence in papers.items() if licence}, {one for one, licence in papers.items() if not licence}
