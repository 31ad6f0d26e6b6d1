"""`paperbrief health`: is the bot that uses this DATA_DIR at work? Made to be asked twice a minute by a container."""

from typing import Annotated

import typer

from bot.cli.common import EXIT_TROUBLE, reported_errors
from bot.heartbeat import MAX_AGE, judge_beat, read_beat


def health(
    max_age: Annotated[
        float, typer.Option("--max-age", min=0.1, max=86400, help="Seconds after which a heartbeat is old.")
    ] = MAX_AGE,
) -> None:
    """Say in one line whether `paperbrief run` is at work, by its heartbeat. Leaves with 1 when it is not.

    Reads one file and the settings; opens no database and asks nobody.
    """
    from bot.clock import SystemClock
    from bot.settings import load_settings

    # Without the set-up of logging, which would take a third of the time.
    with reported_errors():
        directory = load_settings().data_dir
    try:
        healthy, why = judge_beat(read_beat(directory), SystemClock().now(), max_age)
    except ValueError as error:
        healthy, why = False, f"{error}, in {directory}"
    except OSError as error:
        healthy, why = False, f"the heartbeat in {directory} cannot be read: {error.strerror or error}"
    typer.echo(f"{'healthy' if healthy else 'unhealthy'}: {why}")
    if not healthy:
        raise typer.Exit(EXIT_TROUBLE)
