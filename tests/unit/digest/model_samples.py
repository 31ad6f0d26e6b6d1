"""A paper and a good answer about it, for the tests of what models write."""

from typing import Any

from bot.model import Paper

PAPER = Paper(
    arxiv_id="2605.00001",
    title="SparseNet: Fast Attention for Long Documents",
    abstract=(
        "Attention is slow for long documents. We propose SparseNet, a sparse attention layer that keeps 12.5% of the "
        "keys. On 1.2 million documents it is 3.4x faster than FlashAttention. Accuracy on LongBench rises from 71.2% "
        "to 74.8%. Code is available at https://github.com/a/b."
    ),
    authors=("Ann Lee",),
    primary_category="cs.CL",
    categories=("cs.CL",),
)
GOOD: dict[str, Any] = {
    "gist": "SparseNet makes attention for long documents faster by keeping 12.5% of the keys [1].",
    "paragraph": [
        "Attention is slow for long documents [0].",
        "On 1,200,000 documents SparseNet is 3.4 times faster than FlashAttention [1,2].",
    ],
    "key_takeaways": [
        "SparseNet is a sparse attention layer [1].",
        "It is 3.4x faster than FlashAttention [2].",
        "LongBench accuracy rises to 74.8 percent [3].",
    ],
    "motivation": "",
    "method": "It keeps 12.5% of the keys [1].",
    "result": "Accuracy on LongBench rises to 74.8% [3].",
}
CHINESE: dict[str, Any] = {
    "gist": "SparseNet 只保留 12.5% 的键，使长文档的注意力计算更快 [1 sparse]。",
    "paragraph": [
        "长文档上的注意力计算很慢 [0 slow]。",
        "在 120 万篇文档上，它比 FlashAttention 快 3.4 倍 [2 FlashAttention]。",
    ],
    "key_takeaways": [
        "提出稀疏注意力层 SparseNet [1 SparseNet]。",
        "在 120 万篇文档上快 3.4 倍 [2 faster]。",
        "LongBench 准确率从 71.2% 升到 74.8% [3 rises]。",
    ],
    "motivation": "",
    "method": "",
    "result": "",
}
OTHER: dict[str, Any] = {
    "gist": "GraphColor colours planar graphs with few messages in sublinear rounds [1].",
    "paragraph": [
        "Distributed colouring of planar graphs needs many rounds [0].",
        "A new peeling order lowers it [1].",
    ],
    "key_takeaways": [
        "Planar graphs are coloured with constant memory per vertex [1].",
        "Peeling orders replace global coordination between vertices [2].",
        "The bound is tight for outerplanar families [3].",
    ],
    "motivation": "",
    "method": "",
    "result": "",
}
