"""Chinese summaries without a name or a number, of the right paper and of another, for `benchmarks.truth`.

Written by hand so that they would fit most papers: the hardest to tell from one of another paper, as no word of them
can be compared with an English abstract. Only papers without names of their own are used, since a summary that lacks
those is caught by that alone. What a citation copied is all there is to judge by.
"""

import random
from collections.abc import Callable
from functools import cache

from benchmarks.planted import LEAST_SENTENCES, Maker, anchor, form_of
from bot.digest.check import TrustedText, check_summary
from bot.digest.cleaning import find_links
from bot.digest.sentences import split_sentences
from bot.digest.summarise import SummaryForm
from bot.model import Paper

_SAID = (
    "现有方法在复杂场景下往往难以兼顾准确性和效率",
    "论文指出这一问题的根源在于训练数据与实际应用之间的差距",
    "作者提出了一个新的框架，把问题分成几个更容易处理的步骤",
    "该框架不需要额外的人工标注，可以直接用于已有的模型",
    "为此，研究者设计了一种新的训练目标，使模型更关注关键信息",
    "实验表明，该方法在多个任务上都优于此前的最好结果",
    "消融实验说明每个组成部分都有贡献",
    "进一步的分析揭示了模型在哪些情况下会失败",
    "论文还给出了理论分析，证明了方法的收敛性质",
    "在资源受限的条件下，这一方法仍能保持稳定的表现",
    "作者认为这一结果有助于理解模型的内部机制",
    "该工作建立了一个新的评测基准，覆盖了不同难度的样本",
    "与直接微调相比，新的策略明显减少了计算开销",
    "结果显示，简单的改动就能带来可观的提升",
    "这项研究系统地比较了不同设计选择的影响",
    "论文最后讨论了局限性和未来的研究方向",
    "用户研究表明，参与者更愿意采用新的交互方式",
    "作者通过模拟和真实数据两方面验证了所提模型",
    "该方法能够在没有监督信号的情况下学到有用的表示",
    "研究发现，规模并不是决定表现的唯一因素",
)

Copied = Callable[[random.Random, str], str]


def _rare(rng: random.Random, sentence: str) -> str:
    return anchor(rng, sentence)


def _any(rng: random.Random, sentence: str) -> str:
    """Return any word of the sentence: a model that does not mind whether it is rare."""
    return anchor(rng, sentence, slips=1.0)


def _none(_rng: random.Random, _sentence: str) -> str:
    return ""


def _plain(rng: random.Random, paper: Paper, copied: Copied) -> tuple[SummaryForm, str] | None:
    """Return a summary that rests on the lines of `paper`; None where it has names or too few lines to rest on."""
    lines = [(place, one) for place, one in enumerate(split_sentences(paper.abstract)) if not find_links(one)]
    if len(lines) < LEAST_SENTENCES or _has_names(paper):
        return None
    texts = rng.sample(_SAID, min(8, len(lines)))
    said = sorted(rng.sample(lines, len(texts)))
    items = [
        f"{text} [{place} {copied(rng, line)}]。".replace(" ]", "]")
        for text, (place, line) in zip(texts, said, strict=True)
    ]
    return form_of(items), "zh-CN"


@cache
def _has_names(paper: Paper) -> bool:
    return bool(TrustedText.of_paper(paper).source.names)


def plain_chinese(rng: random.Random, paper: Paper, _other: Paper) -> tuple[SummaryForm, str] | None:
    """Return a faithful one; one citation in ten is not copied well."""
    return _plain(rng, paper, _rare)


def swapped_chinese(rng: random.Random, paper: Paper, other: Paper) -> tuple[SummaryForm, str] | None:
    """Return one that passes for another paper of the same category."""
    made = _plain(rng, other, _rare)
    return made if made and not _has_names(paper) and not check_summary(made[0], other, "zh-CN") else None


def swapped_chinese_common(rng: random.Random, paper: Paper, other: Paper) -> tuple[SummaryForm, str] | None:
    """Return one of another paper of the same category that copied any words, however common."""
    return None if _has_names(paper) else _plain(rng, other, _any)


def swapped_chinese_bare(rng: random.Random, paper: Paper, other: Paper) -> tuple[SummaryForm, str] | None:
    """Return one of another paper that copied nothing."""
    return None if _has_names(paper) else _plain(rng, other, _none)


FAITHFUL_CHINESE: dict[str, Maker] = {"plain_chinese": plain_chinese}
SWAPPED_CHINESE: dict[str, Maker] = {
    "swapped_chinese": swapped_chinese,
    "swapped_chinese_common": swapped_chinese_common,
    "swapped_chinese_bare": swapped_chinese_bare,
}
