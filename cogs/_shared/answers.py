"""One answer to each interaction, in time and in the user's language; and one way for errors.

Discord wants a first answer within three seconds; a user wants a sign of life within one. So work that takes longer is
announced as being under way, and the answer is put in its place when it is there.
"""

import asyncio
import functools
import secrets
from collections.abc import Callable, Coroutine, Sequence
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, cast

import discord

from bot.i18n import Texts, load_texts
from cogs._shared.host import tree_of

DEFER_AFTER = 0.8
"""Seconds after which an answer that is not there yet is announced."""

FORM_KEPT = 900.0
"""Seconds a form that was opened is waited for: as long as its interaction lives."""

_TAKEN = "taken"

P = ParamSpec("P")
Owner = TypeVar("Owner")


def texts_of(interaction: discord.Interaction) -> Texts:
    """Return the texts in the language of the user's Discord."""
    return load_texts(interaction.locale.value)


class Answer:
    """The answer to one interaction; a context in which the work is done.

    `in_place` edits the message that the pressed button belongs to; otherwise there is a new message, which only the
    user sees unless `ephemeral` is false. Sending again edits what was sent.
    """

    def __init__(self, interaction: discord.Interaction, *, ephemeral: bool = True, in_place: bool = False) -> None:
        self._interaction = interaction
        self._ephemeral = ephemeral
        self._in_place = in_place
        self._lock = asyncio.Lock()
        self._timer: asyncio.Task[None] | None = None
        self.texts = texts_of(interaction)

    async def __aenter__(self) -> Self:
        self._timer = asyncio.create_task(self._defer_later())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            # Not while its request is under way: nobody would know whether Discord took it.
            async with self._lock:
                self._timer.cancel()
            await asyncio.wait({self._timer})
            if not self._timer.cancelled() and (failure := self._timer.exception()) is not None and error is None:
                raise failure

    async def _defer_later(self) -> None:
        await asyncio.sleep(DEFER_AFTER)
        async with self._lock:
            if not self._interaction.response.is_done():
                await self._interaction.response.defer(ephemeral=self._ephemeral, thinking=not self._in_place)

    async def send(
        self,
        content: str | None = None,
        *,
        embeds: Sequence[discord.Embed] = (),
        view: discord.ui.View | None = None,
        files: Sequence[discord.File] = (),
    ) -> None:
        """Show the answer; what an earlier one showed and this one does not is taken away."""
        mentions = discord.AllowedMentions.none()
        async with self._lock:
            response = self._interaction.response
            if response.is_done():
                await self._interaction.edit_original_response(
                    content=content, embeds=embeds, view=view, attachments=list(files), allowed_mentions=mentions
                )
            elif self._in_place:
                await response.edit_message(
                    content=content, embeds=embeds, view=view, attachments=list(files), allowed_mentions=mentions
                )
            else:
                more: dict[str, Any] = {"view": view} if view is not None else {}
                await response.send_message(
                    content,
                    embeds=embeds,
                    files=files,
                    ephemeral=self._ephemeral,
                    allowed_mentions=mentions,
                    **more,
                )


def take(interaction: discord.Interaction) -> None:
    """Note that something of this process answers a pressed button or a sent form."""
    interaction.extras[_TAKEN] = True


def is_taken(interaction: discord.Interaction) -> bool:
    """Return whether something of this process answers it."""
    return _TAKEN in interaction.extras


async def answer_expired(interaction: discord.Interaction) -> None:
    """Tell the user of a button or form that nothing of this process knows; any other interaction is left alone.

    discord.py drops these without a word: buttons that lived in the memory of an earlier process, forms that lay open
    for too long. Has to be called after all that may take them.
    """
    kinds = (discord.InteractionType.component, discord.InteractionType.modal_submit)
    if interaction.type not in kinds or is_taken(interaction):
        return
    take(interaction)
    try:
        async with Answer(interaction) as answer:
            await answer.send(
                answer.texts.say(
                    "This is no longer in use: I was started anew since, or it stood open for too long. "
                    "Please call the command again."
                )
            )
    except discord.HTTPException as error:
        await report(interaction, error)


async def report(interaction: discord.Interaction, error: Exception) -> None:
    """Tell the user of an error and the log of its cause, as the command tree does it."""
    await tree_of(interaction).on_error(interaction, cast("Any", error))


def reported(
    callback: Callable[Concatenate[Owner, discord.Interaction, P], Coroutine[Any, Any, None]],
) -> Callable[Concatenate[Owner, discord.Interaction, P], Coroutine[Any, Any, None]]:
    """Make a callback report its errors; of a component, discord.py would only log them and leave the user waiting."""

    @functools.wraps(callback)
    async def wrapper(self: Owner, interaction: discord.Interaction, /, *args: P.args, **kwargs: P.kwargs) -> None:
        take(interaction)
        try:
            await callback(self, interaction, *args, **kwargs)
        except Exception as error:  # noqa: BLE001  # the end of the line: the tree's handler logs it with its traceback
            await report(interaction, error)

    return wrapper


class ReportingView(discord.ui.View):
    """A view whose errors reach the user and the log."""

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        """Take the interaction."""
        take(interaction)
        return True

    async def on_error(
        self,
        interaction: discord.Interaction,
        error: Exception,
        item: discord.ui.Item[Any],  # noqa: ARG002  # the base class names it
        /,
    ) -> None:
        """Report the error."""
        await report(interaction, error)


class ReportingModal(discord.ui.Modal):
    """A modal whose errors reach the user and the log, and which is the form of one user alone.

    discord.py finds an open form by its id only. Two users' forms of one id would be one: what the first sends would be
    taken for what the second has before them, in whatever server that is.
    """

    def __init__(self, *, title: str, custom_id: str) -> None:
        super().__init__(title=title, custom_id=f"{custom_id}:{secrets.token_hex(8)}", timeout=FORM_KEPT)

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        """Take the interaction."""
        take(interaction)
        return True

    # discord.py's own Modal departs from its base class in the same way.
    async def on_error(self, interaction: discord.Interaction, error: Exception, /) -> None:  # type: ignore[override]
        """Report the error."""
        await report(interaction, error)
