"""Give schedules their timetables: a few lively schedules, or all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bolt_sandbox.bolt.lively import lively_schedules
from bolt_sandbox.bolt.model import Course, Refused, Schedule, Start
from bolt_sandbox.bolt.scheduler import Mode, Slot, Timetable, cron_time
from bolt_sandbox.bolt.world import BoltWorld

SUCCEEDS: Sequence[Slot] = (Slot(),)
FAILS_TWICE: Sequence[Slot] = (Slot(), Slot(), Slot(Start(course=Course("success"))))


def set_mode(world: BoltWorld, mode: Mode, every_s: float | None = None) -> None:
    """Let a few lively schedules start by themselves, or all schedules with a cron expression, or none.

    `lively` adds its schedules. `all` starts each schedule every `every_s`, one after the other, or at its expression's
    times if `every_s` is None.
    """
    found = world.schedules()
    world.scheduler.clear()
    world.scheduler.mode = mode
    if mode == "lively":
        _put_lively(world, every_s)
    elif mode == "all":
        started = [each for each in found if cron_time(each.cron, world.clock()) is not None]
        for number, each in enumerate(started, start=1):
            first_s = None if every_s is None else every_s * number / len(started)
            put(world, each.slug, every_s=every_s, first_s=first_s, script=_script(each))


def put(
    world: BoltWorld,
    slug: str,
    *,
    every_s: float | None = None,
    first_s: float | None = None,
    script: Sequence[Slot] = SUCCEEDS,
    skips: int = 0,
) -> Timetable:
    """Let the scheduler start a schedule every `every_s` seconds, for the first time in `first_s` seconds.

    If one of these is None, the cron expression's times are used instead. Raises Refused if there's no such schedule,
    or if it needs an expression and has none.
    """
    schedule, now = world.schedule(slug), world.clock()
    first_at = cron_time(schedule.cron, now) if first_s is None else now + timedelta(seconds=first_s)
    if first_at is None or (every_s is None and cron_time(schedule.cron, now) is None):
        raise Refused(f"Schedule '{slug}' has no cron expression, so every_s and next_in_s are needed")
    table = Timetable(slug, schedule.cron, first_at, every_s, script, skips)
    world.scheduler.put(table)
    return table


def _put_lively(world: BoltWorld, every_s: float | None) -> None:
    known = {each.slug for each in world.schedules()}
    for lively in lively_schedules():
        if lively.schedule.slug not in known:
            world.add_with_history(lively.schedule)
        script = [replace(slot, late_s=slot.late_s / world.speed) for slot in lively.script]
        every = lively.every_s / world.speed if every_s is None else every_s
        put(world, lively.schedule.slug, every_s=every, first_s=lively.first_s / world.speed, script=script)


def _script(schedule: Schedule) -> Sequence[Slot]:
    fails = any(step.return_code for step in schedule.character.steps)
    return FAILS_TWICE if fails and schedule.character.fails_first is None else SUCCEEDS
