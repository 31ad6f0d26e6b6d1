"""How two records of one paper become one. Pure.

Sources know different things at different times: a listing page has no licence and cuts author lists, a feed has no
comment, records of OAI-PMH and the API come later and are fuller. Nothing known is ever replaced by nothing.
"""

from dataclasses import replace

from bot.model import Paper, SourceName


def merge_paper(old: Paper, new: Paper, source: SourceName | None = None) -> Paper:
    """Return what is known of one paper after `new` came from `source` (None: a record of unknown origin).

    A higher version replaces the text, keeps what only the old record knows, and forgets what belonged to the old
    text (a withdrawal, an HTML form). The same version fills gaps: a complete author list replaces one that was cut,
    categories are united, a withdrawal stays. A lower version fills only what no version changes: when the paper was
    first submitted, and its licence if none is known. Raises `ValueError` for two different papers.
    """
    if old.arxiv_id != new.arxiv_id:
        raise ValueError(f"{old.arxiv_id} and {new.arxiv_id} are two papers")
    if new.version > old.version:
        return _replaced(old, new)
    if new.version < old.version:
        return replace(old, licence=old.licence or new.licence, submitted_at=old.submitted_at or new.submitted_at)
    return _filled(old, new, source)


def _replaced(old: Paper, new: Paper) -> Paper:
    authors, complete = _authors(old, new, text_changed=True)
    return replace(
        new,
        title=new.title or old.title,
        abstract=new.abstract or old.abstract,
        authors=authors,
        authors_complete=complete,
        primary_category=new.primary_category or old.primary_category,
        categories=new.categories or old.categories,
        comment=new.comment or old.comment,
        journal_ref=new.journal_ref or old.journal_ref,
        doi=new.doi or old.doi,
        licence=new.licence or old.licence,
        submitted_at=new.submitted_at or old.submitted_at,
        updated_at=new.updated_at or old.updated_at,
    )


def _filled(old: Paper, new: Paper, source: SourceName | None) -> Paper:
    authors, complete = _authors(old, new, text_changed=False)
    # Journals accept a paper without a new version: there a later record is right, and a listing page says nothing.
    later = source is not SourceName.LISTING
    return replace(
        old,
        title=old.title or new.title,
        abstract=old.abstract or new.abstract,
        authors=authors,
        authors_complete=complete,
        primary_category=old.primary_category or new.primary_category,
        categories=(*old.categories, *(one for one in new.categories if one not in old.categories)),
        comment=old.comment or new.comment,
        journal_ref=(new.journal_ref if later else None) or old.journal_ref or new.journal_ref,
        doi=(new.doi if later else None) or old.doi or new.doi,
        licence=old.licence or new.licence,
        submitted_at=old.submitted_at or new.submitted_at,
        updated_at=old.updated_at or new.updated_at,
        has_html=new.has_html if old.has_html is None else old.has_html,
        withdrawn=old.withdrawn or new.withdrawn,
    )


def _authors(old: Paper, new: Paper, *, text_changed: bool) -> tuple[tuple[str, ...], bool]:
    """Return the author list to keep and whether it is complete."""
    if not new.authors:
        return old.authors, old.authors_complete
    if not old.authors:
        return new.authors, new.authors_complete
    if new.authors_complete:
        keep_new = text_changed or not old.authors_complete
    else:
        # A cut list of a new version says less than the whole list of the version before.
        keep_new = not old.authors_complete and (text_changed or len(new.authors) > len(old.authors))
    return (new.authors, new.authors_complete) if keep_new else (old.authors, old.authors_complete)
