"""The sandbox's Bolt API over HTTP: GraphQL, downloads and a page per run.

Faults are taken from `bolt_sandbox.bolt.faults`, and operations are resolved in `bolt_sandbox.bolt.resolvers`.
"""

from __future__ import annotations

import html
import json
import time
from collections.abc import Iterable
from email.utils import format_datetime
from typing import Any

from aiohttp import web
from graphql import GraphQLError

from bolt_sandbox.bolt import artifacts
from bolt_sandbox.bolt.auth import actor_of
from bolt_sandbox.bolt.calls import CallRecord
from bolt_sandbox.bolt.context import Context
from bolt_sandbox.bolt.control import Controls
from bolt_sandbox.bolt.faults import Fault
from bolt_sandbox.bolt.graphql_execution import Asked, invalid, read_query, run_query
from bolt_sandbox.bolt.model import Refused
from bolt_sandbox.bolt.run_state import RunView
from bolt_sandbox.bolt.world import BoltWorld

HOLD_STEP_S = 0.05
HTML_OF_A_PROXY = "<!doctype html><title>Checking your browser</title><p>One moment, please."
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Run {id}</title>
<h1>Run {id} of {schedule}</h1><p>State: <strong>{state}</strong></p><ol>{commands}</ol></html>"""


class BadBody(Exception):  # noqa: N818 - an answer, with status 400
    """The body isn't a GraphQL request."""


def add_routes(app: web.Application, world: BoltWorld, prefix: str = "/bolt") -> None:
    """Serve a world below `prefix`, and its control API below /control/bolt. `app` may have other routes."""
    http = BoltHttp(world, prefix)
    app.add_routes(
        [
            web.post(f"{prefix}/graphql", http.graphql),
            web.get(f"{prefix}/artifacts/{{token}}", http.artifact),
            web.get(f"{prefix}/run_id/{{id:[0-9]{{1,10}}}}", http.run_page),
            *Controls(world).routes(),
        ]
    )

    async def tell_date(request: web.Request, response: web.StreamResponse) -> None:
        """Replace the server's Date header, which is this machine's, with the API's."""
        if request.path.startswith(f"{prefix}/"):
            response.headers.popall("Date", None)
            if world.tells_date:
                response.headers["Date"] = format_datetime(world.clock(), usegmt=True)

    app.on_response_prepare.append(tell_date)


class BoltHttp:
    """The request handlers of one world."""

    def __init__(self, world: BoltWorld, prefix: str) -> None:
        self._world = world
        self._prefix = prefix

    async def graphql(self, request: web.Request) -> web.StreamResponse:
        """POST …/graphql."""
        at, began = self._world.clock(), time.perf_counter()
        seen = _Seen()
        try:
            response = await self._answer(request, seen)
        except _Dropped:
            response = None
        ms = (time.perf_counter() - began) * 1000
        status = None if response is None else response.status
        self._world.record(CallRecord(at, seen.operations, status, ms, seen.fault))
        return response if response is not None else _dropped(request)

    async def artifact(self, request: web.Request) -> web.Response:
        """GET …/artifacts/<token>: the token, valid for a minute, is the only credential that is accepted."""
        found = self._world.presigned(request.match_info["token"])
        self._world.downloads.append((found.path if found else "", dict(request.headers)))
        if "Authorization" in request.headers:
            return web.Response(status=400, text="Only one auth mechanism is allowed")
        if found is None:
            return web.Response(status=403, text="Request has expired")
        name = found.path.rpartition("/")[2]
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        own = self._world.files.get(found.path)
        if own is not None:
            return web.Response(body=own, headers=headers)
        return web.json_response(artifacts.content(found.path, found.content_of), headers=headers)

    async def run_page(self, request: web.Request) -> web.Response:
        """GET …/run_id/<id>: a plain page for people."""
        try:
            run = self._world.run(int(request.match_info["id"]))
        except Refused as refused:
            return web.Response(status=404, text=str(refused))
        page = _page(run.id, self._world.name_of(run.slug), self._world.view(run.id))
        return web.Response(
            text=page,
            content_type="text/html",
            headers={"Content-Security-Policy": "default-src 'none'"},
        )

    async def _answer(self, request: web.Request, seen: _Seen) -> web.Response:
        if self._world.faults.is_away():
            seen.fault = "away"
            raise _Dropped
        try:
            body = _read_body(await request.read())
        except BadBody as error:
            return web.Response(status=400, text=str(error))
        try:
            asked = read_query(body["query"], body["operationName"])
        except GraphQLError as error:
            return self._errors([error])
        seen.operations = asked.operations
        struck = self._world.faults.take(asked.operations, len(asked.operations))
        seen.fault = ", ".join(each.kind for each in struck) or None
        for slow in struck:
            if slow.kind == "slow":
                await self._world.sleep(slow.latency_s)
        call = _Call(request, asked, body, struck)
        if call.answer is None:
            return self._execute(call)
        return await self._go_wrong(call, call.answer)

    async def _go_wrong(self, call: _Call, fault: Fault) -> web.Response:
        executes = fault.executes or fault.kind == "drop_after"
        answer = self._execute(call) if executes else None
        if fault.kind == "timeout":
            await self._hold(call.request, fault.hold_s)
            return answer or self._execute(call)
        if fault.kind in ("drop_after", "away"):
            raise _Dropped
        return _faulty(fault, len(call.asked.operations))

    async def _hold(self, request: web.Request, hold_s: float | None) -> None:
        if hold_s is not None:
            await self._world.sleep(hold_s)
            return
        while request.transport is not None and not request.transport.is_closing():
            await self._world.sleep(HOLD_STEP_S)
        raise _Dropped

    def _execute(self, call: _Call) -> web.Response:
        actor = actor_of(call.request.headers)
        if actor is None:
            return web.Response(status=401, text="Unauthorized: the API key or token is not valid")
        errors = invalid(call.asked, call.lacks)
        if errors:
            return self._errors(errors)
        base_url = f"{call.request.scheme}://{call.request.host}{self._prefix}"
        context = Context(self._world, actor, base_url, call.lost)
        result = run_query(
            call.asked,
            call.body["variables"],
            call.body["operationName"],
            context,
            call.lacks,
        )
        for fault in context.lost_asked:
            self._world.faults.strike_lost_run(fault)
        return web.json_response(result.formatted)

    def _errors(self, errors: Iterable[GraphQLError]) -> web.Response:
        return web.json_response(
            {"errors": [each.formatted for each in errors]},
            status=self._world.invalid_status,
        )


