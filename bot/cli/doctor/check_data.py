"""The doctor's check of the data in Redis: whether it belongs to this bot. Needs the bot's identity in Slack."""

from __future__ import annotations

from bot.app import data_owner_of
from bot.cli.doctor.check_redis import redis_url
from bot.cli.doctor.finding import Finding, ok, problem, warning
from bot.cli.doctor.subject import Check, Subject
from bot.core.model.errors import StoreUnavailable
from bot.store.connect import close, connect
from bot.store.data_owner import DataOwner, read_data_owner
from bot.store.scripts import Scripts

CHECK = "Redis data"
FIX = "Set BOLT_BOT_NAME to another name, or set BOLT_BOT_ADOPT=1 to take over that data."
OTHER_WORKSPACE = f"Correct PARADIME_API_ENDPOINT and PARADIME_WORKSPACE_UID. If they're right: {FIX}"


async def _data(subject: Subject) -> list[Finding]:
    url = await redis_url(subject.settings)
    if url is None:
        return []
    client = connect(url)
    try:
        theirs = await read_data_owner(Scripts(client, subject.settings.bolt_bot_name, retention_s=1))
    except StoreUnavailable:
        # The Redis checks say why.
        return [
            warning(
                CHECK, "The data's owner was not checked, because the data can't be read.", "Get Redis working first."
            )
        ]
    finally:
        await close(client)
    return [_compare(subject, theirs)]


def _compare(subject: Subject, theirs: DataOwner | None) -> Finding:
    name, me = subject.settings.bolt_bot_name, subject.identity
    if theirs is None:
        return ok(CHECK, f"There's no data for a bot named {name!r} yet.")
    if theirs.workspace != subject.settings.workspace:
        said = f"It belongs to another bot named {name!r}, which is for the Bolt workspace {theirs.workspace}."
        return problem(CHECK, f"{said} This bot is for {subject.settings.workspace}.", OTHER_WORKSPACE)
    if me is None:
        said = f"It's for the Bolt workspace {theirs.workspace}, as it should be. Its Slack team was not checked."
        return warning(CHECK, said, "Get the Slack bot token working first.")
    mine = data_owner_of(subject.settings, me)
    if theirs.is_same_bot(mine):
        return ok(CHECK, f"It belongs to this bot ({name!r}).")
    said = f"It belongs to another bot named {name!r}, which is for {theirs.difference_from(mine)}."
    return problem(CHECK, f"{said} This bot is for {mine.difference_from(theirs)}.", FIX)


CHECKS = (Check(CHECK, _data),)
