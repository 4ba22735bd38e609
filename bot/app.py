"""The bot: opens its connections, builds the parts (`bot.wiring`), and starts and stops them.

`bot.process` reacts to signals, and `bot.readiness` decides whether the bot is ready.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, TypeVar

import structlog
from redis.asyncio import Redis

from bot.build_info import BuildInfo
from bot.charts.child import Charts
from bot.core.model.asker import Asker
from bot.core.model.errors import (
    BoltDenied,
    BoltError,
    BoltRejected,
    SlackError,
    SlackRefused,
    StoreUnavailable,
    StoreUnfit,
)
from bot.core.text.message import Message
from bot.flows.cooperative import Intake
from bot.flows.finish_tasks import cancel_until_done
from bot.flows.private_replies import PrivateReplies
from bot.flows.schedule_catalog import ScheduleCatalog
from bot.flows.webhook_hints import WebhookHints
from bot.heartbeat import Heartbeat
from bot.live_files import load_files
from bot.logging import log_end, log_fault
from bot.paradime.client import BoltClient, ClientLimits
from bot.paradime.credentials import Credentials
from bot.paradime.download import Downloader
from bot.readiness import Readiness
from bot.service_outage import ServiceOutage
from bot.settings import Settings
from bot.shutdown import ShutdownStep, run_shutdown
from bot.slack import actions, commands, events, shortcuts, views
from bot.slack.admission import admission_middleware
from bot.slack.client import UPLOAD_S, SlackChat
from bot.slack.external_guard import external_guard_middleware
from bot.slack.identity import (
    Identity,
    TokenRefusedError,
    app_id,
    app_of_bot,
    check_app_token,
    check_same_app,
    identify,
)
from bot.slack.listener_app import build_app, register_fallbacks
from bot.slack.signed_requests import CLOCK_MOST_S, http_handler
from bot.slack.socket_mode import SocketModeReceiver
from bot.slack.tasks import TaskRegistry
from bot.store.connect import check, close, connect
from bot.store.data_owner import DataOwner, claim_data
from bot.store.embedded import STOP_S, EmbeddedRedis
from bot.store.scripts import Scripts
from bot.web.connections import ConnectionLimits
from bot.web.server import SHUTDOWN_S, ListenAddress, PortTakenError, WebServer
from bot.web.webhooks import Webhooks
from bot.wiring import Parts, Services, build
from bot.workers.pool import WorkerPool

log = structlog.get_logger()
T = TypeVar("T")

DRAIN_S = 18.0
# Time for acknowledging received requests and closing the connections to Slack.
INTAKE_S = 5.0
CLOSE_S = 2.0
AWAY_AGAIN_S = 2.0
MEGABYTE = 1_000_000


class CannotServeError(Exception):
    """The bot can't start, or can't continue. The message is one plain line."""


class App:
    """One process of the bot."""

    def __init__(self, settings: Settings, mask: Callable[[str], str]) -> None:
        self._settings = settings
        self._mask = mask
        # Read right away, because the files may change while the bot waits for Slack or Bolt.
        self._files = load_files(settings, mask)
        self._outages = {name: ServiceOutage(name) for name in ("redis", "bolt", "slack")}
        self._embedded: EmbeddedRedis | None = None
        self._redis: Redis | None = None
        self._socket: SocketModeReceiver | None = None
        self._hints: WebhookHints | None = None
        self._pool: WorkerPool | None = None
        self._loops: list[asyncio.Task[None]] = []
        self._slack = SlackChat(
            settings.slack_bot_token.get_secret_value(),
            settings.slack_api_url,
            mask,
            call_s=settings.slack_call_s,
            upload_s=min(UPLOAD_S, 2 * settings.bolt_bot_lease_s),
            watch=self._outages["slack"],
        )
        self._readiness = Readiness(self._slack, self._outages)
        self._web = WebServer(
            self._readiness.not_ready, limits=ConnectionLimits(per_peer=settings.bolt_bot_http_peer_connections)
        )
        self._web.notes = self._files.reloader.notes
        self._answers = PrivateReplies(self._slack)
        self._charts = Charts()
        self._intake = Intake()
        self._tasks = TaskRegistry(log_fault, self._answers.reply_privately)
        self._bolt = BoltClient(
            settings.paradime_api_endpoint,
            credentials(settings),
            ClientLimits(
                timeout_s=settings.bolt_bot_api_timeout_s, body_most=settings.bolt_bot_log_limit_mb * MEGABYTE
            ),
            watch=self._outages["bolt"],
        )
        self._catalog = ScheduleCatalog(self._bolt)
        self._downloads = Downloader(settings.paradime_api_endpoint)

    async def start(self) -> None:
        """Start everything, waiting while Slack or Bolt is merely unavailable. Raises CannotServeError."""
        began = time.monotonic()
        settings = self._settings
        build = BuildInfo.of(settings.bolt_bot_revision)
        build.publish()
        try:
            await self._web.start(
                ListenAddress(settings.bolt_bot_http_host, settings.bolt_bot_http_port),
                slack_over_http=not settings.socket_mode,
                webhooks=settings.paradime_webhook_secret is not None,
                admin=_admin(settings),
            )
            self._print_ports()
            await self._open_redis()
            identity, _ = await asyncio.gather(self._when_there(self._identify), self._when_there(self._bolt.check))
            await self._take_data(identity)
        except (PortTakenError, StoreUnavailable, StoreUnfit, TokenRefusedError) as refused:
            raise CannotServeError(str(refused)) from refused
        except BoltDenied as refused:
            text = f"Bolt refused the API key ({refused.detail}). Check PARADIME_API_KEY and PARADIME_API_SECRET."
            raise CannotServeError(text) from refused
        except BoltRejected as refused:
            text = f"Bolt refused the request: {refused.sentence.rstrip('.')}. Check PARADIME_API_ENDPOINT."
            raise CannotServeError(text) from refused
        await self._begin(identity)
        log.info(
            "started",
            seconds=round(time.monotonic() - began, 2),
            socket_mode=settings.socket_mode,
            version=build.version,
            revision=build.revision or None,
        )

    def reload_files(self) -> None:
        """Read the policy, owners, watches and hints again, once the bot has started."""
        self._files.reloader.ask()

    async def run_until(self, stopped: asyncio.Event) -> None:
        """Run until stopped. Raises CannotServeError if the embedded Redis or a worker ends by itself.

        A worker isn't restarted in place, because its state after an error is unknown. A supervisor restarts the
        process, which continues from what is in Redis.
        """
        stop = asyncio.ensure_future(stopped.wait())
        ends = [asyncio.ensure_future(ended) for ended in self._ends()]
        try:
            await asyncio.wait({stop, *ends}, return_when=asyncio.FIRST_COMPLETED)
            if not stopped.is_set():
                raise CannotServeError(next(end.result() for end in ends if end.done()))
        finally:
            for one in (stop, *ends):
                one.cancel()

    def _ends(self) -> Iterator[Awaitable[str]]:
        """Yield one awaitable for each indispensable part.

        It waits until the part has ended, and returns a sentence about it.
        """
        if self._embedded is not None:
            yield _redis_ended(self._embedded)
        if self._pool is not None:
            yield _worker_died(self._pool)

    async def stop(self) -> None:
        """Stop taking requests, finish running work, and close. Errors are logged, and the rest is closed anyway."""
        until = time.monotonic() + DRAIN_S
        self._readiness.taking_in = False
        self._web.slack = self._web.webhooks = None
        await run_shutdown(tuple(self._steps(until)), log_fault)
        log.info("stopped")

    def _steps(self, until: float) -> Iterator[ShutdownStep]:
        """Yield the steps to close everything, in order. Jobs may run until `until` on the monotonic clock."""
        if self._socket is not None:
            yield ShutdownStep("the connections to Slack", self._socket.stop, INTAKE_S)
        # The hints and tasks that these requests have led to are finished next.
        yield ShutdownStep("requests over HTTP", self._web.settle, INTAKE_S)
        if self._hints is not None:
            yield ShutdownStep("hints", self._hints.close, CLOSE_S)
        yield ShutdownStep("tasks", lambda: self._tasks.drain(max(0.0, until - time.monotonic()) / 2), DRAIN_S)
        yield ShutdownStep("loops", self._stop_loops, CLOSE_S)
        yield ShutdownStep("workers", lambda: self._drain(until), DRAIN_S + CLOSE_S)
        yield ShutdownStep("HTTP", self._web.stop, SHUTDOWN_S + CLOSE_S)
        yield ShutdownStep("the list of schedules", self._catalog.close, CLOSE_S)
        yield ShutdownStep("the Bolt client", self._bolt.aclose, CLOSE_S)
        yield ShutdownStep("downloads", self._downloads.aclose, CLOSE_S)
        yield ShutdownStep("the Slack client", self._slack.close, CLOSE_S)
        if self._redis is not None:
            redis = self._redis
            yield ShutdownStep("Redis", lambda: close(redis), CLOSE_S)
        if self._embedded is not None:
            yield ShutdownStep("the embedded Redis", self._embedded.stop, STOP_S + CLOSE_S)

    def _loop(self, name: str, running: Coroutine[Any, Any, None]) -> None:
        """Run something until the bot stops. An error that ends it is logged at once, not only when the bot stops."""
        task = asyncio.create_task(running, name=name)
        task.add_done_callback(log_end)
        self._loops.append(task)

    async def _stop_loops(self) -> None:
        await cancel_until_done(self._loops)

    async def _drain(self, until: float) -> None:
        late = await self._pool.stop(until) if self._pool is not None else 0
        if late:
            log.warning("stopped before some jobs were done; another process will take them over", jobs=late)

    # --- starting ---

    def _print_ports(self) -> None:
        """Print the ports that the system picked, as assignments, so that the calling program can reach the bot."""
        ports = (
            ("BOLT_BOT_HTTP_PORT", self._settings.bolt_bot_http_port, self._web.port),
            ("BOLT_BOT_ADMIN_PORT", self._settings.bolt_bot_admin_port, self._web.admin_port),
        )
        lines = [f"{name}={bound}\n" for name, asked, bound in ports if asked == 0]
        # In one write, so that a program that reads the first line can rely on the second.
        sys.stdout.write("".join(lines))
        sys.stdout.flush()

    async def _open_redis(self) -> None:
        if self._settings.redis_url is not None:
            url = self._settings.redis_url.get_secret_value()
        else:
            self._embedded = EmbeddedRedis(self._settings.bolt_bot_data_dir)
            url = await self._embedded.start()
        self._redis = connect(url)
        for warning in await check(self._redis, self._settings.bolt_bot_name):
            log.warning(warning)

    async def _take_data(self, identity: Identity) -> None:
        """Check that the data in Redis under our name is ours. Raises StoreUnfit if it belongs to another bot."""
        settings, mine = self._settings, data_owner_of(self._settings, identity)
        if self._redis is None:
            raise RuntimeError("Redis is opened before anything that needs it")
        scripts = Scripts(self._redis, settings.bolt_bot_name, retention_s=1, watch=self._outages["redis"])
        theirs = await claim_data(scripts, settings.bolt_bot_name, mine, adopt=settings.bolt_bot_adopt)
        if theirs is not None:
            log.warning(
                "took over the data of another bot: its cards can no longer be edited, its runs are no longer followed, and "
                "ends that it had not posted are lost; unset BOLT_BOT_ADOPT now",
                before=theirs.difference_from(mine),
                now=mine.difference_from(theirs),
            )

    async def _identify(self) -> Identity:
        identity = await identify(self._slack)
        ahead_s = self._slack.clock_off_s or 0.0
        if abs(ahead_s) > CLOCK_MOST_S:
            log.warning(
                "this machine's clock differs from Slack's: synchronize it with NTP", ahead_of_slack_s=round(ahead_s)
            )
        if self._settings.slack_app_token is not None:
            token = self._settings.slack_app_token.get_secret_value()
            await check_app_token(self._slack, token)
            with contextlib.suppress(SlackRefused):
                check_same_app(await app_of_bot(self._slack, identity), app_id(token))
        return identity

    async def _when_there(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Retry until the service is available. Other errors are raised."""
        while True:
            try:
                return await ask()
            except (BoltDenied, BoltRejected):
                raise
            except (BoltError, SlackError):
                await asyncio.sleep(AWAY_AGAIN_S)

    async def _begin(self, identity: Identity) -> None:
        settings = self._settings
        self._slack.bot_user = identity.bot_user
        parts = self._build(identity)
        context, self._pool = parts.listener_context, WorkerPool(parts.workers, parts.lookout, log_fault)

        def tell(asker: Asker, message: Message) -> None:
            context.later(context.tell(asker, message), asker)

        token = settings.slack_bot_token.get_secret_value()
        before = (
            admission_middleware(parts.admissions, identity, tell, context.later),
            external_guard_middleware(parts.guard, tell),
        )
        app = build_app(self._slack.web, token, identity, before, log_fault, tell, self._intake)
        commands.register(app, context)
        actions.register(app, context)
        events.register(app, context)
        views.register(app, context)
        shortcuts.register(app, context)
        register_fallbacks(app, tell, settings.bolt_bot_command)
        self._pool.start()
        self._loop("directory", parts.directory.run())
        self._loop("watches file", parts.watch_keeper.run())
        self._loop("reload", self._files.reloader.run())
        if settings.slack_app_token is not None:
            self._socket = SocketModeReceiver(
                app,
                settings.slack_app_token.get_secret_value(),
                watch=self._outages["slack"].of("socket"),
                held=parts.held,
            )
            self._readiness.socket = self._socket
            await self._socket.start()
        elif settings.slack_signing_secret is not None:
            self._web.slack = http_handler(
                app, settings.slack_signing_secret.get_secret_value(), lambda: self._slack.clock_off_s
            )
        self._readiness.taking_in = True
        if settings.bolt_bot_heartbeat_url is not None:
            heartbeat = Heartbeat(settings.bolt_bot_heartbeat_url.get_secret_value(), self._readiness.not_ready)
            self._loop("heartbeat", heartbeat.run())
        # The list is read now, so that the first person to open the form gets suggestions.
        self._catalog.refresh_soon()

    def _build(self, identity: Identity) -> Parts:
        if self._redis is None:
            raise RuntimeError("Redis is opened before anything that needs it")
        parts = build(
            self._settings,
            Services(
                redis=self._redis,
                bolt=self._bolt,
                chat=self._slack,
                answers=self._answers,
                catalog=self._catalog,
                charts=self._charts,
                downloads=self._downloads,
                tasks=self._tasks,
                intake=self._intake,
                mask=self._mask,
                policy=self._files.policy,
                hints=self._files.hints,
                owners=self._files.owners,
                watches=self._files.watches,
                watch_redis=self._outages["redis"],
                report_fault=log_fault,
            ),
            identity,
        )
        self._hints, self._readiness.probe = parts.hints, parts.probe
        self._web.backlog = parts.backlog.text
        if parts.hints is not None and self._settings.paradime_webhook_secret is not None:
            secret = self._settings.paradime_webhook_secret.get_secret_value()
            self._web.webhooks = Webhooks(secret, parts.hints.take_hint).handle
        return parts


