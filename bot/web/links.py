"""From a brief or a paper to its page on the published site: an address only where there is a page.

What is there is looked up in the site's directory, so that no message leads nowhere whatever the database says.
"""

import asyncio
from datetime import date
from pathlib import Path

from bot.delivery import TopicKey
from bot.i18n import match_locale
from bot.web import addresses


class PageLinks:
    """The pages below `root`, published at `site_url`."""

    def __init__(self, root: Path, site_url: str, *, server_topics: bool = False) -> None:
        self._root = root
        self._site_url = site_url
        self._server_topics = server_topics
        self.fresh = True
        """Whether the last build succeeded: else nobody knows when a new page will be there."""

    async def find_brief(self, key: TopicKey, announced_on: date, language: str) -> str | None:
        """Return the address of a brief's page for readers of `language`, None where it has none."""
        return await asyncio.to_thread(self._brief, key, announced_on, language)

    async def find_paper(self, arxiv_id: str, locale: str) -> str | None:
        """Return the address of a paper's page for readers of `locale`, None where it has none."""
        return await asyncio.to_thread(self._paper, arxiv_id, locale)

    async def expect_brief(self, key: TopicKey, announced_on: date, language: str) -> str | None:
        """Return the address of a brief that is stored and about to be posted: the build that follows makes its page.

        None where the site is not there yet, where its last build failed, and for a topic that is not published.
        """
        if not self.fresh or (key.guild_id and not self._server_topics):
            return None
        try:
            path = addresses.brief(match_locale(language), announced_on, key)
        except addresses.NoAddress:
            return None
        built = await asyncio.to_thread(self._exists, addresses.root())
        return addresses.absolute(self._site_url, path) if built else None

    def _brief(self, key: TopicKey, announced_on: date, language: str) -> str | None:
        ui = match_locale(language)
        for beside in (language, None):
            try:
                path = addresses.brief(ui, announced_on, key, beside)
            except addresses.NoAddress:
                continue
            if self._exists(path):
                return addresses.absolute(self._site_url, path)
        return None

    def _paper(self, arxiv_id: str, locale: str) -> str | None:
        try:
            path = addresses.paper(match_locale(locale), arxiv_id)
        except addresses.NoAddress:
            return None
        return addresses.absolute(self._site_url, path) if self._exists(path) else None

    def _exists(self, path: str) -> bool:
        try:
            return (self._root / addresses.file_of(path)).is_file()
        except OSError:
            return False
