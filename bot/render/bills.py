"""What a model did and cost, in one small line: "gpt-x · 12 summaries · 14.2k tokens · $0.03". Unescaped, sanitised."""

from dataclasses import replace

from bot.i18n import Texts, load_texts
from bot.render import labels
from bot.render.text import clip, readable, sanitise
from bot.spending import Bill, ModelStanding, Spending
from bot.texts import Overview

_MAX_MODEL = 60
_THOUSAND, _MILLION = 1_000, 1_000_000


def bill_line(bill: Bill | None, texts: Texts | None = None, *, public: bool = False) -> str:
    """Return the line, in the language of `texts` (else English); empty where no model was asked.

    `public`: without money, which is the owner's own affair.

    Amounts that are partly estimated have a "~"; money is left out where the prices are not known.
    """
    if bill is None:
        return ""
    texts = texts or load_texts()
    written, extracted = bill.made + bill.cached, sum(bill.fallbacks.values())
    parts = [clip(sanitise(bill.producer), _MAX_MODEL) or texts.say(labels.AN_UNNAMED_MODEL)]
    if written or not extracted:
        parts.append(texts.count("{n} summary", "{n} summaries", written))
    if bill.cached:
        parts.append(texts.count("{n} from the cache", "{n} from the cache", bill.cached))
    if extracted:
        parts.append(texts.count("{n} extracted instead", "{n} extracted instead", extracted))
    spending = replace(bill.spending, cost_micros=0) if public else bill.spending
    parts += spending_parts(spending, bill.currency, texts)
    return " · ".join(parts)


def model_lines(standing: ModelStanding, texts: Texts) -> list[str]:
    """Return how a model stands today: what it did, what of its ceiling is used, and whether it is asked at all."""
    name = clip(sanitise(standing.producer), _MAX_MODEL) or texts.say(labels.AN_UNNAMED_MODEL)
    requests = texts.count("{n} request", "{n} requests", standing.spent.requests)
    lines = [" · ".join([name, requests, *spending_parts(standing.spent, standing.currency, texts)])]
    limits = []
    if standing.cost_limit is not None:
        limits.append(money(standing.cost_limit, standing.currency))
    if standing.token_limit is not None:
        limits.append(texts.say("{amount} tokens", amount=short_count(standing.token_limit)))
    share = standing.share
    if share is None:
        lines.append(texts.say("No ceiling is set."))
    else:
        used = f"{share:.0%}"
        lines.append(
            texts.say("{share} of the day's ceiling is used ({ceiling})", share=used, ceiling=" · ".join(limits))
        )
    if standing.overrun:
        lines.append(
            texts.say(
                "More is spent than the ceiling allows: the model's server counted more tokens than a request was "
                "allowed, or the ceiling was lowered today."
            )
        )
    if standing.full:
        lines.append(texts.say("The ceiling is reached: until midnight UTC summaries are extracted."))
    if standing.resting:
        lines.append(texts.say("The model failed or refused and is left alone for a while: summaries are extracted."))
    return lines


def spending_parts(spending: Spending, currency: str, texts: Texts) -> list[str]:
    """Return tokens and money in words, such as "14.2k tokens" and "$0.03"; nothing for nothing."""
    mark = "~" if spending.estimated else ""
    tokens = spending.tokens
    parts = [texts.say("{amount} tokens", amount=mark + short_count(tokens))] if tokens else []
    if spending.cost_micros:
        parts.append(mark + money(spending.cost_micros, currency))
    return parts


def short_count(number: int) -> str:
    """Return a number of tokens such as "812", "14.2k" or "3.1M"."""
    if number < _THOUSAND:
        return str(number)
    if number < 999_950:
        return f"{number / _THOUSAND:.1f}k"
    return f"{number / _MILLION:,.1f}M"


def money(micros: int, currency: str) -> str:
    """Return an amount such as "$0.03"; of less than a cent as many places as show it, rounded up."""
    sign = sanitise(currency)
    if 0 < micros < 10_000:
        return f"{sign}{-(-micros // 100) / 10_000:.4f}"
    return f"{sign}{micros / _MILLION:,.2f}"


def overview_sentences(overview: Overview | None, arxiv_ids: list[str]) -> list[tuple[str, list[int]]]:
    """Return each sentence, readable, with the numbers (from 1) of the papers that it speaks of in this brief."""
    if overview is None:
        return []
    places = {arxiv_id: place for place, arxiv_id in enumerate(arxiv_ids, 1)}
    return [
        (readable(one.text), sorted(places[arxiv_id] for arxiv_id in one.arxiv_ids if arxiv_id in places))
        for one in overview.sentences
    ]
