"""Health, metrics, Slack over HTTP, and Bolt's webhooks. A stranger learns nothing from them, not even what serves them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

import structlog
from aiohttp import web
from aiohttp.http import HttpProcessingError
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

log = structlog.get_logger()

BODY_MOST = 1024 * 1024
# With the secret in the path for a sender that can neither sign nor set a header.
WEBHOOKS = ("/paradime/webhooks", "/paradime/webhooks/{secret}")
SHUTDOWN_S = 5.0
# Slack waits 3 s for its answer.
READ_S = 10.0

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
# The reasons why the bot is not ready; none when it is.
Ready = Callable[[], Awaitable[list[str]]]


class PortTakenError(Exception):
    """Something else listens there; the message is a plain sentence."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to listen; `settings` names the variables that say so."""

    host: str
    port: int
    settings: str = "BOLT_BOT_HTTP_HOST and BOLT_BOT_HTTP_PORT"


class WebServer:
    """The bot's HTTP server. `slack` and `webhooks` are set once the bot can take their requests; until then they are 503.

    A body has to come within `read_s`.
    """

    def __init__(self, ready: Ready, *, read_s: float = READ_S) -> None:
        self._ready = ready
        self._read_s = read_s
        self.slack: Handler | None = None
        self.webhooks: Handler | None = None
        self._runners: list[_Runner] = []

    @property
    def port(self) -> int:
        """The port that strangers reach."""
        return int(self._runners[0].addresses[0][1]) if self._runners else 0

    @property
    def admin_port(self) -> int:
        """The port with health and metrics."""
        return int(self._runners[-1].addresses[0][1]) if self._runners else 0

    async def start(
        self, place: Place, *, slack_over_http: bool, webhooks: bool = False, admin: Place | None = None
    ) -> None:
        """Listen. With a place of their own, health and metrics are only there. Raises PortTakenError."""
        public, ours = self._routes(slack_over_http=slack_over_http, webhooks=webhooks), self._admin_routes()
        await self._listen(place, public if admin else [*public, *ours])
        if admin:
            await self._listen(admin, ours)

    async def stop(self) -> None:
        """Let what is being answered end, within SHUTDOWN_S seconds, and close."""
        while self._runners:
            await self._runners.pop().cleanup()

    def _routes(self, *, slack_over_http: bool, webhooks: bool) -> list[web.RouteDef]:
        slack = [web.post("/slack/events", self._slack)] if slack_over_http else []
        return slack + ([web.post(path, self._webhooks) for path in WEBHOOKS] if webhooks else [])

    def _admin_routes(self) -> list[web.RouteDef]:
        return [
            web.get("/healthz", self._health),
            web.get("/readyz", self._readiness),
            web.get("/metrics", self._metrics),
        ]

    async def _listen(self, place: Place, routes: Sequence[web.RouteDef]) -> None:
        app = web.Application(client_max_size=BODY_MOST)
        app.on_response_prepare.append(_unnamed)
        app.add_routes(routes)
        runner = _Runner(app, shutdown_timeout=SHUTDOWN_S)
        self._runners.append(runner)
        await runner.setup()
        try:
            await web.TCPSite(runner, place.host, place.port).start()
        except OSError as error:
            await self.stop()
            text = f"Nothing can listen on {place.host}:{place.port} ({error.strerror}). Set {place.settings}."
            raise PortTakenError(text) from error

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

    async def _read(self, request: web.Request) -> None:
        """Have the body, for whoever reads it next. Raises HTTPRequestEntityTooLarge, TimeoutError."""
        async with asyncio.timeout(self._read_s):
            await request.read()

    async def _slack(self, request: web.Request) -> web.StreamResponse:
        await self._read(request)
        if self.slack is None:
            return web.Response(status=503, text="not ready\n")
        return await self.slack(request)

    async def _webhooks(self, request: web.Request) -> web.StreamResponse:
        await self._read(request)
        if self.webhooks is None:
            return web.Response(status=503, text="not ready\n")
        return await self.webhooks(request)


def _constant(handle: Answer) -> Answer:
    """A refusal is its status alone; and a method that is not allowed is as unknown as a path that does not exist."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await handle(request)
        except web.HTTPException as refused:
            return web.Response(status=404 if refused.status == 405 else refused.status)
        except TimeoutError:
            return web.Response(status=408)
        except (HttpProcessingError, web.RequestPayloadError):
            return web.Response(status=400)
        except ConnectionError:
            # Nobody is there any more.
            raise
        except Exception as error:
            # A stranger learns nothing of it.
            log.error("a request over HTTP failed", error=repr(error), exc_info=error)
            return web.Response(status=500)

    return answer


async def _unnamed(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.pop("Server", None)


class _Runner(web.AppRunner):
    """Runs an application, and gives no answer to what is no HTTP: aiohttp's own names it and repeats what came."""

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(_constant(made.request_handler), request_factory=made.request_factory)


class _Server(web.Server):
    def __call__(self) -> web.RequestHandler:
        return _Protocol(self, loop=asyncio.get_running_loop(), access_log=None)  # type: ignore[arg-type]  # as its own runner says that there is none


class _Protocol(web.RequestHandler):
    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> NoReturn:
        """End the connection. A stranger who could fill the log with it has no line there either."""
        del request, status, message
        raise ConnectionResetError from exc
