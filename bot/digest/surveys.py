"""Which papers look back over a field: surveys, reviews, tutorials. Judged by their own words; pure."""

import re

from bot.model import Paper

# "peer review", "code review" and the review of a product are what a paper is about, not what it is.
_TITLE = re.compile(
    r"(?<!human )(?<!expert )\bsurvey\b(?=$|:|,| of | on | and | in the )"
    r"|\b(?:literature|systematic|scoping|critical|comprehensive|brief|short|state-of-the-art) (?:\w+ )?reviews?\b"
    r"(?! (?:screening|automation|generation))"
    r"|\b(?:a|an) (?:\w+ ){0,3}(?:review|overview|tutorial|primer)\b(?! (?:process|generation|system|comments?))"
    r"|: (?:a |an )?(?:\w+ ){0,2}(?<!peer )(?:review|overview|tutorial|primer|roadmap)\b"
    r"|\b(?:review|overview|tutorial) (?:of|on)\b|^sok\b|\btaxonomy\b.*\b(?:challenges|directions)\b",
    re.IGNORECASE,
)
_ABSTRACT = re.compile(
    r"\b(?:this|our|the present) (?:\w+ )?(?:survey|review|tutorial)\b(?! (?:process|data|study))"
    r"|\bthis (?:paper|article|work|chapter|monograph) (?:\w+ )?(?:surveys|reviews)\b"
    r"|\bwe (?:comprehensively|systematically|critically) (?:survey|review)\b"
    r"|\b(?:comprehensive|systematic|first|structured) (?:\w+ )?(?:survey|literature review)\b",
    re.IGNORECASE,
)


def is_survey(paper: Paper) -> bool:
    """Return whether the paper says that it is a survey, a review, an overview or a tutorial."""
    return bool(_TITLE.search(paper.title) or _ABSTRACT.search(paper.abstract))
