"""Simulate watches in use (channels watch, Bolt's scheduler starts runs, people handle incidents), and observe them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

from bolt_sandbox.bolt.model import SCHEDULER, Character, Course, Run, Schedule, Start
from bolt_sandbox.bolt.plan import plausible
from bolt_sandbox.slack import Refused
from bolt_sandbox.slack.forms import find_control, matching
from bolt_sandbox.slack.model import Message
from bot.core.model.discovery import Ledger
from bot.core.model.incident import Incident
from bot.core.model.run import is_failed
from bot.core.model.run_end import WatchedSchedule
from bot.core.views.buttons import INCIDENT_SNOOZE
from bot.core.watching.cover import Covers
from bot.store.record_json import from_json
from tests.chaos.seen import EndSeen, IncidentSeen, Left, Notice, PostSeen, WatchesSeen, WatchSeen
from tests.chaos.stage import Stage, run_ids
from tests.chaos.watch_plan import COMMANDS, OTHER_BRANCH, RETRY, SNOOZE, Handling, PlannedWatch, ScheduledRun
from tests.chaos.withholding import digests, quiet_spells, stored_watches, tallies, type_until, watch_of

PREFIX = "{bolt:bolt}:"
WITHDRAWN = "done:withheld"
WATCHED_WITHIN_S = 60.0
LOOK_S = 0.1
NOTICES = ("incident:", "outage:", "quiet:", "gap:", "back:", "report:")
CARDS = "start:", "watch:"
US = "API key chaos"


def furnish(stage: Stage) -> None:
    """Add the schedules and the channels."""
    ws, plan = stage.sandbox.workspace, stage.plan.watched
    people = [ws.user(name).id for name in stage.plan.users]
    for room in plan.rooms:
        ws.add_channel(room, "public", [ws.bot.id, *people])
    for slug in plan.slugs:
        _add_schedule(stage, slug)


def _add_schedule(stage: Stage, slug: str) -> None:
    character = Character(tuple(map(plausible, COMMANDS)), phases=(("STARTING", 0.6),))
    stage.sandbox.bolt.add_schedule(Schedule(0, slug.title(), slug, character, source="api"))


# --- actions ---


async def begin(stage: Stage) -> None:
    """Create the plan's initial watches, and wait until every schedule has been looked at."""
    planned = [one for one in stage.plan.watched.watches if one.at is None]
    await asyncio.gather(*(watch(stage, one) for one in planned))
    pairs = {(one.channel, one.schedule) for one in await _watches(stage)}
    async with asyncio.timeout(WATCHED_WITHIN_S):
        while not await _have_begun(stage, pairs):  # noqa: ASYNC110 - other processes, which set no event of ours
            await asyncio.sleep(LOOK_S)


async def _have_begun(stage: Stage, pairs: set[tuple[str, str]]) -> bool:
    ledgers = await _ledgers(stage, {schedule for _, schedule in pairs})
    begun = {schedule: {one.partition("@")[0] for one in ledger.beginnings} for schedule, ledger in ledgers.items()}
    return all(channel in begun[schedule] for channel, schedule in pairs)


async def watch(stage: Stage, planned: PlannedWatch) -> None:
    """Repeat the command until the watch is recorded."""

    async def known() -> bool:
        return await watch_of(stage, planned.channel, planned.pattern) is not None

    await type_until(stage, planned.channel, f"watch {planned.pattern} --mention none", known)


async def create_newcomer(stage: Stage) -> None:
    """Create a schedule that a pattern already covers."""
    _add_schedule(stage, stage.plan.watched.newcomer)


async def start_run(stage: Stage, planned: ScheduledRun) -> None:
    """Have Bolt's scheduler start a run."""
    course = Course(planned.ends, takes_s=planned.takes_s)
    start = Start(branch=planned.branch, pull_request=planned.pull_request, course=course)
    stage.sandbox.bolt.start(planned.slug, start, SCHEDULER)