class _Dropped(Exception):  # noqa: N818 - not an error: it closes the connection
    """The connection has to be closed without a response."""


class _Seen:
    """Details of a request collected for its record."""

    def __init__(self) -> None:
        self.operations: tuple[str, ...] = ()
        self.fault: str | None = None


class _Call:
    """A parsed request, and the faults that affect it."""

    def __init__(
        self,
        request: web.Request,
        asked: Asked,
        body: dict[str, Any],
        struck: list[Fault],
    ) -> None:
        self.request = request
        self.asked = asked
        self.body = body
        self.lost = [each for each in struck if each.kind == "lost_run"]
        self.lacks = tuple(name for each in struck if each.kind == "old_backend" for name in each.lacks)
        self.answer = next(
            (each for each in struck if each.kind not in ("slow", "lost_run", "old_backend")),
            None,
        )


def _read_body(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise BadBody("The body is not JSON") from error
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        raise BadBody("The body is not an object with a query")
    variables, name = body.get("variables"), body.get("operationName")
    if variables is not None and not isinstance(variables, dict):
        raise BadBody("variables is not an object")
    return {
        "query": body["query"],
        "variables": variables,
        "operationName": name if isinstance(name, str) else None,
    }


def _faulty(fault: Fault, fields: int) -> web.Response:
    if fault.kind == "not_json":
        return web.Response(text=HTML_OF_A_PROXY, content_type="text/html")
    if fault.kind == "no_data":
        return web.json_response({})
    if fault.kind == "graphql_error":
        return web.json_response({"errors": [{"message": fault.message}], "data": None})
    if fault.kind == "too_large":
        message = f"The query asks for {fields} fields, which is more than {fault.most}"
        error = {"message": message, "extensions": {"code": "BAD_USER_INPUT"}}
        return web.json_response({"errors": [error]}, status=fault.http_status)
    headers = {} if fault.retry_after_s is None else {"Retry-After": f"{fault.retry_after_s:g}"}
    return web.Response(status=fault.status, text=f"error {fault.status}", headers=headers)


def _dropped(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _page(run_id: int, schedule: str, view: RunView) -> str:
    commands = "".join(
        f"<li><code>{html.escape(each.step.command)}</code>"
        f" {'is running' if each.return_code is None else f'exit code {each.return_code}'}</li>"
        for each in view.commands
    )
    return PAGE.format(
        id=run_id,
        schedule=html.escape(schedule),
        state=html.escape(view.state),
        commands=commands,
    )
