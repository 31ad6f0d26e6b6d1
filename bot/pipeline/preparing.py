"""The briefs of one call of the planner: made, stored, translated and put into messages once for all that share them.

Decides nothing about what is due, writes to no ledger and sends nothing.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from bot.delivery import DeliveryKind, PlannedPart
from bot.model import Brief, Topic
from bot.pipeline.agenda import Order, Recipe, Task, late_part
from bot.pipeline.patience import Patience
from bot.pipeline.planning_ports import Announcements, Briefs, History, Pages, Translating
from bot.render.parts import Draft, render_draft, shown_papers
from bot.spending import Bill


class Preparation:
    """What one call made and may need again. `bill`: what the language model did for it; None without one."""

    def __init__(
        self,
        briefing: Briefs,
        translator: Translating | None,
        announcements: Announcements,
        history: History,
        patience: Patience,
        pages: Pages | None = None,
    ) -> None:
        """`patience`: shared by everything that is made here. `pages`: of the web edition, where there is one."""
        self._briefing = briefing
        self._translator = translator
        self._announcements = announcements
        self._history = history
        self._patience = patience
        self._pages = pages
        self._briefs: dict[tuple[Recipe, Order], Brief] = {}
        self._translated: dict[tuple[Recipe, Order, DeliveryKind], Brief] = {}
        self._unwritten: dict[tuple[Recipe, Order], Brief] = {}
        self._kept: set[tuple[Recipe, Order]] = set()
        self._drafts: dict[tuple[object, ...], Draft] = {}
        self._ids: dict[tuple[tuple[str, ...], date], frozenset[str]] = {}
        self.bill: Bill | None = None

    async def compose(self, recipe: Recipe, topics: Mapping[Order, Topic]) -> None:
        """Make the briefs of `topics` together."""
        made = await self._briefing.briefs_to_post(
            list(topics.values()),
            recipe.announced_on,
            max_papers=recipe.max_papers,
            language=recipe.language,
            patience=self._patience,
            editions=[order.edition for order in topics],
        )
        self._briefs.update(zip(((recipe, order) for order in topics), made, strict=True))
        for brief in made:
            self._charge(brief.bill)

    async def find(self, task: Task) -> Brief:
        """Return the brief of a task; it is made alone where it could not be made together with others."""
        key = (task.recipe, task.order)
        if key not in self._briefs:
            await self.compose(task.recipe, {task.order: task.topic})
        return self._briefs[key]

    async def keep(self, task: Task, brief: Brief) -> None:
        """Store the brief, before it is planned: what readers find later is what was posted first."""
        key = (task.recipe, task.order)
        if key not in self._kept:
            await self._briefing.keep(brief)
            self._kept.add(key)

    async def late(self, task: Task) -> Brief | None:
        """Return a brief, without a model's texts, of what came after the incomplete one; None if nothing did."""
        wish, announced_on = task.subscription, task.situation.announced_on
        sent = await self._history.load_brief(wish.channel_id, wish.topic, announced_on)
        if sent is None:
            return None
        later = tuple(row.category for row in task.situation.rows if row.fetched_at > sent.created_at)
        if not later:
            return None
        earlier = tuple(row.category for row in task.situation.rows if row.category not in later)
        ids = set(await self._load_ids(later, announced_on) - await self._load_ids(earlier, announced_on))
        for payload in sent.payloads:
            ids -= shown_papers(payload)
        if not ids:
            return None
        key = (task.recipe, task.order)
        if key not in self._unwritten:
            (self._unwritten[key],) = await self._briefing.briefs(
                [task.topic],
                announced_on,
                max_papers=task.recipe.max_papers,
                language=task.recipe.language,
                editions=[task.edition],
            )
        return late_part(self._unwritten[key], ids)

    async def write(self, brief: Brief) -> Brief:
        """Return the brief with what the language model writes for it."""
        (written,) = await self._briefing.write([brief], self._patience)
        self._charge(written.bill)
        return written

    async def parts(self, task: Task, brief: Brief, kind: DeliveryKind, now: datetime) -> tuple[PlannedPart, ...]:
        """Return the messages that the brief becomes for a task, with translations where the subscriber wants any."""
        shown = await self._with_translations(task, brief, kind)
        wish, late = task.subscription, task.situation.is_late(now)
        # A server's id is also the id of the role that everyone has.
        role_id = wish.role_id if wish.role_id != wish.guild_id else None
        key = (
            task.recipe,
            task.order,
            tuple(item.paper.arxiv_id for item in shown.items),
            shown.silence,
            kind,
            late,
            wish.style,
            role_id,
            wish.crosspost,
            wish.tag_ids,
            wish.translate,
        )
        draft = self._drafts.get(key)
        if draft is None:
            page = None
            if self._pages is not None:
                page = await self._pages.expect_brief(wish.topic, brief.announced_on, brief.language)
            draft = render_draft(
                shown,
                wish.style,
                kind=kind,
                late=late,
                role_id=role_id,
                crosspost=wish.crosspost,
                tag_ids=wish.tag_ids,
                web_url=page,
            )
            self._drafts[key] = draft
        return draft.parts(wish.channel_id)

    def _charge(self, bill: Bill | None) -> None:
        if bill is not None:
            self.bill = bill if self.bill is None else self.bill + bill

    async def _with_translations(self, task: Task, brief: Brief, kind: DeliveryKind) -> Brief:
        if not task.subscription.translate or self._translator is None:
            return brief
        key = (task.recipe, task.order, kind)
        shown = self._translated.get(key)
        if shown is None or [one.paper for one in shown.items] != [one.paper for one in brief.items]:
            shown, bill = await self._translator.add_to(brief, self._patience)
            self._translated[key] = shown
            self._charge(bill)
        return replace(brief, items=shown.items, bill=shown.bill)

    async def _load_ids(self, categories: tuple[str, ...], announced_on: date) -> frozenset[str]:
        key = (categories, announced_on)
        if key not in self._ids:
            found = await self._announcements.load_candidates(categories, announced_on)
            self._ids[key] = frozenset(one.paper.arxiv_id for one in found)
        return self._ids[key]
