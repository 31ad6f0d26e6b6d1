"""The commands as Discord shows them in every language, and what a user is told when one of them fails."""

import secrets
import time
from typing import Any, cast

import discord
from discord import app_commands

from bot.errors import DatabaseBusy
from bot.i18n import LOCALES, Refusal, Texts, load_texts
from bot.log import get_logger

_log = get_logger(__name__)

# https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
_UNKNOWN_MESSAGE, _UNKNOWN_WEBHOOK, _UNKNOWN_INTERACTION = 10008, 10015, 10062
_ALREADY_ACKNOWLEDGED, _INVALID_WEBHOOK_TOKEN = 40060, 50027
_TOO_LATE = frozenset(
    {_UNKNOWN_MESSAGE, _UNKNOWN_WEBHOOK, _UNKNOWN_INTERACTION, _ALREADY_ACKNOWLEDGED, _INVALID_WEBHOOK_TOKEN}
)
"""Of an interaction that is over: three seconds or fifteen minutes went by, its message was dismissed, or another
process answered it."""

BEGAN = "began"
"""Where an interaction keeps when its command began: monotonic seconds."""

_TRANSLATED_TO = {locale: locale.value for locale in discord.Locale if locale.value in LOCALES[1:]}


class CatalogueTranslator(app_commands.Translator):
    """Commands' names and descriptions in the languages of the catalogues."""

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        """Return the text in that language, or None for Discord to show the English one."""
        tag = _TRANSLATED_TO.get(locale)
        if tag is None:
            return None
        texts, message = load_texts(tag), string.message
        place = app_commands.TranslationContextLocation
        if context.location in (place.command_name, place.group_name, place.parameter_name):
            found = texts.command_name(message)
        else:
            found = texts.say(message)
        return found if found != message else None


class PaperTree(app_commands.CommandTree[discord.Client]):
    """The commands; the one place where what went wrong is put into words for the user."""

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        """Let every command begin, and note when it did."""
        interaction.extras[BEGAN] = time.monotonic()
        return True

    async def on_error(self, interaction: discord.Interaction, error: Exception, /) -> None:
        """Answer with a short text in the user's language; what is not the user's doing is logged under an id."""
        cause = _cause(error)
        if isinstance(cause, discord.HTTPException) and cause.code in _TOO_LATE:
            # There is nobody left to tell.
            _log.info("an interaction was answered too late or twice", code=cause.code, command=_named(interaction))
            if cause.code == _ALREADY_ACKNOWLEDGED:
                # Never by this process: discord.py refuses a second first answer before it is sent.
                _log.warning("another process may use this bot's token: a command had been answered before")
            return
        texts = load_texts(interaction.locale.value)
        text = _explained(cause, texts)
        if text is None:
            error_id = secrets.token_hex(4)
            _log.error("a command failed", error_id=error_id, command=_named(interaction), exc_info=cause)
            text = texts.say(
                "Something went wrong here, not with what you did. If it goes on, tell whoever runs this bot the code "
                "`{error_id}`.",
                error_id=error_id,
            )
        try:
            await _tell(interaction, text)
        except discord.HTTPException as failure:
            _log.info("an error could not be told", status=failure.status, code=failure.code)


def explains(error: BaseException) -> bool:
    """Tell whether an error of a command is an answer to the user, and not a fault of the program."""
    return _explained(_cause(error), load_texts("en")) is not None


def _cause(error: BaseException) -> BaseException:
    """Return what a library's wrapping error was raised for."""
    while True:
        wrapped = getattr(error, "original", None)
        if not isinstance(wrapped, BaseException):
            wrapped = error.__cause__ if isinstance(error, app_commands.TransformerError) else None
        if not isinstance(wrapped, BaseException):
            return error
        error = wrapped


def _explained(error: BaseException, texts: Texts) -> str | None:
    """Return what the user can do about an error, None where that is nothing."""
    match error:
        case Refusal():
            return texts.refusal(error)
        case app_commands.NoPrivateMessage():
            return texts.say("This works in a server, not in direct messages.")
        case app_commands.MissingPermissions():
            return texts.say("You need the permission Manage Channels for this.")
        case app_commands.TransformerError() | app_commands.CommandSignatureMismatch() | app_commands.CommandNotFound():
            return texts.say("This command has just changed. Reload Discord (Ctrl+R) and try again.")
        case DatabaseBusy():
            return texts.say("The database is busy. Please try again in a moment.")
        case _:
            return None


async def _tell(interaction: discord.Interaction, text: str) -> None:
    mentions = discord.AllowedMentions.none()
    if interaction.response.is_done():
        await interaction.followup.send(text, ephemeral=True, allowed_mentions=mentions)
    else:
        await interaction.response.send_message(text, ephemeral=True, allowed_mentions=mentions)


def _named(interaction: discord.Interaction) -> str:
    if interaction.command is not None:
        return interaction.command.qualified_name
    data = cast("dict[str, Any]", interaction.data or {})
    return str(data.get("custom_id", ""))[:100]
