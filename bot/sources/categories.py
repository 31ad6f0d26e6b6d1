"""arXiv's active categories, and checking what a person typed against them.

Source: arXiv's taxonomy (https://arxiv.org/category_taxonomy); an alias names the same category as its target.
"""

import difflib
from collections.abc import Iterable

from bot.errors import UsageError

_BY_ARCHIVE = {
    "astro-ph": "CO EP GA HE IM SR",
    "cond-mat": "dis-nn mes-hall mtrl-sci other quant-gas soft stat-mech str-el supr-con",
    "cs": (
        "AI AR CC CE CG CL CR CV CY DB DC DL DM DS ET FL GL GR GT HC IR IT LG LO MA MM MS NA NE NI OH OS "
        "PF PL RO SC SD SE SI SY"
    ),
    "econ": "EM GN TH",
    "eess": "AS IV SP SY",
    "gr-qc": "",
    "hep-ex": "",
    "hep-lat": "",
    "hep-ph": "",
    "hep-th": "",
    "math": "AC AG AP AT CA CO CT CV DG DS FA GM GN GR GT HO IT KT LO MG MP NA NT OA OC PR QA RA RT SG SP ST",
    "math-ph": "",
    "nlin": "AO CD CG PS SI",
    "nucl-ex": "",
    "nucl-th": "",
    "physics": (
        "acc-ph ao-ph app-ph atm-clus atom-ph bio-ph chem-ph class-ph comp-ph data-an ed-ph flu-dyn gen-ph "
        "geo-ph hist-ph ins-det med-ph optics plasm-ph pop-ph soc-ph space-ph"
    ),
    "q-bio": "BM CB GN MN NC OT PE QM SC TO",
    "q-fin": "CP EC GN MF PM PR RM ST TR",
    "quant-ph": "",
    "stat": "AP CO ME ML OT TH",
}

ALIASES = {
    "cs.NA": "math.NA",
    "cs.SY": "eess.SY",
    "math.IT": "cs.IT",
    "math.MP": "math-ph",
    "q-fin.EC": "econ.GN",
    "stat.TH": "math.ST",
}

CATEGORIES = frozenset(
    f"{archive}.{subject}" if subject else archive
    for archive, subjects in _BY_ARCHIVE.items()
    for subject in (subjects.split() or [""])
)


def check_categories(names: Iterable[str]) -> tuple[str, ...]:
    """Return `names` without repeats, in order, aliases replaced by what they stand for.

    Raises `UsageError` for a name that is no active category of arXiv, with the nearest ones.
    """
    by_folded = {category.casefold(): category for category in (*CATEGORIES, *ALIASES)}
    checked: dict[str, None] = {}
    for name in names:
        known = by_folded.get(name.strip().casefold())
        if known is None:
            near = [by_folded[one] for one in difflib.get_close_matches(name.casefold(), by_folded, n=3)]
            hint = f"; did you mean {' or '.join(near)}?" if near else "; arxiv.org/category_taxonomy lists them"
            raise UsageError(f"{name[:40]!r} is not a category of arXiv{hint}")
        checked[ALIASES.get(known, known)] = None
    return tuple(checked)
