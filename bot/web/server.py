"""HTTP server for health, metrics, Slack's requests and Bolt's webhooks.

The server reveals nothing to strangers, not even its name. docs/operate.md lists all metrics; each is declared beside
the code that it measures.

`bot.readiness` decides whether the bot is ready. Signatures are checked in `bot.slack.signed_requests` and
`bot.web.webhooks`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

import structlog
from aiohttp import web
from aiohttp.http import HttpProcessingError
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, disable_created_metrics, generate_latest

from bot.logging import RareWarning
from bot.web.connections import SHARE, ConnectionLimits, Connections, Phase, affordable
from bot.web.listener import Listener

log = structlog.get_logger()

# The time at which each series was created is of no use here, and would double the number of series.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library's own

BODY_MOST = 1024 * 1024
# With the secret in the path, for a sender that can neither sign nor set a header.
WEBHOOKS = ("/paradime/webhooks", "/paradime/webhooks/{secret}")
SHUTDOWN_S = 5.0
# Slack waits 3 s for a response.
READ_S = 10.0
# The share of connections for health and metrics if they have a port of their own.
ADMIN_SHARE = SHARE / 4

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
# Returns the reasons why the bot isn't ready, or an empty list if it is.
Ready = Callable[[], Awaitable[list[str]]]
MetricsText = Callable[[], Awaitable[bytes]]


class PortTakenError(Exception):
    """The address is already in use. The message is a plain sentence."""


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """An address to listen on. `settings` names the variables that set it."""

    host: str
    port: int
    settings: str = "BOLT_BOT_HTTP_HOST and BOLT_BOT_HTTP_PORT"


class WebServer:
    """The bot's HTTP server.

    `slack` and `webhooks` are set once the bot can handle their requests; until then, the server returns 503. `backlog`
    is set once there's a Redis; its metrics come after those of the process. `notes` returns problems that don't keep
    the bot from being ready.

    A body must arrive within `read_s`. Each port stays within `limits`, and within the process's file descriptors.
    """

    def __init__(self, ready: Ready, *, read_s: float = READ_S, limits: ConnectionLimits | None = None) -> None:
        self._ready = ready
        self._read_s = read_s
        self._limits = limits or ConnectionLimits()
        self._checking: asyncio.Task[list[str]] | None = None
        self.slack: Handler | None = None
        self.webhooks: Handler | None = None
        self.backlog: MetricsText | None = None
        self.notes: Callable[[], list[str]] = list
        self._runners: list[_Runner] = []
        self._handled: set[asyncio.Future[web.StreamResponse]] = set()

    @property
    def port(self) -> int:
        """Return the public port."""
        return self._runners[0].port if self._runners else 0

    @property
    def admin_port(self) -> int:
        """Return the port that serves health and metrics."""
        return self._runners[-1].port if self._runners else 0

    async def start(
        self,
        address: ListenAddress,
        *,
        slack_over_http: bool,
        webhooks: bool = False,
        admin: ListenAddress | None = None,
    ) -> None:
        """Start listening. If `admin` is given, health and metrics are only available there. Raises PortTakenError."""
        public, ours = self._routes(slack_over_http=slack_over_http, webhooks=webhooks), self._admin_routes()
        await self._listen(address, public if admin else [*public, *ours], SHARE - ADMIN_SHARE if admin else SHARE)
        if admin:
            await self._listen(admin, ours, ADMIN_SHARE)

    async def settle(self) -> None:
        """Wait until each accepted request from Slack and Bolt is answered, and its handler has returned.

        Call this once no more requests are accepted, which is when `slack` and `webhooks` are None.
        """
        if self._handled:
            await asyncio.wait(self._handled)

    async def stop(self) -> None:
        """Let responses in progress finish within SHUTDOWN_S seconds, and close."""
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

    async def _listen(self, address: ListenAddress, routes: Sequence[web.RouteDef], share: float) -> None:
        app = web.Application(client_max_size=BODY_MOST)
        app.on_response_prepare.append(_unnamed)
        app.add_routes(routes)
        limits = replace(self._limits, total=min(self._limits.total, affordable(share)))
        runner = _Runner(app, Connections(limits))
        self._runners.append(runner)
        await runner.setup()
        try:
            await runner.listen(address)
        except OSError as error:
            await self.stop()
            text = f"Can't listen on {address.host}:{address.port} ({error.strerror}). Choose another address with {address.settings}."
            raise PortTakenError(text) from error

    async def _health(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readiness(self, _request: web.Request) -> web.Response:
        # A check writes to Redis and may call Slack, so concurrent requests share one.
        if self._checking is None or self._checking.done():
            self._checking = asyncio.create_task(self._check(), name="readiness")
        reasons = await asyncio.shield(self._checking)
        if reasons:
            return web.Response(status=503, text="".join(f"{reason}\n" for reason in reasons))
        return web.Response(text="".join(f"{line}\n" for line in ["ready", *self.notes()]))

    async def _check(self) -> list[str]:
        try:
            return await self._ready()
        except Exception as error:  # noqa: BLE001 - any error is logged, and not shown to strangers
            log.error("the readiness check failed", error=repr(error))
            return ["the check itself failed"]

    async def _metrics(self, _request: web.Request) -> web.Response:
        backlog = await self.backlog() if self.backlog is not None else b""
        return web.Response(body=generate_latest(REGISTRY) + backlog, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _read(self, request: web.Request) -> None:
        """Read the body. Raises HTTPUnsupportedMediaType, HTTPRequestEntityTooLarge, TimeoutError.

        A compressed body is refused before it's read, because neither Slack nor Bolt sends any.
        """
        if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            raise web.HTTPUnsupportedMediaType
        # While the body is incomplete, the connection may be closed to make room: anyone can send half a body.
        _begins(request, Phase.BODY)
        async with asyncio.timeout(self._read_s):
            await request.read()
        _begins(request, Phase.ANSWER)

    async def _slack(self, request: web.Request) -> web.StreamResponse:
        await self._read(request)
        if self.slack is None:
            return web.Response(status=503, text="not ready\n")
        return await self._handle(self.slack, request)

    async def _webhooks(self, request: web.Request) -> web.StreamResponse:
        await self._read(request)
        if self.webhooks is None:
            return web.Response(status=503, text="not ready\n")
        return await self._handle(self.webhooks, request)

    async def _handle(self, handler: Handler, request: web.Request) -> web.StreamResponse:
        # In a task of its own, because the connection's task continues with the next request.
        task = asyncio.ensure_future(handler(request))
        self._handled.add(task)
        task.add_done_callback(self._handled.discard)
        return await asyncio.shield(task)


def _constant(handle: Answer) -> Answer:
    """Wrap a handler: a refusal has only a status, and a wrong method looks like an unknown path."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        _begins(request, Phase.ANSWER)
        try:
            return await handle(request)
        except web.HTTPException as refused:
            return web.Response(status=404) if refused.status in {404, 405} else _last(refused.status)
        except TimeoutError:
            return _last(408)
        except (HttpProcessingError, web.RequestPayloadError):
            return _last(400)
        except ConnectionError:
            # The client has disconnected.
            raise
        except Exception as error:
            # Strangers aren't shown anything about the error.
            log.error("a request over HTTP failed", error=repr(error), exc_info=error)
            return web.Response(status=500)

    return answer


