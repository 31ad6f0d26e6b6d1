"""The figures of papers as files of the site: copied out of the store, and none that may not be shown.

Whether one may is asked of `bot.render.figures` at every build: what is not open any more is removed by the next.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from bot.figures import Figure as StoredFigure
from bot.model import Paper
from bot.render.figures import figures_to_show
from bot.store.figures import FigureStore
from bot.web import addresses
from bot.web.marks import mark_of
from bot.web.pages import Figure
from bot.web.reading import Site
from bot.web.writing import SiteState

_AT_ONCE = 20
"""Papers whose pictures are in memory at the same time; one has up to 800 KB of them."""

_ENDINGS = {"image/webp": "webp", "image/png": "png"}


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture to be written."""

    path: str
    data: bytes


class Pictures:
    """Knows which papers have figures, and where they are in the site. Reads the store; writes nothing."""

    def __init__(self, site: Site, store: FigureStore, state: SiteState) -> None:
        self._site = site
        self._store = store
        self._state = state
        self._most = site.wish.figures
        self.marks: dict[str, str] = {}
        """Paper → mark of its figures, for every paper that was searched for some."""

    async def load(self) -> None:
        """Find out which papers have figures; none where the owner does not want any. Raises `StoreError` kinds."""
        if self._most:
            found = await self._store.load_marks(sorted(self._site.paper_pages))
            self.marks = {one: mark_of(mark, self._most, self._site.papers[one].mark) for one, mark in found.items()}
        for arxiv_id in self._state.figures.keys() - self.marks.keys():
            del self._state.figures[arxiv_id]

    def known_files(self) -> Iterator[tuple[str, str, str]]:
        """Return (paper, path, mark) of the pictures of papers whose figures did not change."""
        for arxiv_id, (mark, paths) in self._state.figures.items():
            if self.marks.get(arxiv_id) == mark:
                yield from ((arxiv_id, path, mark) for path in paths)

    def changed(self, lost: Collection[str]) -> list[list[str]]:
        """Return the papers whose figures are to be copied, a few at a time; `lost`: whose files are gone."""
        known = self._state.figures
        wanted = [one for one, mark in sorted(self.marks.items()) if one in lost or known.get(one, ("", []))[0] != mark]
        return [wanted[start : start + _AT_ONCE] for start in range(0, len(wanted), _AT_ONCE)]

    async def load_files(self, ids: Sequence[str], papers: dict[str, Paper]) -> list[PictureFile]:
        """Return the pictures of these papers, and remember where they are. Raises `StoreError` kinds."""
        files: list[PictureFile] = []
        for arxiv_id, figures in (await self._load(ids, papers)).items():
            mine = [PictureFile(_path(one), one.data) for one in figures]
            self._state.figures[arxiv_id] = (self.marks[arxiv_id], [one.path for one in mine])
            files += mine
        return files

    async def load_shown(self, papers: dict[str, Paper]) -> dict[str, tuple[Figure, ...]]:
        """Return paper → what its page shows. Raises `StoreError` kinds."""
        wanted = [one for one in papers if self._state.figures.get(one, ("", []))[1]]
        found: dict[str, tuple[Figure, ...]] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            loaded = await self._load(wanted[start : start + _AT_ONCE], papers)
            found |= {arxiv_id: tuple(_shown(one) for one in figures) for arxiv_id, figures in loaded.items()}
        return found

    async def _load(self, ids: Sequence[str], papers: dict[str, Paper]) -> dict[str, tuple[StoredFigure, ...]]:
        found = await self._store.load_many(ids)
        known = {one for one in ids if one in found and one in papers}
        return {one: figures_to_show(papers[one], found[one], self._most) if one in known else () for one in ids}


def _path(one: StoredFigure) -> str:
    return addresses.figure(one.arxiv_id, one.number, mark_of(one.data), _ENDINGS[one.content_type])


def _shown(one: StoredFigure) -> Figure:
    return Figure(
        path=_path(one),
        width=one.width,
        height=one.height,
        label=one.label,
        caption=one.caption,
        credit=one.credit,
        licence=one.licence.name,
        licence_url=one.licence.url,
    )
