"""Socket Mode: several connections at once, and a watchdog that replaces one that is dead or no longer responds.

The SDK closes the old socket before it opens the new one at each refresh, and after a failed handshake it tries the
same single-use address forever. That's why there are several connections and a watchdog, which requests a new address.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

import structlog
from prometheus_client import Gauge
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from bot.core.model.errors import BotError, CredentialRefused, SlackNotSent, StoreUnavailable
from bot.flows.finish_tasks import cancel_until_done
from bot.network_failure import known, through, why
from bot.proxies import proxy_for
from bot.slack.addresses import SlackAddresses
from bot.slack.errors import cause_of, error_from_answer
from bot.slack.listener_app import ListenerApp, unreadable
from bot.slack.other_deployments import OtherDeployments
from bot.slack.payload_shapes import has_known_shape
from bot.slack.refused_connections import PAUSES_S, RefusedConnections

log = structlog.get_logger()

# Reports how many connections this process holds, and returns how many the whole deployment holds. Raises
# StoreUnavailable.
Held = Callable[[int], Awaitable[int]]
METHOD = "apps.connections.open"
IssueAddress = Callable[[], Coroutine[Any, Any, str]]
Listener = Callable[[AsyncBaseSocketModeClient, SocketModeRequest], Awaitable[None]]

ALIVE = Gauge("bolt_bot_socket_connections", "This process's connections to Slack that are alive.")
WANTED = Gauge(
    "bolt_bot_socket_connections_wanted", "How many connections to Slack this process should have; 0 over HTTP."
)
CONNECTIONS = 2
# Beginnings of the SDK's log lines about failed attempts, one every five seconds per connection. Its other lines stay in
# the log, most importantly those saying that a request couldn't be handled.
ATTEMPT_FAILED = (
    "Failed to connect",
    "Failed to retrieve WSS URL",
    "Failed to send a ",
    "Failed to receive or enqueue a message",
    "Failed to check the current session",
    "Failed to close the old session",
    # When Slack replaces a connection.
    "Failed to run message listeners",
    "The current session",
)
PING_S = 5.0
WATCH_S = 5.0
# Another deployment's connections count only if they last, so our own count isn't compared with Slack's each time we
# look: only at the first look with a live connection, and at every sixth after it.
COMPARE_EACH = 6
# A connection that hasn't answered its pings for this long counts as dead.
DEAF_S = 30.0
# How long a new connection may take before the bot gives up on its address.
COMING_S = 10.0
# Slack gives an app only a few addresses a minute.
RENEW_AGAIN_S = 60.0
# Time for unacknowledged requests at shutdown: Slack waits 3 s for an acknowledgement.
ACKNOWLEDGED_S = 2.0


# The SDK raises these errors if it can't read a response, such as one from a proxy instead of Slack.
UNREADABLE = (TypeError, ValueError, AttributeError, KeyError)
NOT_SLACKS = "the response isn't in Slack's format"


class ForeignAddressError(ConnectionError):
    """The address for a connection isn't Slack's. The error's message is the cause that the log shows."""


