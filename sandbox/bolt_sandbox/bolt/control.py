"""The control API of the sandbox's Bolt: what happens in Bolt without the bot, and what goes wrong.

GET    /control/bolt/state                 schedules, runs, request counts, faults, settings
GET    /control/bolt/requests              only the request counts
GET    /control/bolt/calls?after=N         the requests after the first N
POST   /control/bolt/runs                  {slug, branch?, commands?, pull_request?, actor?}: start a run in Bolt
POST   /control/bolt/runs/<id>/cancel      {actor?}: cancel a run in Bolt
POST   /control/bolt/runs/<id>/end         {state}: end a run now, with this state
POST   /control/bolt/schedules             {name, slug?, commands, source?, cron?, owner?, suspended?, active?,
                                           exclusive?, triggerable_after_s?}: add a schedule, or replace one
POST   /control/bolt/faults                {kind, count?=1 (null: always), operation?, executes?, …: see Fault}
DELETE /control/bolt/faults                deactivate all faults
POST   /control/bolt/webhooks              {run_id, url, secret?, event?=bolt.run.completed}: post to this machine only
POST   /control/bolt/settings              {speed?, cancel_finished?: error | ok, open_end?: "" | null,
                                           invalid_status?: 200 | 400, url_lives_s?}
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from typing import Any, TypeVar

import aiohttp
from aiohttp import web

from bolt_sandbox.body import read_body
from bolt_sandbox.bolt.calls import CallRecord
from bolt_sandbox.bolt.catalog import own_character
from bolt_sandbox.bolt.faults import fault_from_json
from bolt_sandbox.bolt.model import PERSON, Actor, Refused, Run, Schedule, Start
from bolt_sandbox.bolt.shapes import run_json, schedule_json
from bolt_sandbox.bolt.webhooks import EVENTS, Target, payload, send
from bolt_sandbox.bolt.world import BoltWorld

Json = dict[str, Any]
T = TypeVar("T")
Handler = Callable[[web.Request, Json], Json | Awaitable[Json]]
NOT_SLUG = re.compile(r"[^a-z0-9]+")
INVALID_STATUSES = (200, 400)


class Controls:
    """The control API of one world."""

    def __init__(self, world: BoltWorld) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        """Return all routes."""
        base, run = "/control/bolt", "/control/bolt/runs/{id:[0-9]{1,10}}"
        return [
            web.get(base, self.help),
            web.get(f"{base}/state", self.get_state),
            web.get(f"{base}/requests", self.get_requests),
            web.get(f"{base}/calls", self.get_calls),
            web.post(f"{base}/runs", _posted(self.start)),
            web.post(f"{run}/cancel", _posted(self.cancel)),
            web.post(f"{run}/end", _posted(self.end)),
            web.post(f"{base}/schedules", _posted(self.add_schedule)),
            web.post(f"{base}/faults", _posted(self.add_fault)),
            web.delete(f"{base}/faults", self.clear_faults),
            web.post(f"{base}/settings", _posted(self.settings)),
            web.post(f"{base}/webhooks", _posted(self.webhook)),
        ]

    async def help(self, _request: web.Request) -> web.Response:
        """GET /control/bolt: this page."""
        return web.Response(text=__doc__ or "")

    async def get_state(self, _request: web.Request) -> web.Response:
        """GET /control/bolt/state."""
        return web.json_response(self.state())

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

    def state(self) -> Json:
        """Return the complete state."""
        world = self._world
        schedules = [*world.schedules(), *world.schedules(active=False)]
        return {
            "schedules": [schedule_json(world, each) | {"active": each.active} for each in schedules],
            "runs": [self._run(each) for each in world.runs()],
            "requests": self._requests(),
            "faults": [asdict(each) for each in world.faults.active],
            "settings": self._settings(),
        }

    def start(self, _request: web.Request, body: Json) -> Json:
        """POST /control/bolt/runs."""
        start = Start(
            branch=_text(body, "branch"),
            pull_request=_number(body, "pull_request"),
            commands=tuple((text, None) for text in _texts(body, "commands")),
            reason=_text(body, "reason"),
        )
        return self._run(self._world.start(_needed(body, "slug"), start, _actor(body)))

    def cancel(self, request: web.Request, body: Json) -> Json:
        """POST /control/bolt/runs/<id>/cancel."""
        run_id = int(request.match_info["id"])
        self._world.cancel(run_id, _actor(body))
        return self._run(self._world.run(run_id))

    def end(self, request: web.Request, body: Json) -> Json:
        """POST /control/bolt/runs/<id>/end."""
        run_id = int(request.match_info["id"])
        self._world.end(run_id, _needed(body, "state"))
        return self._run(self._world.run(run_id))

    def add_schedule(self, _request: web.Request, body: Json) -> Json:
        """POST /control/bolt/schedules."""
        name, commands = _needed(body, "name"), _texts(body, "commands")
        if not commands:
            raise ValueError("commands is a list of at least one text")
        slug = _text(body, "slug") or NOT_SLUG.sub("-", name.lower()).strip("-")
        character = replace(own_character(commands), exclusive=_switch(body, "exclusive", default=False))
        made = Schedule(
            0,
            name,
            slug,
            character,
            cron=_text(body, "cron") or "OFF",
            source=_text(body, "source") or "ui",
            owner=_text(body, "owner"),
            suspended=_switch(body, "suspended", default=False),
            active=_switch(body, "active", default=True),
        )
        after_s = float(_number(body, "triggerable_after_s") or 0)
        return schedule_json(self._world, self._world.add_schedule(made, triggerable_after_s=after_s))

    def add_fault(self, _request: web.Request, body: Json) -> Json:
        """POST /control/bolt/faults."""
        self._world.add_fault(fault_from_json(body))
        return {"faults": [asdict(each) for each in self._world.faults.active]}

    def settings(self, _request: web.Request, body: Json) -> Json:
        """POST /control/bolt/settings."""
        world = self._world
        if "speed" in body:
            world.speed = _positive("speed", body["speed"])
        if "cancel_finished" in body:
            world.cancel_finished = _one_of("cancel_finished", body["cancel_finished"], ("error", "ok"))
        if "open_end" in body:
            world.open_end = _one_of("open_end", body["open_end"], ("", None))
        if "invalid_status" in body:
            world.invalid_status = _one_of("invalid_status", body["invalid_status"], INVALID_STATUSES)
        if "url_lives_s" in body:
            world.url_lives_s = _positive("url_lives_s", body["url_lives_s"])
        return self._settings()

    async def webhook(self, _request: web.Request, body: Json) -> Json:
        """POST /control/bolt/webhooks."""
        run_id = _number(body, "run_id")
        if run_id is None:
            raise ValueError("run_id is missing")
        event = _one_of("event", body.get("event", EVENTS[-1]), EVENTS)
        target = Target(_needed(body, "url"), _text(body, "secret") or "")
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
        names = ("speed", "cancel_finished", "open_end", "invalid_status", "url_lives_s")
        return {name: getattr(self._world, name) for name in names}

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


def _posted(handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        # A page of another origin can't send this content type without a CORS preflight.
        if request.content_type != "application/json":
            return web.json_response({"error": "send JSON, with its content type"}, status=415)
        try:
            told = handler(request, read_body(await request.read()))
            return web.json_response(told if isinstance(told, dict) else await told)
        except Refused as refused:
            return web.json_response({"error": str(refused)}, status=409)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)

    return answer


def _call_json(call: CallRecord) -> Json:
    return asdict(call) | {"at": call.at.isoformat()}


def _actor(body: Json) -> Actor:
    name = _text(body, "actor")
    return PERSON if name is None else Actor(name)


def _needed(body: Json, name: str) -> str:
    found = _text(body, name)
    if not found:
        raise ValueError(f"{name} is missing")
    return found


def _text(body: Json, name: str) -> str | None:
    found = body.get(name)
    if found is not None and not isinstance(found, str):
        raise ValueError(f"{name} is not a text")
    return found


def _texts(body: Json, name: str) -> list[str]:
    found = body.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise ValueError(f"{name} is not a list of texts")
    return found


def _number(body: Json, name: str) -> int | None:
    found = body.get(name)
    if found is not None and not isinstance(found, int):
        raise ValueError(f"{name} is not a number")
    return found


def _switch(body: Json, name: str, *, default: bool) -> bool:
    return bool(_one_of(name, body.get(name, default), (True, False)))


def _positive(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise ValueError(f"{name} is a number more than 0")
    return float(value)


def _one_of(name: str, value: object, choices: tuple[T, ...]) -> T:
    for choice in choices:
        if value == choice:
            return choice
    raise ValueError(f"{name} is one of {', '.join(map(repr, choices))}")