async def handle(stage: Stage, handling: Handling) -> None:
    """Press the button on one of the incidents' messages that have it."""
    label, pick = handling.label, handling.pick
    action = INCIDENT_SNOOZE if label == SNOOZE else None
    fits = [
        one
        for one in stage.cards()
        if _key(one).startswith("incident:") and matching(one.blocks, action, None if action else label, None)
    ]
    if not fits:
        return
    message = fits[int(pick * len(fits)) % len(fits)]
    user = stage.plan.users[int(pick * 1000) % len(stage.plan.users)]
    value = None
    if action:
        options = find_control(message.blocks, action, None, None).element["options"]
        value = options[int(pick * 100) % len(options)]["value"]
        stage.snoozed.add(_key(message))
    if label == RETRY:
        stage.asked_to_retry += handling.times
    # The button may have disappeared at this very moment.
    with contextlib.suppress(Refused):
        await stage.sandbox.slack.people.click(
            user,
            message.channel,
            message.ts,
            action_id=action,
            label=None if action else label,
            value=value,
            times=handling.times,
        )


# --- observations ---


async def look_at_watches(stage: Stage) -> WatchesSeen:
    """Everything about watches in Bolt, Redis and the channels."""
    watches = await _watches(stage)
    slugs = {one.schedule for one in watches} | {*stage.plan.watched.slugs, stage.plan.watched.newcomer}
    return WatchesSeen(
        watches=tuple(watches),
        ends=tuple(_ends(stage, slugs)),
        incidents=tuple(await _incidents(stage)),
        notices=tuple(_notices(stage)),
        asked_to_retry=stage.asked_to_retry,
        quiet=await quiet_spells(stage),
        gaps=tuple(stage.gaps),
        absences=tuple(stage.absences),
        stops=tuple(stage.stops),
        digests=tuple(await digests(stage)),
        tallies=tuple(await tallies(stage, slugs)),
    )


async def unaccounted(stage: Stage) -> list[Left]:
    """The runs whose ends aren't accounted for. Runs that don't count may wait for a sweep."""
    slugs = {one.schedule for one in await _watches(stage)}
    left = [
        Left(f"active:{slug}", str(run))
        for slug, one in (await _ledgers(stage, slugs)).items()
        for run in (*one.active, *one.held)
        if _counts(stage.sandbox.bolt.run(run))
    ]
    client = stage.store.client()
    try:
        for slug in sorted(slugs):
            left += [
                Left(f"ended:{slug}", run) for run in map(str, await client.hkeys(f"{PREFIX}discovery:ended:{slug}"))
            ]
    finally:
        await client.aclose()
    return left


def is_notice(message: Message) -> bool:
    """Whether it's about an incident, an outage or withheld messages, or a digest."""
    return _key(message).startswith(NOTICES)


async def _watches(stage: Stage) -> list[WatchSeen]:
    stored = await stored_watches(stage)
    covers = Covers.of(stored)
    return [
        WatchSeen(channel, slug, one.since.timestamp())
        for slug in (each.slug for each in stage.sandbox.bolt.schedules())
        for channel, one in covers.deciding(WatchedSchedule(slug, slug.title(), branch="main")).items()
    ]


async def _ledgers(stage: Stage, slugs: set[str]) -> dict[str, Ledger]:
    client = stage.store.client()
    try:
        bodies = {slug: await client.hget(f"{PREFIX}discovery:of:{slug}", "ledger") for slug in sorted(slugs)}
    finally:
        await client.aclose()
    return {slug: from_json(Ledger, str(body)) if body else Ledger() for slug, body in bodies.items()}


def _ends(stage: Stage, slugs: set[str]) -> Iterator[EndSeen]:
    bolt = stage.sandbox.bolt
    for run in bolt.runs():
        view = bolt.view(run.id) if run.slug in slugs and run.id > stage.history else None
        if view is not None and view.ended_at is not None:
            counts = _counts(run)
            yield EndSeen(
                run.id,
                run.slug,
                view.ended_at.timestamp(),
                run.created_at.timestamp(),
                failed=counts and is_failed(view.state),
                succeeded=counts and view.state == "SUCCESS" and not _has_own_commands(stage, run),
                counted=counts and (is_failed(view.state) or view.state == "SUCCESS"),
                over_at=stage.our_time(view.ended_at.timestamp()),
                retried=(run.parent_id or 0) if run.actor.name == US else 0,
            )


