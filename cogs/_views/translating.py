"""A paper's title and abstract in the reader's language, seen by them alone: the button, the menu of languages."""

import re
from typing import Any, Self

import discord

from bot.i18n import Refusal, Texts
from bot.model import Paper
from bot.render.details import render_abstract
from cogs._shared.answers import Answer, reported
from cogs._shared.buttons import LastingButton
from cogs._shared.host import services_of
from cogs._views.links import ARXIV_ID, count_look_up, is_private, load_details, stateless_view

OWN = "-"
"""In a button's id: the language of whoever presses it."""

LANGUAGES = {
    "ar": "العربية", "cs": "Čeština", "de": "Deutsch", "el": "Ελληνικά", "es": "Español", "fa": "فارسی",
    "fi": "Suomi", "fr": "Français", "he": "עברית", "hi": "हिन्दी", "id": "Bahasa Indonesia", "it": "Italiano",
    "ja": "日本語", "ko": "한국어", "nl": "Nederlands", "pl": "Polski", "pt-BR": "Português (Brasil)",
    "ru": "Русский", "sv": "Svenska", "th": "ไทย", "tr": "Türkçe", "uk": "Українська", "vi": "Tiếng Việt",
    "zh-CN": "简体中文", "zh-TW": "繁體中文",
}  # fmt: skip
"""What the menu offers, as many as Discord shows; a reader whose Discord is in another language gets that one."""

_TAG = r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2}"


class TranslateButton(
    LastingButton,
    template=rf"pb:tr:{ARXIV_ID}(?::(?P<language>{_TAG}|{OWN}):(?P<page>\d{{1,2}}))?",
):
    """Shows the translation: in a new message, or with a page in place of what this user sees."""

    def __init__(self, arxiv_id: str, language: str = OWN, page: int | None = None, label: str = "…") -> None:
        self.arxiv_id, self.language, self.page = arxiv_id, language, page
        end = "" if page is None else f":{language}:{page}"
        super().__init__(f"pb:tr:{arxiv_id}{end}", label)

    @classmethod
    def parse(cls, match: re.Match[str]) -> Self:
        """Return the button that the id names."""
        page = match["page"]
        return cls(match["arxiv_id"], match["language"] or OWN, None if page is None else int(page))

    @reported
    async def callback(self, interaction: discord.Interaction) -> None:
        """Show the page in the asked language, or ask for one where the reader's own is English.

        Without a model, say so at once instead of asking.
        """
        language = interaction.locale.value if self.language == OWN else self.language
        async with Answer(interaction, in_place=self.page is not None and is_private(interaction)) as answer:
            paper = (await load_details(interaction, self.arxiv_id)).paper
            if self.language == OWN and language.partition("-")[0] == "en":
                services_of(interaction.client).translator.require_model()
                await _ask_for_language(answer, paper)
                return
            await _show(interaction, answer, paper, language, self.page or 0)
        await count_look_up(interaction, self.arxiv_id)


class LanguageMenu(discord.ui.DynamicItem[discord.ui.Select[Any]], template=rf"pb:tl:{ARXIV_ID}"):
    """Translates into the chosen language, in place."""

    def __init__(self, arxiv_id: str, chosen: str = "", placeholder: str | None = None) -> None:
        self.arxiv_id = arxiv_id
        options = [
            discord.SelectOption(label=name, value=tag, default=tag == chosen) for tag, name in LANGUAGES.items()
        ]
        super().__init__(discord.ui.Select(custom_id=f"pb:tl:{arxiv_id}", options=options, placeholder=placeholder))

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction, _item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Return the menu that a message of any age has."""
        return cls(match["arxiv_id"])

    @reported
    async def callback(self, interaction: discord.Interaction) -> None:
        """Show the translation."""
        (language,) = self.item.values
        if language not in LANGUAGES:
            raise Refusal("This button is of no use any more.")
        async with Answer(interaction, in_place=is_private(interaction)) as answer:
            paper = (await load_details(interaction, self.arxiv_id)).paper
            await _show(interaction, answer, paper, language, 0)


ITEMS = (TranslateButton, LanguageMenu)


def translate_button(arxiv_id: str, texts: Texts, *, in_place: bool = False) -> TranslateButton:
    """Return the button that translates into the language of whoever presses it."""
    return TranslateButton(arxiv_id, OWN, 0 if in_place else None, texts.say("Translate"))


async def _ask_for_language(answer: Answer, paper: Paper) -> None:
    say = answer.texts.say
    view = stateless_view()
    view.add_item(LanguageMenu(paper.arxiv_id, "", say("Language…")))
    view.add_item(_original(paper, answer.texts))
    await answer.send(say("Into which language shall I translate this paper?"), view=view)


async def _show(interaction: discord.Interaction, answer: Answer, paper: Paper, language: str, page: int) -> None:
    translation = await services_of(interaction.client).translator.translate(
        paper, language, user_id=interaction.user.id, guild_id=interaction.guild_id
    )
    texts = answer.texts
    embed, pages = render_abstract(paper, texts, page, translation=translation)
    view = stateless_view()
    view.add_item(LanguageMenu(paper.arxiv_id, language, texts.say("Language…")))
    view.add_item(_original(paper, texts))
    if pages > 1 and page > 0:
        view.add_item(TranslateButton(paper.arxiv_id, language, page - 1, texts.say("Back")))
    if page + 1 < pages:
        view.add_item(TranslateButton(paper.arxiv_id, language, page + 1, texts.say("More")))
    await answer.send(embeds=[discord.Embed.from_dict(embed)], view=view)


def _original(paper: Paper, texts: Texts) -> discord.ui.Button[Any]:
    """Return the button of the abstract's first page, by its id: it knows this module, so this one may not know it."""
    return discord.ui.Button(label=texts.say("Original"), custom_id=f"pb:abs:{paper.arxiv_id}:0")
