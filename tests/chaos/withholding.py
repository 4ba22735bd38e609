"""Withholding messages on the stage, and reading the results."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bolt_sandbox.slack import payloads
from bot.core.model.digest import Digest
from bot.core.model.watch import Watch
from bot.core.watching.digest_time import last_slot
from bot.store.record_json import from_json
from tests.chaos.seen import DigestSeen, Spell, StopSeen, TallySeen
from tests.chaos.stage import Stage
from tests.chaos.withheld_plan import GAP_S, Absence, Blindness, DigestWish, Quieting, Unwatching

PREFIX = "{bolt:bolt}:"
TYPED_WITHIN_S = 180.0
AGAIN_S = 1.5
LOOK_S = 0.1
# If less than this is left of a minute, the next minute is used.
LEFT_S = 4.0

Known = Callable[[], Awaitable[bool]]


async def type_until(stage: Stage, channel: str, text: str, known: Known) -> None:
    """Type a command until it's visibly carried out."""
    ws = stage.sandbox.workspace
    where, user = ws.channel(channel), ws.user(stage.plan.users[0])
    async with asyncio.timeout(TYPED_WITHIN_S):
        while True:
            trigger_id = ws.new_trigger(user.id)
            url = ws.new_response_url(user.id, where.id, None, ephemeral=True)
            payload = payloads.slash_command(
                ws, user, where, command="/bolt", text=text, trigger_id=trigger_id, response_url=url
            )
            await stage.sandbox.slack.delivery.send("slash_commands", payload, answerable=True)
            for _ in range(int(AGAIN_S / LOOK_S)):
                if await _is_known(known):
                    return
                await asyncio.sleep(LOOK_S)


async def _is_known(known: Known) -> bool:
    try:
        return await known()
    except (RedisError, OSError):
        return False


async def stored_watches(stage: Stage) -> list[Watch]:
    """All recorded watches."""
    client = stage.store.client()
    try:
        return [from_json(Watch, str(body)) for body in (await client.hgetall(f"{PREFIX}standing")).values()]
    finally:
        await client.aclose()


async def watch_of(stage: Stage, channel: str, pattern: str) -> Watch | None:
    """A channel's watch of this pattern."""
    where = stage.sandbox.workspace.channel(channel).id
    found = (one for one in await stored_watches(stage) if (one.channel, one.pattern) == (where, pattern))
    return next(found, None)


async def make_quiet(stage: Stage, planned: Quieting) -> None:
    """Give a watch quiet hours that last until the minute is over. Nothing happens if it doesn't exist now."""
    where = stage.sandbox.workspace.channel(planned.channel).id
    if (where, planned.pattern) not in {(one.channel, one.pattern) for one in await _all_watches(stage)}:
        return
    end = _next_minute()
    begin, until = (at.astimezone(ZoneInfo(planned.zone)).strftime("%H:%M") for at in (end - _minutes(2), end))
    text = f"watch {planned.pattern} --mention none --quiet {begin}-{until} --tz {planned.zone}"

    async def known() -> bool:
        watch = await watch_of(stage, planned.channel, planned.pattern)
        is_quiet = watch is not None and watch.quiet is not None and watch.quiet.end == until
        if is_quiet:
            stage.quiet.append(Spell(where, time.time(), end.timestamp()))
        # The watch may have been stopped in the meantime.
        return is_quiet or watch is None

    await type_until(stage, planned.channel, text, known)


async def quiet_spells(stage: Stage) -> tuple[Spell, ...]:
    """The quiet hours. If a command has removed them again, their end is unknown, and their start is used instead."""
    quiet = {one.channel for one in await stored_watches(stage) if one.quiet is not None}
    return tuple(one if one.channel in quiet else replace(one, until=one.since) for one in stage.quiet)


def _next_minute() -> datetime:
    at = datetime.now(UTC) + timedelta(seconds=LEFT_S)
    return at.replace(second=0, microsecond=0) + _minutes(1)


def _minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


async def want_digest(stage: Stage, planned: DigestWish) -> None:
    """Type the command for a digest at the next minute."""
    clock = _next_minute().astimezone(ZoneInfo(planned.zone)).strftime("%H:%M")
    where = stage.sandbox.workspace.channel(planned.channel).id

    async def known() -> bool:
        client = stage.store.client()
        try:
            return await _digest(client, where) is not None
        finally:
            await client.aclose()

    await type_until(stage, planned.channel, f"digest daily {clock} --tz {planned.zone}", known)


