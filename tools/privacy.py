"""Write the table of PRIVACY.md from bot/store/privacy.py: `python -m tools.privacy`; a test compares."""

from pathlib import Path

from bot.store.privacy import DECISIONS, Decision

PAGE = Path(__file__).resolve().parents[1] / "PRIVACY.md"
BEGIN, END = "<!-- tables: python -m tools.privacy -->\n", "<!-- end of tables -->\n"


def render() -> str:
    """Return the page's text with the table as the program has it."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    rows = ["| table | holds | about | kept | deleted by |", "|---|---|---|---|---|"]
    rows += [
        f"| `{name}` | {one.holds} | {one.about} | {one.kept} | {_deleted_by(one)} |" for name, one in DECISIONS.items()
    ]
    return f"{before}{BEGIN}\n" + "\n".join(rows) + f"\n\n{END}{after}"


def _deleted_by(one: Decision) -> str:
    said = [f"`/forget-me`: {erasure.value}" for erasure in dict.fromkeys(one.user.values())]
    said += [f"bot removed: {erasure.value}" for erasure in dict.fromkeys(one.guild.values())]
    return "; ".join(said) or (f"with `{one.parent}`" if one.parent else "nobody needs to: it names nobody")


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
