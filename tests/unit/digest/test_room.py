"""How much memory it takes to prepare a day: it is held beside everything else that the bot keeps."""

import gc
import random
import tracemalloc
from collections.abc import Callable

from bot.digest.general_interest import GeneralInterest
from bot.digest.pool import PoolStatistics
from bot.model import AnnounceType, Candidate
from tests.unit.digest.samples import make_paper

KIB, MIB = 2**10, 2**20
PAPERS = 200


def taken(make: Callable[[], object]) -> int:
    """Return the bytes that what `make` returns keeps, and what it left behind."""
    gc.collect()
    tracemalloc.start()
    try:
        kept = make()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
        del kept


def test_the_weights_of_general_interest_are_kept_as_small_as_they_are_read() -> None:
    GeneralInterest.load()
    assert taken(GeneralInterest.load) < 3 * MIB


def test_a_prepared_paper_takes_little_more_than_its_words_and_their_places() -> None:
    rng = random.Random(7)
    words = [f"{rng.choice('abcdefgh')}word{number}" for number in range(3000)]
    papers = [
        make_paper(arxiv_id=f"2605.{number:05}", abstract=" ".join(rng.choices(words, k=200)), authors=("Ada Byron",))
        for number in range(PAPERS)
    ]
    candidates = [Candidate(paper, AnnounceType.NEW, {"cs.CL": AnnounceType.NEW}) for paper in papers]
    PoolStatistics.of(candidates)
    assert taken(lambda: PoolStatistics.of(candidates)) / PAPERS < 32 * KIB
