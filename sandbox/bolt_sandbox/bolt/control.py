"""The control API of the sandbox's Bolt: it makes things happen in Bolt without the bot, and makes calls fail.

GET    /control/bolt/state?runs=N          schedules, runs (all, or the newest N and those active), request counts,
                                           faults, settings
GET    /control/bolt/requests              only the request counts
GET    /control/bolt/calls?after=N         the requests after the first N
POST   /control/bolt/runs                  {slug, branch?, commit?, commands?, pull_request?, reason?, parent_id?,
                                           actor?, actor_email?, scheduled?, ago_s?, and its course: see below}: start
                                           a run in Bolt; `scheduled`: as the scheduler would; `ago_s`: as if it had
                                           begun that long ago, so it's already over if `takes_s` isn't longer
POST   /control/bolt/runs/<id>/cancel      {actor?}: cancel a run in Bolt
POST   /control/bolt/runs/<id>/end         {state}: end a run now, with this state
POST   /control/bolt/schedules             {name, slug?, commands, source?, cron?, owner?, suspended?, active?,
                                           exclusive?, triggerable_after_s?}: add a schedule, or replace one
POST   /control/bolt/schedules/<slug>      {slug?, name?, owner?, cron?, git_branch?, suspended?, active?, commands?}:
                                           change a schedule; with another slug it keeps its UUID and its runs
DELETE /control/bolt/schedules/<slug>      remove a schedule; its runs are still found by id
POST   /control/bolt/crowd                 {schedules, runs?=0}: add crowd-1 … up to that number, each with `runs` past runs
POST   /control/bolt/faults                {kind, count?=1 (null: always), operation?, executes?, …: see Fault}
DELETE /control/bolt/faults                deactivate all faults
POST   /control/bolt/webhooks              {run_id, url, secret?, event?=bolt.run.completed}: post to this machine only
POST   /control/bolt/settings              {speed?, cancel_finished?: error | ok, open_end?: "" | null,
                                           invalid_status?: 200 | 400, url_lives_s?, tells_date?,
                                           schedules_late_s?, runs_late_s?, out_of_order?,
                                           last_run?: newest | finished | none, retries_end?=own}
                                           `…_late_s`: listings show Bolt as it was that long ago; `out_of_order`: schedules
                                           in reverse, neighboring runs swapped; `last_run`: the run that lastRunAt and
                                           lastRunState are about, none for null; `tells_date`: the Date header;
                                           `retries_end`: how retries end, one of the `ends` below

Everything that happens by itself (GET …/state has `scheduler`, `clock` and `warehouse`):

POST   /control/bolt/scheduler             {mode: off | lively | all, every_s?}: `lively` adds three schedules and
                                           starts them again and again; `all` starts every schedule with a cron
                                           expression, every `every_s` or at its expression's times. Removes all other
                                           timetables
POST   /control/bolt/scheduler/<slug>      {every_s?, next_in_s?, script?, skip?, off?}: give a schedule a timetable, or
                                           change it; `nextRunAt` follows. Without `every_s` and `next_in_s`, slots
                                           follow the cron expression. `script`: a list of courses, taken in turn, each a
                                           string (its `ends`) or an object, also with `late_s`, branch?, commit?,
                                           commands?, pull_request?; `skip`: the next n slots start nothing
POST   /control/bolt/clock                 {advance_s?, shift_s?}: let time pass at once (runs proceed, slots come); or move
                                           the API's clock, with its Date header, that far from the true time
POST   /control/bolt/warehouse             {away, cause?: refused | timeout}: all active and following runs fail
POST   /control/bolt/commits               {branch?="main", commit?}: move a branch to another commit

A run's course: {ends?=own, state?, slow?=1, takes_s?, listed_after_s?}. `ends`: own (as the schedule's commands go),
success, model_error, other_error (in another model), test_failure, compile_error, warehouse, canceled, skipped; `state`:
what Bolt calls its failure; `slow`: how many times as long as usual it takes; `takes_s`: its whole duration, whatever the
speed; `listed_after_s`: how long after its start listings first show it.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace

import aiohttp
from aiohttp import web

from bolt_sandbox.bolt.calls import CallRecord
from bolt_sandbox.bolt.catalog import own_character
from bolt_sandbox.bolt.control_body import (
    Json,
    needed,
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
from bolt_sandbox.bolt.control_scheduler import SchedulerControls
from bolt_sandbox.bolt.faults import fault_from_json
from bolt_sandbox.bolt.listing import LAST_RUNS
from bolt_sandbox.bolt.model import ENDS, PERSON, SCHEDULER, Actor, Refused, Run, Schedule
from bolt_sandbox.bolt.shapes import run_json, schedule_json
from bolt_sandbox.bolt.webhooks import EVENTS, Target, payload, send
from bolt_sandbox.bolt.world import BoltWorld

NOT_SLUG = re.compile(r"[^a-z0-9]+")
INVALID_STATUSES = (200, 400)


class Controls:
    """The control API of one world."""

    def __init__(self, world: BoltWorld) -> None:
        self._world = world
        self._scheduler = SchedulerControls(world)

    def routes(self) -> list[web.RouteDef]:
        """Return all routes."""
        base, run = "/control/bolt", "/control/bolt/runs/{id:[0-9]{1,10}}"
        return [
            web.get(base, self.help),
            web.get(f"{base}/state", self.get_state),
            web.get(f"{base}/requests", self.get_requests),
            web.get(f"{base}/calls", self.get_calls),
            web.post(f"{base}/runs", posted(self.start)),
            web.post(f"{run}/cancel", posted(self.cancel)),
            web.post(f"{run}/end", posted(self.end)),
            web.post(f"{base}/schedules", posted(self.add_schedule)),
            web.post(f"{base}/faults", posted(self.add_fault)),
            web.delete(f"{base}/faults", self.clear_faults),
            web.post(f"{base}/settings", posted(self.settings)),
            web.post(f"{base}/webhooks", posted(self.webhook)),
            *self._scheduler.routes(),
        ]

    async def help(self, _request: web.Request) -> web.Response:
        """GET /control/bolt: this page."""
        return web.Response(text=__doc__ or "")

    async def get_state(self, request: web.Request) -> web.Response:
        """GET /control/bolt/state."""
        most = request.query.get("runs")
        if most is not None and not most.isdecimal():
            return web.json_response({"error": "runs is not a number"}, status=400)
        return web.json_response(self.state(None if most is None else int(most)))

    async def get_requests(self, _request: web.Request) -> web.Response:
        """GET /control/bolt/requests."""
        return web.json_response(self._requests())

    async def get_calls(self, request: web.Request) -> web.Response:
        """GET /control/bolt/calls."""
        after = request.query.get("after", "0")
        if not after.isdecimal():
            return web.json_response({"error": "after is not a number"}, status=400)
        calls = self._world.calls
        kept = [_call_json(each) for each in calls.after(int(after))]
        return web.json_response({"total": calls.total, "calls": kept})

    async def clear_faults(self, _request: web.Request) -> web.Response:
        """DELETE /control/bolt/faults."""
        self._world.faults.clear()
        return web.json_response({"faults": []})

    def state(self, runs_most: int | None = None) -> Json:
        """Return the complete state, with only the newest `runs_most` runs and those that are active."""
        world = self._world
        runs = [
            each
            for at, each in enumerate(world.runs())
            if runs_most is None or at < runs_most or _is_active(world, each)
        ]
        schedules = [*world.schedules(), *world.schedules(active=False)]
        return {
            "schedules": [schedule_json(world, each) | {"active": each.active} for each in schedules],
            "runs": [self._run(each) for each in runs],
            "requests": self._requests(),
            "faults": [asdict(each) for each in world.faults.active],
            "settings": self._settings(),
            **self._scheduler.state(),
        }

    def start(self, _request: web.Request, body: Json) -> Json:
        """POST /control/bolt/runs."""
        scheduled = switch(body, "scheduled", default=False)
        actor = SCHEDULER if scheduled else _actor(body)
        ago_s = seconds(body, "ago_s") or 0.0
        return self._run(self._world.start(needed(body, "slug"), start_of(body), actor, ago_s=ago_s))

    def cancel(self, request: web.Request, body: Json) -> Json:
        """POST /control/bolt/runs/<id>/cancel."""
        run_id = int(request.match_info["id"])
        self._world.cancel(run_id, _actor(body))
        return self._run(self._world.run(run_id))

    def end(self, request: web.Request, body: Json) -> Json:
        """POST /control/bolt/runs/<id>/end."""
        run_id = int(request.match_info["id"])
        self._world.end(run_id, needed(body, "state"))
        return self._run(self._world.run(run_id))

    def add_schedule(self, _request: web.Request, body: Json) -> Json:
        """POST /control/bolt/schedules."""
        name, commands = needed(body, "name"), texts(body, "commands")
        if not commands:
            raise ValueError("commands is a list of at least one text")
        slug = text(body, "slug") or NOT_SLUG.sub("-", name.lower()).strip("-")
        character = replace(own_character(commands), exclusive=switch(body, "exclusive", default=False))
        made = Schedule(
            0,
            name,
            slug,
            character,
            cron=text(body, "cron") or "OFF",
            source=text(body, "source") or "ui",
            owner=text(body, "owner"),
            suspended=switch(body, "suspended", default=False),
            active=switch(body, "active", default=True),
        )
        after_s = float(number(body, "triggerable_after_s") or 0)
        return schedule_json(self._world, self._world.add_schedule(made, triggerable_after_s=after_s))

    def add_fault(self, _request: web.Request, body: Json) -> Json:
        """POST /control/bolt/faults."""
        self._world.add_fault(fault_from_json(body))
        return {"faults": [asdict(each) for each in self._world.faults.active]}

    def settings(self, _request: web.Request, body: Json) -> Json:
        """POST /control/bolt/settings."""
        world = self._world
        if "speed" in body:
            world.speed = positive("speed", body["speed"])
        if "cancel_finished" in body:
            world.cancel_finished = one_of("cancel_finished", body["cancel_finished"], ("error", "ok"))
        if "open_end" in body:
            world.open_end = one_of("open_end", body["open_end"], ("", None))
        if "invalid_status" in body:
            world.invalid_status = one_of("invalid_status", body["invalid_status"], INVALID_STATUSES)
        if "url_lives_s" in body:
            world.url_lives_s = positive("url_lives_s", body["url_lives_s"])
        world.tells_date = switch(body, "tells_date", default=world.tells_date)
        world.retries_end = one_of("retries_end", body.get("retries_end", world.retries_end), ENDS)
        listing = world.listing
        for name in ("schedules_late_s", "runs_late_s"):
            if name in body:
                setattr(listing, name, seconds(body, name) or 0.0)
        listing.out_of_order = switch(body, "out_of_order", default=listing.out_of_order)
        listing.last_run = one_of("last_run", body.get("last_run", listing.last_run), LAST_RUNS)
        return self._settings()

    async def webhook(self, _request: web.Request, body: Json) -> Json:
        """POST /control/bolt/webhooks."""
        run_id = number(body, "run_id")
        if run_id is None:
            raise ValueError("run_id is missing")
        event = one_of("event", body.get("event", EVENTS[-1]), EVENTS)
        target = Target(needed(body, "url"), text(body, "secret") or "")
        posted = json.dumps(payload(self._world, run_id, event)).encode()
        try:
            return {"status": await send(target, posted)}
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Refused(f"{target.url} does not answer: {type(error).__name__}") from error

    def _requests(self) -> Json:
        calls = self._world.calls
        return {
            "total": calls.total,
            "by_operation": dict(calls.by_operation),
            "fields_by_operation": dict(calls.fields_by_operation),
        }

    def _settings(self) -> Json:
        names = ("speed", "cancel_finished", "open_end", "invalid_status", "url_lives_s", "tells_date", "retries_end")
        return {name: getattr(self._world, name) for name in names} | asdict(self._world.listing)

    def _run(self, run: Run) -> Json:
        view = self._world.view(run.id)
        commands = [
            {
                "id": each.id,
                "command": each.step.command,
                "returnCode": each.return_code,
            }
            for each in view.commands
        ]
        stopped_by = run.stop.by if run.stop else None
        more = {"slug": run.slug, "reason": run.reason, "stopped_by": stopped_by, "commands": commands}
        return run_json(run, self._world.clock()) | more


def _is_active(world: BoltWorld, run: Run) -> bool:
    return world.view(run.id).ended_at is None


def _call_json(call: CallRecord) -> Json:
    return asdict(call) | {"at": call.at.isoformat()}


def _actor(body: Json) -> Actor:
    name = text(body, "actor")
    return PERSON if name is None else Actor(name, text(body, "actor_email"))
