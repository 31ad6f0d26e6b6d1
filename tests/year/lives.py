"""Who subscribes to what in the year, and a whole year of it from a seed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from bot.delivery import PostingStyle, Subscription, TopicKey
from bot.demo.loopback import LoopbackArxiv
from bot.demo.world import release_of
from bot.model import Topic
from tests.year.announcing import Stock, YearWorld
from tests.year.living import Diary, Life
from tests.year.reckoning import Reckoning, Wish, reckon
from tests.year.storm import CALM, Post, Rates, Storm, YearClock

GUILD, ADMIN = 10, 20
_TOPICS = (
    Topic("both", {"en": "Both", "zh-CN": "两者"}, ("cs.CL", "cs.AI"), guild_id=GUILD),
    Topic("blur", {"en": "Diffusion"}, ("cs.CV",), query="diffusion", guild_id=GUILD),
    Topic("never", {"en": "Never"}, ("cs.CL",), query="zebrafish AND quokka", guild_id=GUILD),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a year was, and what it came to."""

    world: YearWorld
    days: Sequence[date]
    wishes: Sequence[Wish]
    storm: Storm
    diary: Diary
    posts: Sequence[Post]
    database: Path

    def reckon(self) -> Reckoning:
        """Return what it came to, counted from the database file as it is."""
        return reckon(self.world, self.days, self.wishes, self.posts, self.database, self.diary.healthy)


def make_wishes(created_at: datetime) -> list[Wish]:
    """Return subscriptions in three zones and every style, with times that changes of clocks skip or repeat."""
    both, blur, never = (TopicKey(topic.slug, GUILD) for topic in _TOPICS)
    language, vision = TopicKey("cs-cl"), TopicKey("cs-cv")
    lord_howe, new_york, shanghai = "Australia/Lord_Howe", "America/New_York", "Asia/Shanghai"
    return [
        _wish(created_at, 1, language, ("cs.CL",), None, "UTC"),
        _wish(created_at, 2, vision, ("cs.CV",), time(9), shanghai, language="zh-CN"),
        _wish(created_at, 3, both, ("cs.CL", "cs.AI"), time(2, 15), lord_howe, PostingStyle.THREAD, most=5),
        _wish(created_at, 4, blur, ("cs.CV",), time(1, 30), new_york, word="diffusion", quiet=True),
        _wish(created_at, 5, never, ("cs.CL",), time(1, 30), new_york, word="", quiet=True),
        _wish(created_at, 6, never, ("cs.CL",), None, "UTC", word=""),
        _wish(created_at, 7, both, ("cs.CL", "cs.AI"), time(20, 5), new_york, PostingStyle.CARDS, "zh-CN", most=3),
        _wish(created_at, 8, vision, ("cs.CV",), time(2, 30), new_york, PostingStyle.FORUM, most=10),
        _wish(created_at, 8, language, ("cs.CL",), time(2, 30), new_york, PostingStyle.FORUM, most=10),
        _wish(created_at, 9, language, ("cs.CL",), time(23, 55), shanghai, PostingStyle.FORUM_PAPERS, "zh-CN", most=3),
    ]


def _wish(
    created_at: datetime,
    channel_id: int,
    topic: TopicKey,
    categories: tuple[str, ...],
    post_time: time | None,
    zone: str,
    style: PostingStyle = PostingStyle.DIGEST,
    language: str = "en",
    *,
    most: int = 10,
    quiet: bool = False,
    word: str | None = None,
) -> Wish:
    one = Subscription(
        guild_id=GUILD,
        channel_id=channel_id,
        topic=topic,
        created_by=ADMIN,
        created_at=created_at,
        post_time=post_time,
        zone=zone,
        language=language,
        style=style,
        max_papers=most,
        quiet_line=quiet,
    )
    return Wish(one, categories, word)


async def live_a_year(
    stock: Stock,
    directory: Path,
    *,
    start: date,
    days: int,
    seed: int,
    calm_days: int = 5,
    rates: Rates | None = None,
    progress: Callable[[datetime], None] = lambda _: None,
) -> Outcome:
    """Live through `days` announcement days from `start` on a database in `directory`.

    Nothing goes wrong in the `calm_days` after them, in which everything may come to its end.
    """
    world = YearWorld(stock, start, days + calm_days, seed)
    counted = world.days[:days]
    begin = release_of(world.days[0]) - timedelta(hours=10)
    calm = release_of(world.days[days])
    end = release_of(world.days[-1]) + timedelta(hours=12)
    storm = Storm(seed, begin, calm, CALM)
    wishes = make_wishes(begin)
    due = [wish.due(day) for wish in wishes for day in world.days]
    async with LoopbackArxiv(world) as server:
        life = Life(world, storm, directory, YearClock(begin), due)
        await life.begin(_TOPICS, [wish.subscription for wish in wishes], server)
        # What was announced before anything was ever read is nobody's loss.
        await life.live(max(batch.whole_at for batch in world.batches[counted[0]].values()), progress=progress)
        storm.rates = rates or Rates()
        await life.live(calm, progress=progress)
        storm.end()
        await life.live(end, progress=progress)
    return Outcome(world, counted, wishes, storm, life.diary, life.wire.posts, life.database)
