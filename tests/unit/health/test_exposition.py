"""`/metrics` as a monitor reads it: it parses, its figures are the facts, and its labels stay few and harmless."""

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from bot import __version__
from bot.health.exposition import render_metrics
from bot.health.facts import Facts
from bot.health.meters import OUTCOMES, SCOPES, Meters
from bot.store.migrations import HEAD
from tests.unit.health.samples import facts

LABELS = {"check", "state", "outcome", "scope", "command", "direction", "version", "schema", "le"}


def scrape(found: Facts, meters: Meters | None = None) -> list[Metric]:
    text = render_metrics(found, meters or Meters()).decode()
    assert text.endswith("\n")
    return list(text_string_to_metric_families(text))


def samples(found: Facts, meters: Meters | None = None) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    read: list[Sample] = [sample for family in scrape(found, meters) for sample in family.samples]
    named = {(one.name, frozenset(one.labels.items())): one.value for one in read}
    assert len(named) == len(read), "a figure stands there twice"
    return named


def value(found: Facts, name: str, **labels: str) -> float:
    return samples(found)[name, frozenset(labels.items())]


def test_the_figures_are_the_facts() -> None:
    found = facts()
    assert value(found, "paperbrief_info", version=__version__, schema=HEAD) == 1
    assert value(found, "paperbrief_announcements", state="fresh") == 7
    assert value(found, "paperbrief_announcements", state="stalled") == 0
    assert value(found, "paperbrief_announcements_newest", state="fresh") == 2
    assert value(found, "paperbrief_deliveries", state="sent") == 40
    assert value(found, "paperbrief_deliveries", state="unknown") == 0
    assert value(found, "paperbrief_subscriptions", state="parked") == 1
    assert value(found, "paperbrief_papers") == 812
    assert value(found, "paperbrief_model_tokens_total", direction="read") == 5000
    assert value(found, "paperbrief_model_cost_total") == 1.23
    assert value(found, "paperbrief_budget_used_ratio") == 0.09
    assert value(found, "paperbrief_check_ok", check="gateway") == 1
    assert value(found, "paperbrief_database_up") == 1


def test_without_a_database_the_rest_is_still_told() -> None:
    blind = facts(stored=None, model=None, problem="gone")
    assert value(blind, "paperbrief_database_up") == 0
    assert value(blind, "paperbrief_check_ok", check="database") == 0
    assert value(blind, "paperbrief_gateway_shards_ready") == 2
    assert not any(name.startswith("paperbrief_papers") for name, _ in samples(blind))


def test_the_meters_count() -> None:
    meters = Meters()
    meters.discord_answered(200, None, 0.2)
    meters.discord_answered(429, "global", 0.1)
    meters.discord_answered(403, None, 0.1)
    meters.discord_answered(503, None, 0.1)
    meters.discord_answered(None, None, 30.0)
    meters.delivered(42.0)
    meters.delivered(-5.0)
    meters.answered("paper", 0.4)
    meters.arxiv_waited("arXiv asks for a pause", 60.0)
    read = samples(facts(), meters)
    for outcome in OUTCOMES:
        assert read["paperbrief_discord_requests_total", frozenset({("outcome", outcome)})] == 1
    limited = {scope: read["paperbrief_discord_rate_limited_total", frozenset({("scope", scope)})] for scope in SCOPES}
    assert limited == {"user": 0, "global": 1, "shared": 0, "edge": 0}
    assert read["paperbrief_delivery_lateness_seconds_count", frozenset()] == 2
    assert read["paperbrief_delivery_lateness_seconds_sum", frozenset()] == 42
    assert read["paperbrief_command_seconds_count", frozenset({("command", "paper")})] == 1
    assert read["paperbrief_arxiv_waits_total", frozenset()] == 1


def test_labels_are_few_and_nobodys() -> None:
    meters = Meters()
    for number in range(30):
        meters.answered(f"command {number}", 0.1)
    read = samples(facts(), meters)
    own = [labels for name, labels in read if name.startswith("paperbrief_")]
    assert {name for labels in own for name, _ in labels} <= LABELS
    assert len(own) < 600


def test_two_bots_in_one_process_share_nothing() -> None:
    one, other = Meters(), Meters()
    one.delivered(1.0)
    assert samples(facts(), other)["paperbrief_delivery_lateness_seconds_count", frozenset()] == 0