async def _redis_ended(embedded: EmbeddedRedis) -> str:
    await embedded.ended()
    return "The embedded Redis has stopped unexpectedly. Restart the bot: the data in Redis is kept."


async def _worker_died(pool: WorkerPool) -> str:
    return f"{await pool.died()} Restart the bot: it continues from the data in Redis."


def _admin(settings: Settings) -> ListenAddress | None:
    """Return the separate address for health and metrics, or None if they share the main one."""
    if settings.bolt_bot_admin_port is None:
        return None
    host = settings.bolt_bot_admin_host or settings.bolt_bot_http_host
    return ListenAddress(host, settings.bolt_bot_admin_port, "BOLT_BOT_ADMIN_HOST and BOLT_BOT_ADMIN_PORT")


def data_owner_of(settings: Settings, identity: Identity) -> DataOwner:
    """Return this bot as an owner of data in Redis."""
    token = settings.slack_app_token
    app = app_id(token.get_secret_value()) if token else ""
    return DataOwner(identity.team, identity.team_name, identity.bot_id, app, settings.workspace)


def credentials(settings: Settings) -> Credentials:
    """Read the Bolt API's credentials from the settings."""
    return Credentials(
        settings.paradime_api_secret.get_secret_value(),
        settings.paradime_api_key.get_secret_value() if settings.paradime_api_key else "",
        settings.paradime_workspace_uid or "",
    )
