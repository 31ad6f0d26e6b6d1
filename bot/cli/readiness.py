"""What stands behind `paperbrief run --check`: all that `run` needs, asked for real, and nothing sent.

It adds to the doctor's check-up what only the running bot needs. Findings alone come back; printing is the command's.
"""

from collections.abc import Iterator

from bot.cli.check_up import Finding, Level, can_be_written, check_up, database_is_sound, nearest
from bot.cli.common import NO_TOKEN
from bot.errors import AlreadyRunning, DiscordError
from bot.settings import Settings


async def check_ready(settings: Settings) -> list[Finding]:
    """Return one finding or more for each thing that `paperbrief run` needs; it would start when none of them fails."""
    findings = [one for one in await check_up(settings, offline=False) if one.subject != "discord token"]
    place = _data_directory(settings)
    findings.append(place)
    if place.level is Level.OK:
        findings += _other_process(settings)
        if database_is_sound(findings):
            findings.append(await _subscriptions(settings))
    return [*findings, *await _discord(settings)]


def _data_directory(settings: Settings) -> Finding:
    place = nearest(settings.data_dir)
    if not can_be_written(place):
        return Finding(Level.FAIL, "data directory", f"{place} cannot be written: mend its owner or set DATA_DIR")
    return Finding(Level.OK, "data directory", f"{settings.data_dir.absolute()} can be written")


def _other_process(settings: Settings) -> Iterator[Finding]:
    from bot.deliver.lease import lock_directory
    from bot.file_lock import LOCK_NAME

    # On a database server a lease decides, which a dead process may still seem to hold: only `run` can wait for it.
    lock = settings.data_dir.absolute() / LOCK_NAME
    if settings.database.url is not None or nearest(lock) != lock:
        return
    try:
        with lock_directory(settings.data_dir):
            pass
    except AlreadyRunning as error:
        yield Finding(Level.FAIL, "other processes", str(error))


async def _subscriptions(settings: Settings) -> Finding:
    from bot.store.engine import Database
    from bot.store.subscriptions import SubscriptionStore

    async with Database.open(settings.database_url, busy_timeout=settings.database.busy_timeout) as database:
        count = len(await SubscriptionStore(database).load_active())
    if not count:
        return Finding(Level.WARN, "subscriptions", "none is active: use /subscribe in a channel")
    return Finding(Level.OK, "subscriptions", f"{count:,} active")


async def _discord(settings: Settings) -> list[Finding]:
    if settings.discord_token is None:
        return [Finding(Level.FAIL, "discord token", NO_TOKEN)]
    from bot.client import fetch_identity, invite_link

    try:
        identity = await fetch_identity(settings.discord_token.get_secret_value())
    except DiscordError as error:
        return [Finding(Level.FAIL, "discord token", str(error))]
    link = invite_link(identity.application_id)
    findings = [Finding(Level.OK, "discord token", f"Discord knows the bot as {identity.name}")]
    if identity.guilds:
        findings.append(Finding(Level.OK, "servers", f"in {identity.guilds:,}; others invite it with {link}"))
    else:
        findings.append(Finding(Level.WARN, "servers", f"in none yet; invite it with {link}"))
    return findings