def shape_checked(handle: Listener) -> Listener:
    """Wrap a listener: check the payload's shape, and tolerate a connection that closes before the acknowledgement.

    In that case the work is done, but Slack shows the person that the app didn't respond.
    """

    async def heard(client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        try:
            if has_known_shape(request.payload):
                await handle(client, request)
            else:
                # The request is acknowledged, because a second delivery wouldn't help.
                log.warning("a request from Slack wasn't understood", kind=request.type)
                await client.send_socket_mode_response(
                    SocketModeResponse(envelope_id=request.envelope_id, payload=unreadable(request.payload))
                )
        except ConnectionError:
            log.warning("a connection to Slack closed before an acknowledgement was sent", kind=request.type)

    return heard


def checked_address(client: AsyncBaseSocketModeClient) -> IssueAddress:
    """Make the request for a socket's address refuse foreign addresses. Raises ConnectionError."""
    ask, addresses = client.issue_new_wss_url, SlackAddresses(client.web_client.base_url)

    async def issue() -> str:
        url = await ask()
        if not url:
            raise ForeignAddressError(NOT_SLACKS)
        if not addresses.allows_socket(url):
            raise ForeignAddressError("apps.connections.open returned an address that isn't Slack's")
        return url

    return issue


def proxied_address(client: SocketModeClient, ask: IssueAddress) -> IssueAddress:
    """Wrap the request for a socket's address: set the proxy for that address, or none.

    The SDK takes the proxy from the environment, even for hosts in NO_PROXY.
    """

    async def issue() -> str:
        url = await ask()
        client.proxy = proxy_for(url)
        return url

    return issue


def paced_address(ask: IssueAddress, refused: RefusedConnections) -> IssueAddress:
    """Wrap the request for a socket's address: wait first if Slack ended the last connection at once."""

    async def issue() -> str:
        await refused.wait()
        return await ask()

    return issue


async def _alone(count: int) -> int:
    return count


class FailedConnectionFilter(logging.Filter):
    """Removes the SDK's lines about failed attempts from the log, and keeps their last cause for our own line."""

    def __init__(self) -> None:
        super().__init__()
        self.error: BaseException | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line is kept."""
        if record.levelno < logging.WARNING or not str(record.msg).startswith(ATTEMPT_FAILED):
            return True
        self.error = record.exc_info[1] if record.exc_info else self.error
        return False


class SocketModeReceiver:
    """Keep connections to Slack open and pass their requests to the app.

    `watch` is called with None if any connection is alive, or with the error if none is. `held` receives this process's
    number of connections, and returns the whole deployment's.
    """

    def __init__(
        self,
        app: ListenerApp,
        app_token: str,
        *,
        connections: int = CONNECTIONS,
        watch_s: float = WATCH_S,
        watch: Callable[[BotError | None], None] = lambda error: None,  # noqa: ARG005 - watches nothing
        held: Held | None = None,
        other_deployments: OtherDeployments | None = None,
        pauses_s: Sequence[float] = PAUSES_S,
    ) -> None:
        self._attempts = FailedConnectionFilter()
        sdk = logging.getLogger("slack_sdk.socket_mode")
        # The SDK's clients log only with this logger, so that the filter sees all of their lines and no others.
        sdk.filters[:] = [self._attempts]
        self._handlers = [
            AsyncSocketModeHandler(app, app_token, logger=sdk, ping_interval=PING_S) for _ in range(connections)
        ]
        self._stopping = asyncio.Event()
        self._refused = [RefusedConnections(self._stopping, pauses_s) for _ in self._handlers]
        for handler, refused in zip(self._handlers, self._refused, strict=True):
            handler.client.message_listeners.append(self._heard)
            # Unlike other listeners, these are called for a disconnect too.
            handler.client.on_message_listeners.append(refused.hear)
        self._watch_outage = watch
        self._held = held or _alone
        self._other_deployments = other_deployments or OtherDeployments()
        self._began = time.monotonic()
        self._connected = False
        for handler, refused in zip(self._handlers, self._refused, strict=True):
            handler.client.socket_mode_request_listeners[:] = [shape_checked(handler.handle)]  # type: ignore[arg-type]  # the handler's own type of client
            address = proxied_address(handler.client, checked_address(handler.client))
            handler.client.issue_new_wss_url = paced_address(address, refused)  # type: ignore[method-assign]  # the client has no hook for this
        self._app = app
        self._watch_s = watch_s
        self._tasks: list[asyncio.Task[None]] = []
        self._renewing: asyncio.Task[None] | None = None
        self._down_since: dict[int, float] = {}
        self._named: set[int] = set()

    async def start(self) -> None:
        """Begin to connect, and keep trying while Slack is unavailable."""
        WANTED.set(len(self._handlers))
        self._tasks = [asyncio.create_task(self._connect(handler)) for handler in self._handlers]
        self._tasks.append(asyncio.create_task(self._watch()))

    async def stop(self) -> None:
        """Stop taking requests."""
        self._stopping.set()
        tasks = [*self._tasks, self._renewing] if self._renewing else self._tasks
        await cancel_until_done(tasks)
        await self._acknowledged()
        for handler in self._handlers:
            await handler.close_async()

    async def _acknowledged(self) -> None:
        """Wait until received requests are acknowledged.

        Otherwise Slack shows an error, although the requests were carried out.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ACKNOWLEDGED_S):
                await self._app.intake.idle.wait()
        # Requests that arrive from now on are neither handled nor acknowledged: Slack rightly asks the person to try
        # again.
        for handler in self._handlers:
            handler.client.socket_mode_request_listeners.clear()
        # The SDK sends an acknowledgement after the app has returned.
        await asyncio.sleep(ACKNOWLEDGED_S / 20)

    async def ready(self) -> bool:
        """Whether at least one connection is alive."""
        alive = sum([await self._lives(number) for number in range(len(self._handlers))])
        ALIVE.set(alive)
        if alive:
            self._connected, self._attempts.error = True, None
            self._watch_outage(None)
        elif self._connected or time.monotonic() - self._began > COMING_S:
            self._watch_outage(self._why())
        return alive > 0

    def _why(self) -> BotError:
        """Return why there's no connection, as far as the SDK has logged it."""
        client, error = self._handlers[0].client, self._attempts.error
        where = through(client.wss_uri or client.web_client.base_url)
        if cause := next((refused.cause for refused in self._refused if refused.cause), ""):
            return SlackNotSent("socket", cause=cause, where=where)
        if isinstance(error, SlackApiError):
            told = error_from_answer(METHOD, error)
            return (
                told if isinstance(told, CredentialRefused) else SlackNotSent(METHOD, cause=told.sentence, where=where)
            )
        return SlackNotSent("socket", cause=_cause(error), where=where)

    async def _connect(self, handler: AsyncSocketModeHandler) -> None:
        # The SDK retries forever by itself, and raises no usable errors.
        await handler.connect_async()

    async def _lives(self, number: int) -> bool:
        handler = self._handlers[number]
        if self._refused[number].cause or not await handler.client.is_connected():
            return False
        heard = getattr(handler.client, "last_ping_pong_time", None)
        return heard is None or time.time() - heard < DEAF_S

    async def _watch(self) -> None:
        compare = itertools.cycle((True, *[False] * (COMPARE_EACH - 1)))
        while True:
            await asyncio.sleep(self._watch_s)
            alive = await self.ready()
            for number, handler in enumerate(self._handlers):
                await self._mend(number, handler, alone=not alive)
            if alive and next(compare):
                await self._look_for_others()

    async def _look_for_others(self) -> None:
        """Check whether another deployment holds connections of the same app."""
        with contextlib.suppress(StoreUnavailable):
            held = await self._held(len(self._handlers))
            if self._other_deployments.compare(held) and (self._renewing is None or self._renewing.done()):
                # Slack reports the count only when a connection opens. The other connection stays open meanwhile. Not
                # done in the watch task itself: the SDK retries for as long as Slack is unavailable, and raises Slack's
                # refusals.
                self._renewing = asyncio.create_task(self._renew(self._handlers[0]))

    async def _renew(self, handler: AsyncSocketModeHandler) -> None:
        """Replace a connection. If Slack doesn't provide an address, the old one stays."""
        try:
            await handler.client.connect_to_new_endpoint(force=True)
        except Exception as error:  # noqa: BLE001 - any error only means that there's no new information
            log.info("a connection to Slack couldn't be replaced", why=why(error))
            await asyncio.sleep(RENEW_AGAIN_S)

    async def _heard(
        self, _client: AsyncBaseSocketModeClient, message: dict[str, Any], _raw: str | None = None
    ) -> None:
        if message.get("type") == "hello" and isinstance(message.get("num_connections"), int):
            self._other_deployments.note_hello(message["num_connections"])

    async def _mend(self, number: int, handler: AsyncSocketModeHandler, *, alone: bool) -> None:
        """Give a connection that stays dead a new address.

        The loss is logged once, and only if another connection is alive; otherwise, an outage is logged instead.
        """
        now = time.monotonic()
        if await self._lives(number):
            self._down_since.pop(number, None)
            self._named.discard(number)
            return
        since = self._down_since.setdefault(number, now)
        if now - since < COMING_S:
            return
        cause = self._refused[number].cause
        if not alone and number not in self._named:
            self._named.add(number)
            if cause:
                log.warning("Slack refuses a connection", connection=number, why=cause)
            else:
                log.warning("a connection to Slack is dead; requesting a new address", connection=number)
        self._down_since[number] = now
        if cause:
            # The next one is tried after a pause.
            return
        # An address is valid for one handshake, so without this, the SDK would try a used address forever.
        handler.client.wss_uri = None
        if await handler.client.is_connected():
            with contextlib.suppress(Exception):
                await handler.client.disconnect()


def _cause(error: BaseException | None) -> str:
    """Return why an attempt to connect failed, in a few words without addresses."""
    if error is None:
        return "the connection was closed"
    if isinstance(error, ForeignAddressError):
        return str(error)
    return NOT_SLACKS if isinstance(error, UNREADABLE) and not known(error) else cause_of(error)
