"""Control API of the bot itself, if the sandbox runs it.

GET  /control/bot    {run_by_sandbox, state: stopped | starting | running | stopping, pid, starts}
POST /control/bot    {do: kill | stop | start | restart}: SIGKILL, SIGTERM, or a new process on the same data
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from bolt_sandbox.body import BadRequest
from bolt_sandbox.child import Child
from bolt_sandbox.slack.control import posted
from bolt_sandbox.slack.model import Json, Refused


class BotControls:
    """Kills and starts the bot. `child` is None if it runs elsewhere, or not at all."""

    def __init__(self) -> None:
        self.child: Child | None = None

    def routes(self) -> list[web.RouteDef]:
        """Return all routes."""
        return [web.get("/control/bot", self.get), web.post("/control/bot", posted(self.post))]

    async def get(self, _request: web.Request) -> web.Response:
        """GET /control/bot."""
        return web.json_response(self._state())

    async def post(self, body: Json) -> Json:
        """POST /control/bot."""
        if self.child is None:
            raise Refused("bot_runs_elsewhere")
        actions: dict[str, Callable[[], Awaitable[None]]] = {
            "kill": self.child.kill,
            "stop": self.child.stop,
            "start": self.child.start,
            "restart": self.child.restart,
        }
        action = actions.get(str(body.get("do")))
        if action is None:
            raise BadRequest(f"do is one of {', '.join(actions)}")
        await action()
        return self._state()

    def _state(self) -> Json:
        child = self.child
        if child is None:
            return {"run_by_sandbox": False, "state": "stopped", "pid": None, "starts": 0}
        return {"run_by_sandbox": True, "state": child.state, "pid": child.pid, "starts": child.starts}
