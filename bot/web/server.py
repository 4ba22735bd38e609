"""Health, metrics, Slack over HTTP, and Bolt's webhooks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

log = structlog.get_logger()

BODY_MOST = 1024 * 1024
# With the secret in the path for a sender that can neither sign nor set a header.
WEBHOOKS = ("/paradime/webhooks", "/paradime/webhooks/{secret}")
SHUTDOWN_S = 5.0

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
# The reasons why the bot is not ready; none when it is.
Ready = Callable[[], Awaitable[list[str]]]


class PortTakenError(Exception):
    """Something else listens there; the message is a plain sentence."""


class WebServer:
    """The bot's HTTP server. `slack` and `webhooks` are set once the bot can take their requests; until then they are 503."""

    def __init__(self, ready: Ready) -> None:
        self._ready = ready
        self.slack: Handler | None = None
        self.webhooks: Handler | None = None
        self._runner: web.AppRunner | None = None

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._runner.addresses[0][1]) if self._runner else 0

    async def start(self, host: str, port: int, *, slack_over_http: bool, webhooks: bool = False) -> None:
        """Listen. Raises PortTakenError."""
        app = web.Application(client_max_size=BODY_MOST)
        app.add_routes(
            [web.get("/healthz", self._health), web.get("/readyz", self._readiness), web.get("/metrics", self._metrics)]
        )
        if slack_over_http:
            app.add_routes([web.post("/slack/events", self._slack)])
        if webhooks:
            app.add_routes([web.post(path, self._webhooks) for path in WEBHOOKS])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            await self.stop()
            text = f"Nothing can listen on {host}:{port} ({error.strerror}). Set BOLT_BOT_HTTP_HOST and BOLT_BOT_HTTP_PORT."
            raise PortTakenError(text) from error

    async def stop(self) -> None:
        """Let what is being answered end, within SHUTDOWN_S seconds, and close."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _health(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readiness(self, _request: web.Request) -> web.Response:
        try:
            reasons = await self._ready()
        except Exception as error:  # noqa: BLE001 - it is told in the log; a stranger learns nothing of it
            log.error("the readiness check failed", error=repr(error))
            reasons = ["the check itself failed"]
        if reasons:
            return web.Response(status=503, text="".join(f"{reason}\n" for reason in reasons))
        return web.Response(text="ready\n")

    async def _metrics(self, _request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _slack(self, request: web.Request) -> web.StreamResponse:
        if self.slack is None:
            return web.Response(status=503, text="not ready\n")
        return await self.slack(request)

    async def _webhooks(self, request: web.Request) -> web.StreamResponse:
        if self.webhooks is None:
            return web.Response(status=503, text="not ready\n")
        return await self.webhooks(request)
