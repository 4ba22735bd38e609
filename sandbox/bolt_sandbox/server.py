"""The sandbox: a local Slack workspace and a local Bolt API at one address, on the loopback interface only.

Slack's Web API is at /slack/api/, the Bolt API at /bolt/graphql, the control API at /control and the page at /. The
credentials here protect nothing, which is why no other interface is served.
"""

from __future__ import annotations

import asyncio
import gc
import ipaddress
import signal
import sys
from collections.abc import Callable
from typing import Any

from aiohttp import web

from bolt_sandbox import site
from bolt_sandbox.bolt import BoltWorld, CallRecord
from bolt_sandbox.bolt import add_routes as add_bolt_routes
from bolt_sandbox.control import BotControls
from bolt_sandbox.slack import BODY_MOST, SlackRoutes, Workspace
from bolt_sandbox.slack import add_routes as add_slack_routes
from bolt_sandbox.slack.control import posted
from bolt_sandbox.slack.grid import found
from bolt_sandbox.slack.model import Change, Json

SHUTDOWN_S = 2.0
HOW_TO = """\
# Open the workspace in a browser on this machine: {base}  (Ctrl-C stops the sandbox)
# Type a command as @ada in #data-eng:
#   curl -s {base}/control/slash -H 'content-type: application/json' \\
#     -d '{{"user": "ada", "channel": "data-eng", "text": "run nightly"}}'
# Read the channel:   curl -s {base}/control/channels/data-eng
# List all endpoints: curl -s {base}/control"""


class NotLoopbackError(ValueError):
    """The sandbox was asked to listen where other machines could reach it."""


class Sandbox:
    """One sandbox. `workspace` and `bolt` are its two worlds; `slack` acts in the first and delivers its events."""

    def __init__(self, workspace: Workspace, *, bolt: BoltWorld | None = None) -> None:
        self.workspace = workspace
        # The app is installed with the manifest's scopes, so that other calls are refused as in Slack.
        self.workspace.granted = self.workspace.features.scopes
        self.workspace.scopes = set(self.workspace.granted)
        self.bolt = bolt or BoltWorld()
        self.app = web.Application(client_max_size=BODY_MOST, middlewares=[only_loopback, self._tell_of_control])
        self.slack: SlackRoutes = add_slack_routes(self.app, self.workspace, prefix="/slack")
        add_bolt_routes(self.app, self.bolt, prefix="/bolt")
        self.controls = BotControls()
        self.app.add_routes([*self.controls.routes(), *site.routes(), web.post("/control/reset", posted(self._reset))])
        self.bolt.on_call = self._log_bolt
        self.base_url = ""
        self._runner: web.AppRunner | None = None

    def world_changed(self) -> None:
        """Notify listeners that the bot's state or the active faults have changed."""
        self.workspace.tell(Change("world", "", ""))

    async def _reset(self, _body: Json) -> Json:
        """POST /control/reset."""
        await self.reset()
        return {"ok": True}

    async def reset(self) -> None:
        """Reset both worlds to their initial state. The bot stays connected, and no number or ts is reused."""
        await self.slack.delivery.reset()
        self.bolt.reset()
        self.workspace.reset()

    @web.middleware
    async def _tell_of_control(self, request: web.Request, handler: Any) -> web.StreamResponse:  # noqa: ANN401
        response: web.StreamResponse = await handler(request)
        if request.method != "GET" and request.path.startswith("/control/"):
            self.world_changed()
        return response

    def _log_bolt(self, call: CallRecord) -> None:
        outcome = "no answer" if call.status is None else str(call.status)
        details = {"operations": list(call.operations), "ms": round(call.ms), "fault": call.fault}
        self.workspace.log("graphql", "bolt", outcome, **details)

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen, and return the address without a trailing slash. Raises NotLoopbackError, OSError."""
        if not is_loopback(host):
            raise NotLoopbackError(f"The sandbox listens on the loopback interface only, not on {host}.")
        self._runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=SHUTDOWN_S)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        bound = self._runner.addresses[0]
        shown = f"[{host}]" if ":" in host else host
        self.base_url = f"http://{shown}:{bound[1]}"
        self.workspace.base_url = self.base_url
        return self.base_url

    async def stop(self) -> None:
        """Close all connections and stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def env(self, *, socket_mode: bool = True) -> dict[str, str]:
        """Return the environment that points a bot at this sandbox."""
        mode = (
            {"SLACK_APP_TOKEN": self.workspace.app_token}
            if socket_mode
            else {"SLACK_SIGNING_SECRET": self.workspace.signing_secret}
        )
        return {
            "SLACK_BOT_TOKEN": self.workspace.bot_token,
            **mode,
            "SLACK_API_URL": f"{self.base_url}/slack/api/",
            "PARADIME_API_ENDPOINT": f"{self.base_url}/bolt/graphql",
            "PARADIME_API_KEY": "sandbox",
            "PARADIME_API_SECRET": "sandbox",
            "PARADIME_WORKSPACE_UID": "sandbox",
            "PARADIME_APP_URL": self.base_url,
        }


def is_loopback(host: str) -> bool:
    """Whether a host name or address can mean only this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@web.middleware
async def only_loopback(request: web.Request, handler: Any) -> web.StreamResponse:  # noqa: ANN401
    """Refuse a request whose Host isn't this machine, because a website's name may have been made to point here."""
    host = request.host.rpartition(":")[0] if not request.host.endswith("]") else request.host
    if not is_loopback(host or request.host):
        return web.Response(status=403, text="The sandbox answers on the loopback interface only.")
    # A foreign page can send a form here without asking. The bot's requests have no origin.
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"{request.scheme}://{request.host}":
        return web.Response(status=403, text="The sandbox takes nothing from pages of other origins.")
    response: web.StreamResponse = await handler(request)
    return response


async def until_signaled(ready: Callable[[], None] = lambda: None) -> None:
    """Wait for SIGTERM or SIGINT. `ready` is called once both signals are handled."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    ready()
    try:
        await stopped.wait()
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


async def serve(
    port: int,
    speed: float = 1.0,
    *,
    manifest: str,
    host: str = "127.0.0.1",
    socket_mode: bool = True,
    strict: bool = False,
    on_grid: bool = False,
) -> int:
    """Run the sandbox until SIGTERM or SIGINT, after printing a bot's environment. Returns 0.

    `speed` speeds up the Bolt API's clock. `manifest` is the Slack app's, in YAML, which defines the bot's commands,
    scopes and events. `strict` counts Slack's rate limits without tolerance. `on_grid`: the workspace belongs to an
    Enterprise Grid organization.
    """
    sandbox = Sandbox(Workspace(manifest, strict_rates=strict), bolt=BoltWorld(speed=speed))
    if on_grid:
        found(sandbox.workspace)
    base = await sandbox.start(host, port)
    # Scanning the objects from startup in each garbage collection took 40 ms, which looks like network latency to a
    # caller.
    gc.collect()
    gc.freeze()
    try:
        await until_signaled(lambda: introduce(sandbox, base, socket_mode=socket_mode))
    finally:
        await sandbox.stop()
    return 0


def introduce(sandbox: Sandbox, base: str, *, socket_mode: bool) -> None:
    """Print a bot's environment, and what to do next."""
    for name, value in sandbox.env(socket_mode=socket_mode).items():
        say(f"export {name}={value}")
    say(HOW_TO.format(base=base))


def say(text: str) -> None:
    """Print at once: the environment may be read from a pipe."""
    # A message's text may not be encodable as it is.
    sys.stdout.write(f"{text}\n".encode(errors="replace").decode())
    sys.stdout.flush()
