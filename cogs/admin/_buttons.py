"""The answer to "delete all that is stored about me?", good after a restart too."""

import re
from typing import Self

import discord

from bot.i18n import Texts
from cogs._shared.answers import Answer, ReportingView, reported
from cogs._shared.buttons import LastingButton
from cogs._shared.host import services_of


class ForgetButton(LastingButton, template=r"pb:forget:(?P<action>yes|no)"):
    """Deletes what is stored about whoever presses it, or does not; in place of the question."""

    def __init__(
        self, action: str, label: str = "…", style: discord.ButtonStyle = discord.ButtonStyle.secondary
    ) -> None:
        self.action = action
        super().__init__(f"pb:forget:{action}", label, style)

    @classmethod
    def parse(cls, match: re.Match[str]) -> Self:
        """Return the button that the id names."""
        return cls(match["action"])

    @reported
    async def callback(self, interaction: discord.Interaction) -> None:
        """Do as the user says. A second click finds nothing left and says the same."""
        async with Answer(interaction, in_place=True) as answer:
            if self.action == "no":
                await answer.send(answer.texts.say("Nothing was deleted."))
                return
            await services_of(interaction.client).readers.forget(interaction.user.id)
            await answer.send(
                answer.texts.say("All that was stored about you is deleted. Backups forget it as they are replaced.")
            )


ITEMS = (ForgetButton,)


def forget_view(texts: Texts) -> ReportingView:
    """Return the two buttons under the question."""
    view = ReportingView(timeout=None)
    view.add_item(ForgetButton("yes", texts.say("Delete everything"), discord.ButtonStyle.danger))
    view.add_item(ForgetButton("no", texts.say("Keep it")))
    return view
