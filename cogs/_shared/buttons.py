"""Kinds of buttons and menus whose ids say all that they need, so that they outlive restarts. They know no feature."""

import re
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import discord

AnyButton = discord.ui.Button[Any]

NEVER = r"(?!)"
"""The template of a class that only others are made from: it matches no id."""


class LastingButton(discord.ui.DynamicItem[AnyButton], template=NEVER):
    """A button that comes back from its id alone, under a message of any age."""

    def __init__(
        self,
        custom_id: str,
        label: str = "…",
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
        *,
        disabled: bool = False,
    ) -> None:
        super().__init__(discord.ui.Button(label=label, style=style, custom_id=custom_id, disabled=disabled))

    @classmethod
    @abstractmethod
    def parse(cls, match: re.Match[str]) -> Self:
        """Return the button that an id of this kind names."""

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction, _item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Return the button that was pressed."""
        return cls.parse(match)


class PaperButton(LastingButton, template=NEVER):
    """A button about one paper. Its template names the group `arxiv_id`."""

    kind: ClassVar[str]
    style: ClassVar[discord.ButtonStyle] = discord.ButtonStyle.secondary

    def __init__(self, arxiv_id: str, label: str = "…") -> None:
        self.arxiv_id = arxiv_id
        super().__init__(f"pb:{self.kind}:{arxiv_id}", label, self.style)

    @classmethod
    def parse(cls, match: re.Match[str]) -> Self:
        """Return the button about the paper in the id."""
        return cls(match["arxiv_id"])


class TurnButton(LastingButton, template=NEVER):
    """A button that turns to a page of something, counted from 0. Its template names the group `page`."""

    kind: ClassVar[str]

    def __init__(self, page: int, label: str = "…") -> None:
        self.page = page
        super().__init__(f"pb:{self.kind}:{page}", label)

    @classmethod
    def parse(cls, match: re.Match[str]) -> Self:
        """Return the button to the page in the id."""
        return cls(int(match["page"]))


class ActionButton(LastingButton, template=NEVER):
    """A button that does one of several actions to what `subject` names. Its template names both groups."""

    kind: ClassVar[str]

    def __init__(
        self,
        action: str,
        subject: str,
        label: str = "…",
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
    ) -> None:
        self.action, self.subject = action, subject
        super().__init__(f"pb:{self.kind}:{action}:{subject}", label, style)

    @classmethod
    def parse(cls, match: re.Match[str]) -> Self:
        """Return the button for the action in the id."""
        return cls(match["action"], match["subject"])


class OptionsMenu(discord.ui.DynamicItem[discord.ui.Select[Any]], template=NEVER):
    """A menu of which one option is taken; its options are those of the message that it stands in."""

    kind: ClassVar[str]

    def __init__(self, options: Sequence[discord.SelectOption] = (), placeholder: str | None = None) -> None:
        menu = discord.ui.Select[Any](custom_id=f"pb:{self.kind}", options=list(options), placeholder=placeholder)
        super().__init__(menu)

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction, item: discord.ui.Item[Any], _match: re.Match[str], /
    ) -> Self:
        """Return the menu that was used."""
        return cls(item.options if isinstance(item, discord.ui.Select) else ())
