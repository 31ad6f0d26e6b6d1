"""What a reader sees of a summary."""

from bot.texts import Summary


def summary_texts(summary: Summary) -> list[str]:
    """Return all texts of a summary."""
    sentences = [*summary.paragraph, *summary.key_takeaways, summary.motivation, summary.method, summary.result]
    return [summary.text, *(one.text for one in sentences if one is not None)]
