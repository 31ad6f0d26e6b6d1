"""`paperbrief doctor`: is everything in place, and if not, what to do."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import EXIT_TROUBLE, prepare, run_async

if TYPE_CHECKING:
    from bot.cli.check_up import Finding


def doctor(
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask arXiv's addresses.")] = False,
) -> None:
    """Check settings, database, disk, addresses, clock, zone data and imports. Leaves with 1 when one of them fails."""
    settings = prepare()
    from bot.cli.check_up import Level, check_up

    findings = run_async(lambda: check_up(settings, offline=offline))
    print_findings(findings)
    if any(finding.level is Level.FAIL for finding in findings):
        raise typer.Exit(EXIT_TROUBLE)


def print_findings(findings: "list[Finding]") -> None:
    """Print one line a finding, the subjects in a column."""
    width = max(len(finding.subject) for finding in findings)
    for finding in findings:
        typer.echo(f"{finding.level:<4}  {finding.subject:<{width}}  {finding.text}")