def _counts(run: Run) -> bool:
    return run.pull_request is None and run.branch != OTHER_BRANCH


def _has_own_commands(stage: Stage, run: Run) -> bool:
    """Whether it was started with commands other than its schedule's, or retries a run that was."""
    while run.parent_id is not None:
        run = stage.sandbox.bolt.run(run.parent_id)
    own = [f"{typed.reason}." for typed in stage.plan.typed if typed.override]
    return (run.reason or "").startswith(tuple(own))


async def _incidents(stage: Stage) -> list[IncidentSeen]:
    """The newest incident of each schedule and channel, whether it's still watched or not."""
    channels = list(stage.sandbox.workspace.channels)
    slugs = [one.slug for one in stage.sandbox.bolt.schedules()]
    client, found = stage.store.client(), []
    try:
        for name in (f"{channel}:{slug}" for channel in channels for slug in slugs):
            row = {
                str(field): str(value) for field, value in (await client.hgetall(f"{PREFIX}incident:{name}")).items()
            }
            if row.get("incident"):
                channel, ts = name.partition(":")[0], row.get("ts", "")
                incident = from_json(Incident, row["incident"])
                waits = await client.zscore(f"{PREFIX}edits:count:{channel}", f"{incident.team}:{channel}:{ts}")
                listed = await client.zscore(f"{PREFIX}incident:open", name)
                found.append(_incident(stage, incident, row, waits=waits is not None, listed=listed is not None))
    finally:
        await client.aclose()
    return found


def _incident(stage: Stage, incident: Incident, row: dict[str, str], *, waits: bool, listed: bool) -> IncidentSeen:
    """An incident and its hash in Redis."""
    runs = {one.run for one in incident.recent}
    return IncidentSeen(
        incident.channel,
        incident.schedule,
        incident.serial,
        str(incident.state),
        incident.failures,
        incident.retries,
        incident.runs,
        tuple(one.run for one in incident.recent),
        incident.errors,
        tuple(
            PostSeen(
                one.number,
                str(one.kind),
                one.run,
                tuple(each.key for each in one.errors),
                withdrawn=row.get(f"thread-{incident.serial}-{one.number}") == WITHDRAWN,
            )
            for one in incident.posts
        ),
        row.get("ts", ""),
        int(row.get("outage", "0")),
        len(incident.reopened),
        incident.retry.run if incident.retry else 0,
        silent=incident.silent,
        seen_before=incident.seen_before,
        on_it=incident.on_it is not None,
        snoozed=incident.snooze is not None,
        waits=waits,
        listed=listed,
        snoozed_ever=f"incident:{incident.key}:{incident.serial}" in stage.snoozed,
        carded=any(
            run in runs
            for message in stage.cards()
            if message.channel == incident.channel and _key(message).startswith(CARDS)
            for run in run_ids(message)
        ),
        name=incident.name,
        withheld=incident.withheld is not None,
    )


def _notices(stage: Stage) -> Iterator[Notice]:
    ws = stage.sandbox.workspace
    for channel in ws.channels.values():
        for one in channel.messages.values():
            if one.user == ws.bot.id and one.subtype is None and is_notice(one):
                yield Notice(channel.id, one.ts, one.thread_ts or "" if one.is_reply else "", _key(one), shown(one))


def _key(message: Message) -> str:
    return str(((message.metadata or {}).get("event_payload") or {}).get("key", ""))


def shown(message: Message) -> str:
    """A message's text and the texts of its blocks."""
    return "\n".join((message.text, *words(message.blocks)))


def words(value: object) -> Iterator[str]:
    """Every text in a tree of blocks."""
    match value:
        case list():
            for one in value:
                yield from words(one)
        case dict():
            for name, one in value.items():
                if name == "text" and isinstance(one, str):
                    yield one
                elif name != "confirm":
                    yield from words(one)
