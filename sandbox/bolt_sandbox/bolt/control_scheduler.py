"""The control API for the scheduler, the clock and other changes in Bolt, described in bolt_sandbox.bolt.control."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bolt_sandbox.bolt import timetables
from bolt_sandbox.bolt.catalog import own_character
from bolt_sandbox.bolt.control_body import (
    Json,
    number,
    one_of,
    positive,
    posted,
    seconds,
    start_of,
    switch,
    text,
    texts,
)
from bolt_sandbox.bolt.model import Character, Schedule
from bolt_sandbox.bolt.scheduler import MODES, Slot, Timetable
from bolt_sandbox.bolt.shapes import schedule_json
from bolt_sandbox.bolt.warehouse import OUTAGES
from bolt_sandbox.bolt.world import BoltWorld

CROWD_MOST = 10_000
HISTORY_MOST = 1000


class SchedulerControls:
    """The scheduler, the clock, the warehouse, branches, and changes to schedules in one world."""

    def __init__(self, world: BoltWorld) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        """Return all routes."""
        base = "/control/bolt"
        return [
            web.post(f"{base}/scheduler", posted(self.scheduler)),
            web.post(f"{base}/scheduler/{{slug}}", posted(self.timetable)),
            web.post(f"{base}/clock", posted(self.clock)),
            web.post(f"{base}/warehouse", posted(self.warehouse)),
            web.post(f"{base}/commits", posted(self.commits)),
            web.post(f"{base}/crowd", posted(self.crowd)),
            web.post(f"{base}/schedules/{{slug}}", posted(self.change_schedule)),
            web.delete(f"{base}/schedules/{{slug}}", posted(self.remove_schedule)),
        ]

    def state(self) -> Json:
        """Return the settings that these controls change."""
        world = self._world
        tables = {table.slug: _table_json(table) for table in world.scheduler.tables.values()}
        return {
            "clock": {"now": world.clock().isoformat(), "shift_s": world.clock_shift_s},
            "scheduler": {"mode": world.scheduler.mode, "timetables": tables},
            "warehouse": {"away": world.outage is not None, "cause": world.outage},
        }

    def scheduler(self, _request: web.Request, body: Json) -> Json:
        """POST /control/bolt/scheduler."""
        every_s = positive("every_s", body["every_s"]) if body.get("every_s") is not None else None
        timetables.set_mode(self._world, one_of("mode", body.get("mode"), MODES), every_s)
        return self.state()["scheduler"]  # type: ignore[no-any-return]  # it's Json

    def timetable(self, request: web.Request, body: Json) -> Json:
        """POST /control/bolt/scheduler/<slug>."""
        world, slug = self._world, request.match_info["slug"]
        if switch(body, "off", default=False):
            world.scheduler.drop(slug)
            return {"slug": slug}
        # Reading the schedules processes the slots up to now.
        world.schedules()
        table = world.scheduler.tables.get(slug)
        if table is None or {"every_s", "next_in_s", "script"} & set(body):
            table = timetables.put(
                world,
                slug,
                every_s=positive("every_s", body["every_s"]) if body.get("every_s") is not None else None,
                first_s=seconds(body, "next_in_s"),
                script=[_slot(each) for each in body.get("script") or [{}]],
                skips=table.skips if table is not None else 0,
            )
        table.skips = number(body, "skip") or 0 if "skip" in body else table.skips
        return _table_json(table)

    def clock(self, _request: web.Request, body: Json) -> Json:
        """POST /control/bolt/clock."""
        if "shift_s" in body:
            self._world.shift_clock(seconds(body, "shift_s", signed=True) or 0.0)
        if "advance_s" in body:
            self._world.advance(seconds(body, "advance_s") or 0.0)
        return self.state()["clock"]  # type: ignore[no-any-return]  # it's Json

    def warehouse(self, _request: web.Request, body: Json) -> Json:
        """POST /control/bolt/warehouse."""
        away = one_of("away", body.get("away"), (True, False))
        cause = one_of("cause", body.get("cause", OUTAGES[0]), OUTAGES)
        self._world.lose_warehouse(cause if away else None)
        return self.state()["warehouse"]  # type: ignore[no-any-return]  # it's Json

    def commits(self, _request: web.Request, body: Json) -> Json:
        """POST /control/bolt/commits."""
        branch = text(body, "branch") or "main"
        return {"branch": branch, "commit": self._world.move_branch(branch, text(body, "commit"))}

    def crowd(self, _request: web.Request, body: Json) -> Json:
        """POST /control/bolt/crowd."""
        count, runs = number(body, "schedules") or 0, number(body, "runs") or 0
        if not (0 <= count <= CROWD_MOST and 0 <= runs <= HISTORY_MOST):
            raise ValueError(f"schedules is 0 to {CROWD_MOST}, and runs 0 to {HISTORY_MOST}")
        known = {each.slug for each in self._world.schedules()}
        steps = own_character(["dbt build"]).steps
        for at in range(1, count + 1):
            if f"crowd-{at}" not in known:
                character = Character(steps, history="S" * runs)
                cron = f"{at % 60} * * * *"
                made = Schedule(0, f"Crowd {at}", f"crowd-{at}", character, cron=cron, period_s=3600)
                self._world.add_with_history(made)
        return {"schedules": len(self._world.schedules())}

    def change_schedule(self, request: web.Request, body: Json) -> Json:
        """POST /control/bolt/schedules/<slug>."""
        world = self._world
        schedule = world.schedule(request.match_info["slug"])
        schedule.name = text(body, "name") or schedule.name
        schedule.owner = text(body, "owner") if "owner" in body else schedule.owner
        schedule.cron = text(body, "cron") or schedule.cron
        schedule.git_branch = text(body, "git_branch") if "git_branch" in body else schedule.git_branch
        schedule.suspended = switch(body, "suspended", default=schedule.suspended)
        schedule.active = switch(body, "active", default=schedule.active)
        if texts(body, "commands"):
            schedule.character = own_character(texts(body, "commands"))
        to = text(body, "slug") or schedule.slug
        if to != schedule.slug:
            world.move_schedule(schedule.slug, to)
        return schedule_json(world, schedule) | {"active": schedule.active}

    def remove_schedule(self, request: web.Request, _body: Json) -> Json:
        """DELETE /control/bolt/schedules/<slug>."""
        self._world.remove_schedule(request.match_info["slug"])
        return {"removed": request.match_info["slug"]}


def _slot(body: Any) -> Slot:
    if isinstance(body, str):
        body = {"ends": body}
    if not isinstance(body, dict):
        raise ValueError("script is a list of texts or objects")  # noqa: TRY004 - an invalid body
    return Slot(start_of(body), seconds(body, "late_s") or 0.0)


def _table_json(table: Timetable) -> Json:
    return {
        "slug": table.slug,
        "every_s": table.every_s,
        "next_at": table.next_at.isoformat(),
        "skip": table.skips,
        "late": len(table.waiting),
    }
