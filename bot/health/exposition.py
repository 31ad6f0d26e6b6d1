"""`/metrics`: facts and meters in the text format of Prometheus. Pure.

No figure names a person, a server, a channel or a topic; every label has a fixed list of values.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from bot import __version__
from bot.delivery import DeliveryState, SubscriptionState
from bot.health.checks import judge, queue_age
from bot.health.facts import Facts
from bot.health.meters import Meters
from bot.model import AnnouncementState
from bot.store.health import StoredFigures

CONTENT_TYPE = CONTENT_TYPE_LATEST
_MICROS = 1_000_000


def render_metrics(facts: Facts, meters: Meters) -> bytes:
    """Return the document."""
    # A registry for this one answer: the facts are of this moment, and whoever asks next has others.
    moment = CollectorRegistry()
    moment.register(_Moment(facts))
    return generate_latest(moment) + generate_latest(meters.registry)


class _Moment(Collector):
    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def collect(self) -> Iterable[Metric]:
        facts = self._facts
        yield _by("paperbrief_check_ok", "1 where a check of /healthz is well.", "check", _checks(facts))
        yield _one("paperbrief_database_up", "1 when the database answers.", float(facts.stored is not None))
        yield from _process(facts)
        if facts.stored is not None:
            yield from _stored(facts.stored)
            yield _one("paperbrief_queue_age_seconds", "For how long the oldest message is due.", queue_age(facts))
        if facts.model is not None and facts.model.share is not None:
            yield _one("paperbrief_budget_used_ratio", "Share of the model's day that is used.", facts.model.share)


def _checks(facts: Facts) -> dict[str, float]:
    return {check.name: float(check.ok) for check in judge(facts)}


def _process(facts: Facts) -> Iterator[Metric]:
    gateway = facts.gateway
    yield _one("paperbrief_gateway_shards", "Connections to Discord that there should be.", gateway.shards)
    yield _one("paperbrief_gateway_shards_ready", "Connections to Discord that are ready.", gateway.ready)
    if gateway.latency is not None:
        yield _one("paperbrief_gateway_latency_seconds", "The worst heartbeat's answer of Discord.", gateway.latency)
    if facts.ticker_age is not None:
        yield _one("paperbrief_ticker_age_seconds", "Since the ticker last ticked.", facts.ticker_age)
    if facts.disk_free is not None:
        yield _one("paperbrief_disk_free_bytes", "Room on the disk of the data directory.", facts.disk_free)


def _stored(stored: StoredFigures) -> Iterator[Metric]:
    info = GaugeMetricFamily(
        "paperbrief_info", "Version of the program and of its schema.", labels=["version", "schema"]
    )
    info.add_metric([__version__, stored.schema], 1)
    yield info
    states = dict.fromkeys(AnnouncementState, 0)
    for one in stored.newest:
        states[one.state] += 1
    said = "Stored announcements (category and date), by state."
    yield _states("paperbrief_announcements", said, AnnouncementState, stored.announcements)
    said = "The newest announcement of each category that somebody wants, by state."
    yield _states("paperbrief_announcements_newest", said, AnnouncementState, states)
    if stored.last_ingest is not None:
        at = stored.last_ingest.timestamp()
        yield _one("paperbrief_last_ingest_timestamp_seconds", "When arXiv was last read.", at)
    yield _one("paperbrief_papers", "Stored papers.", stored.papers)
    yield _states("paperbrief_deliveries", "Messages in the ledger, by state.", DeliveryState, stored.deliveries)
    yield _states("paperbrief_subscriptions", "Subscriptions, by state.", SubscriptionState, stored.subscriptions)
    yield _one("paperbrief_servers", "Servers that the bot is in.", stored.servers)
    yield _one("paperbrief_gateway_identifies", "Connections made to Discord in 24 hours.", stored.identifies)
    spent = stored.spending
    yield CounterMetricFamily("paperbrief_model_requests", "Requests to models.", value=spent.requests)
    tokens = CounterMetricFamily("paperbrief_model_tokens", "Tokens of models.", labels=["direction"])
    tokens.add_metric(["read"], spent.input_tokens)
    tokens.add_metric(["written"], spent.output_tokens)
    yield tokens
    cost = spent.cost_micros / _MICROS
    yield CounterMetricFamily("paperbrief_model_cost", "Cost of models in the prices' currency.", value=cost)


def _one(name: str, said: str, value: float) -> Metric:
    return GaugeMetricFamily(name, said, value=value)


def _by(name: str, said: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, said, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _states(name: str, said: str, kinds: type[StrEnum], counts: Mapping[Any, int]) -> Metric:
    return _by(name, said, "state", {str(kind): counts.get(kind, 0) for kind in kinds})