async def _digest(client: Redis, channel: str) -> Digest | None:
    body = await client.hget(f"{PREFIX}report", channel)
    return from_json(Digest, str(body)) if body else None


async def unwatch(stage: Stage, planned: Unwatching) -> None:
    """Have the channel stop watching, and maybe start again."""
    where = stage.sandbox.workspace.channel(planned.channel).id

    async def gone() -> bool:
        return await watch_of(stage, planned.channel, planned.pattern) is None

    async def there() -> bool:
        return not await gone()

    await type_until(stage, planned.channel, f"unwatch {planned.pattern}", gone)
    stage.stops.append(StopSeen(where, stage.sandbox.bolt.clock().timestamp(), time.time()))
    # A watch that starts again has no quiet hours.
    stage.quiet[:] = [
        replace(one, until=min(one.until, time.time())) if one.channel == where else one for one in stage.quiet
    ]
    if planned.again is not None:
        await asyncio.sleep(planned.again)
        await type_until(stage, planned.channel, f"watch {planned.pattern} --mention none", there)


async def leave(stage: Stage, planned: Absence) -> None:
    """Remove the bot from the channel, and invite it again."""
    ws, admin = stage.sandbox.workspace, stage.sandbox.slack.admin
    since, who = time.time(), stage.plan.users[1]
    await admin.kick(planned.channel, ws.bot.id, who)
    await asyncio.sleep(planned.lasts)
    await admin.invite(planned.channel, ws.bot.id, who)
    stage.absences.append(Spell(ws.channel(planned.channel).id, since, time.time()))


async def go_blind(stage: Stage, planned: Blindness) -> None:
    """Have Bolt list nothing for a while, and set its clock eleven minutes ahead meanwhile."""
    # Before the first listing there's no gap, because the first watch looks back to its creation.
    has_listed = await _has_listed(stage)
    watching = {one.channel for one in await _all_watches(stage) if not one.paused} if has_listed else set[str]()
    since = time.time()
    stage.striker.blind += 1
    stage.advance(GAP_S)
    await asyncio.sleep(planned.lasts)
    stage.striker.blind -= 1
    stage.gaps += [Spell(channel, since, time.time()) for channel in sorted(watching)]


async def _all_watches(stage: Stage) -> list[Watch]:
    """All watches, as soon as Redis answers."""
    async with asyncio.timeout(TYPED_WITHIN_S):
        while True:
            try:
                return await stored_watches(stage)
            except (RedisError, OSError):
                await asyncio.sleep(LOOK_S)


async def _has_listed(stage: Stage) -> bool:
    """Whether schedules have been listed since the first watch. Waits until Redis answers."""
    async with asyncio.timeout(TYPED_WITHIN_S):
        while True:
            client = stage.store.client()
            try:
                return bool(await client.exists(f"{PREFIX}discovery:at"))
            except (RedisError, OSError):
                await asyncio.sleep(LOOK_S)
            finally:
                await client.aclose()


async def digests(stage: Stage) -> list[DigestSeen]:
    """The digests whose time has come since they were set up."""
    now, found = datetime.now(UTC), list[DigestSeen]()
    client = stage.store.client()
    try:
        for channel in stage.sandbox.workspace.channels:
            digest = await _digest(client, channel)
            slot = last_slot(digest, now) if digest is not None else None
            if digest is not None and slot is not None and slot.at > digest.made_at:
                day = slot.day.isoformat()
                post = str(await client.hget(f"{PREFIX}report:{channel}:{day}", "post") or "")
                found.append(DigestSeen(channel, f"report:{channel}:{day}", post))
    finally:
        await client.aclose()
    return found


async def tallies(stage: Stage, slugs: Iterable[str]) -> list[TallySeen]:
    """The counts of digests for these schedules, over all days."""
    client, found = stage.store.client(), list[TallySeen]()
    try:
        for slug in sorted(slugs):
            counted = Counter[str]()
            for day in await _days(client, slug):
                for name, count in (await client.hgetall(day)).items():
                    counted[str(name)[:1]] += int(count)
            if counted:
                found.append(TallySeen(slug, counted["r"], counted["f"]))
    finally:
        await client.aclose()
    return found


async def _days(client: Redis, slug: str) -> list[str]:
    pattern = f"{PREFIX}discovery:counted:*:{slug}".replace("{", "\\{").replace("}", "\\}")
    return [str(key) async for key in client.scan_iter(match=pattern)]
