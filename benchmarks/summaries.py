"""What a model's summaries take: calls, tokens, the share that is our own words, and papers a second.

    python -m tests.wire.openai_server --latency 0.2 --port 8089
    python -m benchmarks.summaries --papers ../shared/data/corpus/papers_2026-01_to_2026-05.jsonl.gz \
        --server http://127.0.0.1:8089/v1

Three channels want the same papers at the same time, in a database of its own, and a fourth after a restart; so `calls`
per unique paper is above 1 as soon as anything is asked twice. `prompt_share` is
what of the input does not come from the paper's title and abstract, in bytes as they are sent, at the paper whose
abstract has the median length: our words, marks, line numbers, and the whole `response_format` with its schema.
`prompt_shares` has the same for further requests: without the `response_format`; on the rung where the schema is told
in words; in Chinese, where a word of each line is asked for. A server's own template around the messages (about 11
tokens at OpenAI) is in none of them. Tokens are those that the server counted. `papers_per_second` is from the first
request to the last summary stored, with 8 requests under way; `cpu_ms_per_paper` is this process's own part of it, to
tell a busy machine from a slow program. Prints one JSON line.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.truth import load_papers
from bot.app import open_services
from bot.clock import SystemClock
from bot.digest.summarise import SummaryForm, build_request
from bot.llm.asking import build_call
from bot.llm.capabilities import Capabilities, Rung
from bot.log import configure_logging
from bot.model import Paper
from bot.pipeline.patience import Patience
from bot.pipeline.summarising import Written
from bot.settings import Settings
from bot.spending import Spending
from bot.store.spend import SpendStore

CONCURRENCY = 8
CHANNELS = 3
TARGETS = {"calls_per_paper": 1.0, "prompt_share": 0.35, "papers_per_second": 35.0}
_WAIT = 600.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=Path, required=True, help="papers as JSON lines, gzipped")
    parser.add_argument("--server", required=True, help="address of an OpenAI-compatible server, with its /v1")
    parser.add_argument("--month", default="2026-05", help="announcement month, or a prefix")
    parser.add_argument("--count", type=int, default=400, help="papers")
    options = parser.parse_args()
    configure_logging("warning", "json", [])
    papers = load_papers(options.papers, options.month)[: options.count]
    print(json.dumps(asyncio.run(measure(papers, options.server))))


async def measure(papers: Sequence[Paper], server: str) -> dict[str, Any]:
    """Return the figures."""
    with tempfile.TemporaryDirectory(prefix="paperbrief-bench-") as directory:
        settings = Settings(
            _env_file=None,
            openai_api_key=None,
            data_dir=Path(directory),
            database={"url": None},
            llm={"base_url": server, "model": "small", "concurrency": CONCURRENCY, "timeout": 60.0},
        )
        async with open_services(settings, with_model=True) as services:
            await services.papers.save_metadata(papers)
            # The first question of all finds out what the server can do; it is no part of the pace.
            await services.summariser.write(papers[:1], "en", patience=Patience(_WAIT))
            started, cpu = time.monotonic(), time.process_time()
            channels = await asyncio.gather(
                *(services.summariser.write(papers, "en", patience=Patience(_WAIT)) for _ in range(CHANNELS))
            )
            seconds, cpu = time.monotonic() - started, time.process_time() - cpu
        async with open_services(settings, with_model=True) as services:
            again = await services.summariser.write(papers, "en", patience=Patience(_WAIT))
            spent = await SpendStore(services.database).spent(SystemClock().now().date())
    return _figures(papers, [*channels, again], spent, seconds, cpu)


def _figures(
    papers: Sequence[Paper], runs: Sequence[dict[str, Written]], spent: Spending, seconds: float, cpu: float
) -> dict[str, Any]:
    unique = len({paper.arxiv_id for paper in papers})
    found = runs[0].values()
    figures = {
        "calls_per_paper": round(spent.requests / unique, 3),
        "prompt_share": round(prompt_share(_median(papers)), 4),
        "papers_per_second": round((unique - 1) / seconds, 1),
    }
    return {
        "benchmark": "summaries",
        **figures,
        "prompt_shares": _further_shares(_median(papers)),
        "papers": unique,
        "by_model": sum(one.by_model for one in found),
        "input_tokens_per_paper": round(spent.input_tokens / unique, 1),
        "output_tokens_per_paper": round(spent.output_tokens / unique, 1),
        "estimated_requests": spent.estimated,
        "median_abstract": len(_median(papers).abstract),
        "concurrency": CONCURRENCY,
        "seconds": round(seconds, 2),
        "cpu_ms_per_paper": round(cpu / (unique - 1) * 1000, 1),
        "targets": TARGETS,
        "met": {
            "calls_per_paper": figures["calls_per_paper"] == TARGETS["calls_per_paper"],
            "prompt_share": figures["prompt_share"] <= TARGETS["prompt_share"],
            "papers_per_second": figures["papers_per_second"] >= TARGETS["papers_per_second"],
        },
    }


def _median(papers: Sequence[Paper]) -> Paper:
    middle = statistics.median_low(len(paper.abstract) for paper in papers)
    return next(paper for paper in papers if len(paper.abstract) == middle)


def prompt_share(
    paper: Paper, language: str = "en", rung: Rung = Rung.JSON_SCHEMA, *, with_format: bool = True
) -> float:
    """Return the share of what is sent to be read that is not the paper's own: our words, marks, numbers, the form."""
    call = build_call("small", build_request(paper, language), SummaryForm, Capabilities(rung=rung))
    sent = sum(len(text.encode()) for _, text in call.messages)
    if with_format and call.response_format is not None:
        # Without blanks, as the `openai` package sends it.
        sent += len(json.dumps(call.response_format, ensure_ascii=False, separators=(",", ":")).encode())
    return 1 - (len(paper.title.encode()) + len(paper.abstract.encode())) / sent


def _further_shares(paper: Paper) -> dict[str, float]:
    shares = {
        "without_response_format": prompt_share(paper, with_format=False),
        "json_object": prompt_share(paper, rung=Rung.JSON_OBJECT),
        "chinese": prompt_share(paper, "zh-CN"),
        "chinese_json_object": prompt_share(paper, "zh-CN", Rung.JSON_OBJECT),
    }
    return {name: round(share, 4) for name, share in shares.items()}


if __name__ == "__main__":
    main()