def _begins(request: web.BaseRequest, phase: Phase) -> None:
    protocol = request.protocol
    if isinstance(protocol, _Protocol):
        protocol.begins(phase)


def _last(status: int) -> web.Response:
    """Build the last response on a connection, because any further data might be the rest of this request."""
    answer = web.Response(status=status)
    answer.force_close()
    return answer


async def _unnamed(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.pop("Server", None)


class _Runner(web.AppRunner):
    """Runs an application on one port.

    Input that isn't HTTP gets no response: aiohttp's own would reveal it and echo the input.
    """

    def __init__(self, app: web.Application, connections: Connections) -> None:
        super().__init__(app, shutdown_timeout=SHUTDOWN_S)
        self._connections = connections
        self._listener: Listener | None = None
        self._speaking_with: Callable[[str], web.RequestHandler] | None = None

    @property
    def port(self) -> int:
        """Return the port that it listens on, or 0 if it isn't listening."""
        return self._listener.port if self._listener else 0

    async def listen(self, address: ListenAddress) -> None:
        """Start accepting connections. Call this after `setup`. Raises OSError."""
        if self._speaking_with is None:
            raise RuntimeError("a runner is set up before it listens")
        self._listener = await Listener.bind(address.host, address.port, self._speaking_with, self._connections)

    async def cleanup(self) -> None:
        """Let responses in progress finish, and close."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        await super().cleanup()
        self._connections.stop()

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        server = _Server(_constant(made.request_handler), self._connections, request_factory=made.request_factory)
        self._speaking_with = server.speaking_with
        return server


class _Server(web.Server):
    def __init__(self, handler: Answer, connections: Connections, **options: object) -> None:
        super().__init__(handler, **options)  # type: ignore[arg-type]  # aiohttp's own options, passed on
        self._counted = connections
        self._broken = RareWarning("HTTP requests were cut off or malformed")

    def speaking_with(self, peer: str) -> web.RequestHandler:
        """Return the protocol for a connection from an address."""
        return _Protocol(self, peer, self._counted, self._broken)


class _Protocol(web.RequestHandler):
    """One connection.

    `peer` is the client's address when it connected: after an immediate reset, the socket no longer knows it.
    """

    __slots__ = ("_broken", "_counted", "peer", "phase", "since")

    def __init__(self, server: web.Server, peer: str, connections: Connections, broken: RareWarning) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]  # aiohttp's own runner passes None too
            # Longer than ours, which covers all connections.
            keepalive_timeout=2 * connections.limits.idle_s,
            lingering_time=connections.limits.linger_s,
            auto_decompress=False,
        )
        self._counted = connections
        self._broken = broken
        self.peer = peer
        self.phase = Phase.HEADERS
        self.since = loop.time()

    def begins(self, phase: Phase) -> None:
        """Record that a phase begins now."""
        self.phase, self.since = phase, self._loop.time()

    def abort(self) -> None:
        """Close the connection at once, even with unsent data."""
        transport = self.transport
        if isinstance(transport, asyncio.Transport):
            transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._counted.opened(self)
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._counted.closed(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.phase is Phase.NEXT and data:
            self.begins(Phase.HEADERS)
        super().data_received(data)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        try:
            return await super().finish_response(request, resp, start_time)
        finally:
            self.begins(Phase.NEXT)

    def log_exception(self, *_args: object, **_how: object) -> None:
        """Count errors that aiohttp would log with a traceback, because a stranger can repeat them at will."""
        self._broken.note()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> NoReturn:
        """Close the connection without logging, so that a stranger can't fill the log."""
        del request, status, message
        raise ConnectionResetError from exc
