"""The composition root: builds the parts, starts and stops them. The only place that knows them all."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import structlog
from redis.asyncio import Redis

from bot.charts.child import Charts
from bot.core.errors import BoltDenied, BoltError, BoltRejected, SlackError, StoreAway, StoreUnfit
from bot.core.redact import Redactor
from bot.core.run import CardRef
from bot.flows.active import Active
from bot.flows.adopt import Adopt
from bot.flows.answer import Answers
from bot.flows.artifacts import Artifacts
from bot.flows.ask import Ask
from bot.flows.cancel import Cancel
from bot.flows.catalog import Catalog
from bot.flows.conclude import Conclude, LogReader
from bot.flows.find import Finder
from bot.flows.follow import Follow
from bot.flows.following import FollowLog, FollowRules
from bot.flows.form import Forms
from bot.flows.hint import Hints
from bot.flows.history import Histories
from bot.flows.home import Home
from bot.flows.listings import Listings
from bot.flows.logs import Logs
from bot.flows.look import Looks
from bot.flows.place import Places
from bot.flows.ports import Limits
from bot.flows.queue import Queue, QueueRules
from bot.flows.results import ResultsReader
from bot.flows.schedules import Schedules
from bot.flows.show import Show
from bot.flows.start import Start, StartRules
from bot.flows.status import Status
from bot.flows.suspend import Suspend
from bot.flows.tell import Tell, TellRules
from bot.flows.upload import Uploader
from bot.logging import configure, incident_id
from bot.outage import Outage
from bot.paradime.client import BoltClient, ClientLimits
from bot.paradime.credentials import Credentials
from bot.paradime.download import Downloader
from bot.settings import Settings
from bot.slack import actions, commands, events, shortcuts, views
from bot.slack.client import SlackChat
from bot.slack.desk import Desk
from bot.slack.http import handler
from bot.slack.intake import build_app, register_fallbacks
from bot.slack.memberships import SlackMemberships
from bot.slack.preflight import Identity, TokenRefusedError, card_url, check_app_token, identify
from bot.slack.socket import SocketIntake
from bot.slack.tasks import TaskRegistry
from bot.slack.views.home import SlackHomeTab
from bot.store.connect import alive, check, close, connect
from bot.store.deliveries import Deliveries
from bot.store.due import DueSet
from bot.store.embedded import Embedded
from bot.store.followings import Followings
from bot.store.heard import Heard
from bot.store.indexes import Indexes
from bot.store.lanes import Budget, Edits, Posts
from bot.store.lines import Lines
from bot.store.requests import Requests
from bot.store.runs import Runs
from bot.store.scripts import Scripts
from bot.store.uploads import Uploads
from bot.store.watches import Watches
from bot.web.server import PortTakenError, WebServer
from bot.web.webhooks import Webhooks
from bot.workers import claims
from bot.workers.loop import Worker

log = structlog.get_logger()
T = TypeVar("T")

DRAIN_S = 18.0
AWAY_AGAIN_S = 2.0
DAY_S = 86_400
MEGABYTE = 1_000_000
UPLOAD_LEASE_S = 60.0
REQUESTS_AT_ONCE = 20
FEW_AT_ONCE = 10
POLLS_AT_ONCE = 4
# Runs that are asked for alone must not crowd out the others.
STRAYS_A_S = 2.0
READY_WITHIN_S = 2.0
# For whom a worker's jobs, and a click on Cancel, make work. Its own set a worker looks at again by itself, and what is
# not rung for is seen a second later: ringing everyone for everything would be most of what a busy bot does.
RINGS: dict[str, tuple[str, ...]] = {
    "requests": ("posts", "edits", "polls", "queue"),
    "polls": ("edits", "ends", "cancels", "queue"),
    "strays": ("edits", "ends", "cancels", "polls", "queue"),
    "ends": ("edits", "posts"),
    "cancels": ("edits", "polls"),
    "posts": ("requests", "edits", "watches", "queue"),
    "watches": ("posts", "polls"),
    "queue": ("requests", "edits"),
    "watched": ("watches",),
    "queued": ("posts", "polls"),
    "wishes": ("cancels", "edits", "polls"),
    "follows": ("posts",),
    "followed": ("follows",),
    "files": ("posts",),
}


class CannotServeError(Exception):
    """The bot cannot start, or go on; the message is one plain line."""


async def run(settings: Settings) -> int:
    """Run until SIGTERM or SIGINT; the exit status."""
    redactor = Redactor(settings.secrets())
    configure(settings.bolt_bot_log_format, settings.bolt_bot_log_level, redactor.mask)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    bot = App(settings, redactor.mask)
    try:
        await _unless_stopped(bot.start(), stopped)
        # What a process has from its start it keeps to its end. To look through it each time took 40 ms of standing still.
        gc.collect()
        gc.freeze()
        await bot.run_until(stopped)
    except CannotServeError as refused:
        sys.stderr.write(f"{redactor.mask(str(refused))}\n")
        return 1
    finally:
        await bot.stop()
    return 0


async def _unless_stopped(starting: Awaitable[None], stopped: asyncio.Event) -> None:
    """Starting may wait for Slack or Bolt as long as they are away; SIGTERM ends that wait."""
    start = asyncio.ensure_future(starting)
    stop = asyncio.ensure_future(stopped.wait())
    await asyncio.wait({start, stop}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if start.done():
        start.result()
        return
    start.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await start


class App:
    """One process of the bot."""

    def __init__(self, settings: Settings, mask: Callable[[str], str]) -> None:
        self._settings = settings
        self._mask = mask
        self._outages = {name: Outage(name) for name in ("redis", "bolt", "slack")}
        self._embedded: Embedded | None = None
        self._redis: Redis | None = None
        # Any key of ours: in a cluster it says which server is asked.
        self._key = f"{{bolt:{settings.bolt_bot_name}}}:"
        self._socket: SocketIntake | None = None
        self._hints: Hints | None = None
        self._workers: dict[str, Worker] = {}
        self._working: list[asyncio.Task[None]] = []
        self._web = WebServer(self._not_ready)
        self._taking_in = False
        self._slack = SlackChat(
            settings.slack_bot_token.get_secret_value(),
            settings.slack_api_url,
            mask,
            call_s=settings.bolt_bot_lease_s / 3,
            watch=self._outages["slack"],
        )
        self._answers = Answers(self._slack)
        self._charts = Charts()
        self._tasks = TaskRegistry(incident, self._answers.privately)
        self._bolt = BoltClient(
            settings.paradime_api_endpoint,
            credentials(settings),
            ClientLimits(
                timeout_s=settings.bolt_bot_api_timeout_s, body_most=settings.bolt_bot_log_limit_mb * MEGABYTE
            ),
            watch=self._outages["bolt"],
        )
        self._catalog = Catalog(self._bolt)
        self._downloads = Downloader(settings.paradime_api_endpoint)

    async def start(self) -> None:
        """Start everything. Raises CannotServeError; waits as long as Slack or Bolt are merely away."""
        began = time.monotonic()
        settings = self._settings
        try:
            await self._web.start(
                settings.bolt_bot_http_host,
                settings.bolt_bot_http_port,
                slack_over_http=not settings.socket_mode,
                webhooks=settings.paradime_webhook_secret is not None,
            )
            await self._open_redis()
            identity, _ = await asyncio.gather(self._when_there(self._identify), self._when_there(self._bolt.check))
        except (PortTakenError, StoreAway, StoreUnfit, TokenRefusedError) as refused:
            raise CannotServeError(str(refused)) from refused
        except BoltDenied as refused:
            text = "Bolt refuses the API key: check PARADIME_API_KEY and PARADIME_API_SECRET."
            raise CannotServeError(text) from refused
        except BoltRejected as refused:
            text = f"Bolt refuses: {refused.sentence.rstrip('.')}. Check PARADIME_API_ENDPOINT."
            raise CannotServeError(text) from refused
        await self._begin(identity)
        log.info("started", seconds=round(time.monotonic() - began, 2), socket_mode=settings.socket_mode)

    async def run_until(self, stopped: asyncio.Event) -> None:
        """Work until told to stop. Raises CannotServeError where the embedded Redis ends by itself: nothing is stored then."""
        stop = asyncio.ensure_future(stopped.wait())
        ended = asyncio.ensure_future(self._embedded.ended()) if self._embedded else None
        await asyncio.wait({stop, ended} if ended else {stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if ended is not None and ended.done() and not stopped.is_set():
            raise CannotServeError("The embedded Redis has ended by itself. Start me again; its data is kept.")
        if ended is not None:
            ended.cancel()

    async def stop(self) -> None:
        """Take nothing more in, finish what is in hand, close."""
        until = time.monotonic() + DRAIN_S
        self._taking_in = False
        self._web.slack = self._web.webhooks = None
        if self._socket is not None:
            await self._socket.stop()
        if self._hints is not None:
            await self._hints.close()
        await self._tasks.drain(max(0.0, until - time.monotonic()) / 2)
        for worker in self._workers.values():
            worker.stop()
        # A claim that is on its way still brings jobs: first the loops end, then their jobs are waited for.
        await asyncio.gather(*self._working, return_exceptions=True)
        late = [await worker.drain(max(0.0, until - time.monotonic())) for worker in self._workers.values()]
        if sum(late):
            log.warning("broke off what was in hand; another process takes it up", jobs=sum(late))
        await self._web.stop()
        await self._catalog.close()
        await self._bolt.aclose()
        await self._downloads.aclose()
        await self._slack.close()
        if self._redis is not None:
            await close(self._redis)
        if self._embedded is not None:
            await self._embedded.stop()
        log.info("stopped")

    # --- starting ---

    async def _open_redis(self) -> None:
        if self._settings.redis_url is not None:
            url = self._settings.redis_url.get_secret_value()
        else:
            self._embedded = Embedded(self._settings.bolt_bot_data_dir)
            url = await self._embedded.start()
        self._redis = connect(url)
        for warning in await check(self._redis, self._key):
            log.warning(warning)

    async def _identify(self) -> Identity:
        identity = await identify(self._slack)
        if self._settings.slack_app_token is not None:
            await check_app_token(self._slack, self._settings.slack_app_token.get_secret_value())
        return identity

    async def _when_there(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask until the service is there. Anything but being away is for the caller."""
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
        desk = self._build(identity)
        app = build_app(
            self._slack.web,
            settings.slack_bot_token.get_secret_value(),
            settings.slack_signing_secret.get_secret_value() if settings.slack_signing_secret else "",
            identity,
            incident,
        )
        commands.register(app, desk)
        actions.register(app, desk)
        events.register(app, desk)
        views.register(app, desk)
        shortcuts.register(app, desk)
        register_fallbacks(app)
        self._working = [asyncio.create_task(worker.run(), name=name) for name, worker in self._workers.items()]
        if settings.slack_app_token is not None:
            self._socket = SocketIntake(app, settings.slack_app_token.get_secret_value())
            await self._socket.start()
        elif settings.slack_signing_secret is not None:
            self._web.slack = handler(app, settings.slack_signing_secret.get_secret_value())
        self._taking_in = True
        # So that the first who opens the form finds something in it.
        self._catalog.refresh_soon()

    def _build(self, identity: Identity) -> Desk:
        """The flows and their workers, and the desk at which listeners reach them."""
        settings, bolt, chat = self._settings, self._bolt, self._slack
        if self._redis is None:
            raise RuntimeError("Redis is opened before anything that needs it")
        scripts = Scripts(
            self._redis,
            settings.bolt_bot_name,
            retention_s=round(settings.bolt_bot_retention_days * DAY_S),
            watch=self._outages["redis"],
        )
        lease_s, deadline_s = settings.bolt_bot_lease_s, settings.bolt_bot_start_deadline_s
        limits = Limits(settings.bolt_bot_user_limit, settings.bolt_bot_channel_limit)
        requests, runs = Requests(scripts, limits), Runs(scripts)
        due = {
            name: DueSet(scripts, name, lease_s=lease_s, gap_s=gap_s)
            for name, gap_s in {
                "requests": 0,
                "polls": 1 / settings.bolt_bot_poll_requests_a_s,
                "strays": 1 / min(settings.bolt_bot_poll_requests_a_s, STRAYS_A_S),
                "ends": 0,
                "cancels": 0,
                "follows": 0,
                "watches": 0,
                "queue": 0,
            }.items()
        }
        budget = Budget.of(settings.bolt_bot_edits_a_minute, settings.bolt_bot_posts_a_minute)
        edits = Edits(scripts, budget, lease_s=lease_s)
        posts = Posts(scripts, budget, lease_s=lease_s, upload_lease_s=max(UPLOAD_LEASE_S, lease_s))
        answers, catalog, listings, logs = self._answers, self._catalog, Listings(bolt), LogReader(bolt, self._mask)
        app_url, now = settings.paradime_app_url, lambda: datetime.now(UTC)

        start_rules = StartRules(
            settings.workspace,
            app_url,
            command=settings.bolt_bot_command,
            deadline_s=deadline_s,
            trigger_s=settings.bolt_bot_api_timeout_s,
        )
        watches, lines = Watches(scripts, limits), Lines(scripts, limits)

        def its_url(card: CardRef) -> str | None:
            return card_url(identity, card.channel, card.ts)

        looks = Looks(
            bolt,
            runs,
            catalog,
            listings,
            workspace=settings.workspace,
            command=settings.bolt_bot_command,
            mask=self._mask,
        )
        bot_name, settle_s = f"@{identity.name}", lease_s / 3 + 0.5
        uploads = Uploads(scripts)
        uploader = Uploader(
            chat,
            posts,
            uploads,
            bolt,
            self._downloads,
            logs,
            answers,
            mask=self._mask,
            bot_name=bot_name,
            settle_s=settle_s,
        )
        follow_rules = FollowRules(gap_s=settings.bolt_bot_follow_gap_s, settle_s=settle_s, bot_name=bot_name)
        follow_log = FollowLog(bolt, chat, posts, runs, Followings(scripts), answers, follow_rules, mask=self._mask)
        tell_rules = TellRules(app_url, bot_name, deadline_s=deadline_s, call_s=lease_s / 3, settle_s=settle_s)
        others = {"upload": uploader.send, "follow": follow_log.send}
        start = Start(
            bolt,
            chat,
            requests,
            runs,
            due["requests"],
            answers,
            looks,
            start_rules,
            lines=lines,
            card_url=its_url,
        )
        tell = Tell(
            chat, posts, requests, runs, logs, tell_rules, others, lines=lines, watches=watches, answers=answers
        )
        follow = Follow(
            bolt,
            runs,
            due["polls"],
            workspace=settings.workspace,
            mask=self._mask,
            now=now,
            poll_min_s=settings.bolt_bot_poll_min_s,
            poll_max_s=settings.bolt_bot_poll_max_s,
        )
        cancel = Cancel(bolt, runs, due["cancels"], answers, app_url=app_url, now=now)
        adopt = Adopt(
            bolt,
            runs,
            watches,
            due["watches"],
            answers,
            catalog,
            listings,
            app_url=app_url,
            card_url=its_url,
            mask=self._mask,
            asked=self._ring("watched"),
        )
        queue = Queue(
            requests,
            lines,
            due["queue"],
            looks,
            QueueRules(settings.workspace, app_url, longest_s=settings.bolt_bot_queue_s),
            card_url=its_url,
            asked=self._ring("queued"),
            left=self._ring("queue"),
        )
        self._workers = self._build_workers(
            due,
            edits,
            posts,
            start=start,
            follow=follow,
            conclude=Conclude(listings, runs, due["ends"], logs, ResultsReader(bolt, self._downloads), self._mask),
            cancel=cancel,
            show=Show(chat, edits, requests, runs, app_url=app_url),
            tell=tell,
            follow_log=follow_log,
            adopt=adopt,
            queue=queue,
        )

        if settings.paradime_webhook_secret is not None:
            self._hints = Hints(bolt, runs, workspace=settings.workspace, woken=self._workers["polls"].wake)
            secret = settings.paradime_webhook_secret.get_secret_value()
            self._web.webhooks = Webhooks(secret, self._hints.take).handle

        indexes, command = Indexes(scripts), settings.bolt_bot_command
        home = Home(
            indexes,
            SlackMemberships(chat),
            requests,
            SlackHomeTab(chat),
            app_url=app_url,
            command=command,
            card_url=its_url,
            now=now,
        )
        finder = Finder(bolt, catalog)
        status = Status(bolt, runs, app_url=app_url, mask=self._mask)
        schedules = Schedules(
            bolt,
            catalog,
            finder,
            status,
            workspace=settings.workspace,
            app_url=app_url,
            command=settings.bolt_bot_command,
            now=now,
        )
        histories = Histories(
            bolt,
            finder,
            self._charts,
            chat,
            answers,
            Deliveries(scripts),
            bot_name=f"@{identity.name}",
            mask=self._mask,
        )
        ask = Ask(requests, app_url=app_url, card_url=its_url, accepted=self._workers["requests"].wake)
        return Desk(
            command=settings.bolt_bot_command,
            me=identity,
            workspace=settings.workspace,
            ask=ask,
            cancel=cancel,
            active=Active(indexes, app_url=app_url, command=command, card_url=its_url),
            home=home,
            forms=Forms(catalog, bolt, mask=self._mask),
            views=chat,
            status=status,
            adopt=adopt,
            queue=queue,
            requests=requests,
            runs=runs,
            answers=answers,
            chat=chat,
            render=chat.content,
            later=self._tasks.start,
            wishes=self._ring("wishes"),
            heard=Heard(scripts),
            places=Places(runs, requests, chat, workspace=settings.workspace, app_url=app_url),
            schedules=schedules,
            histories=histories,
            suspend=Suspend(bolt, catalog, finder),
            logs=Logs(bolt, runs, logs, uploads, app_url=app_url, mask=self._mask),
            artifacts=Artifacts(bolt, uploads, mask=self._mask),
            follow_log=follow_log,
            followed=self._ring("followed"),
            posts=self._ring("files"),
        )

    def _build_workers(
        self,
        due: dict[str, DueSet],
        edits: Edits,
        posts: Posts,
        *,
        start: Start,
        follow: Follow,
        conclude: Conclude,
        cancel: Cancel,
        show: Show,
        tell: Tell,
        follow_log: FollowLog,
        adopt: Adopt,
        queue: Queue,
    ) -> dict[str, Worker]:
        ring, soon_s = self._ring, min(1.0, self._settings.bolt_bot_poll_min_s / 2)
        kinds = {
            "requests": (
                claims.each(due["requests"], start.advance, ring("requests"), most=FEW_AT_ONCE),
                REQUESTS_AT_ONCE,
            ),
            "polls": (
                claims.batches(
                    due["polls"], follow, ring("polls"), batch=lambda: self._bolt.batch_limit, soon_s=soon_s
                ),
                POLLS_AT_ONCE,
            ),
            "strays": (claims.batches(due["strays"], follow, ring("strays"), batch=lambda: 1, soon_s=0), POLLS_AT_ONCE),
            "ends": (claims.each(due["ends"], conclude.advance, ring("ends"), most=FEW_AT_ONCE), FEW_AT_ONCE),
            "cancels": (claims.each(due["cancels"], cancel.advance, ring("cancels"), most=FEW_AT_ONCE), FEW_AT_ONCE),
            "follows": (
                claims.each(due["follows"], follow_log.advance, ring("follows"), most=FEW_AT_ONCE),
                FEW_AT_ONCE,
            ),
            "watches": (claims.each(due["watches"], adopt.advance, ring("watches"), most=FEW_AT_ONCE), FEW_AT_ONCE),
            "queue": (claims.each(due["queue"], queue.advance, ring("queue"), most=FEW_AT_ONCE), FEW_AT_ONCE),
            "posts": (claims.posts(posts, tell, ring("posts")), FEW_AT_ONCE),
            "edits": (claims.edits(edits, show), FEW_AT_ONCE),
        }
        return {name: Worker(name, claim, most=most, incident=incident) for name, (claim, most) in kinds.items()}

    def _ring(self, name: str) -> Callable[[], None]:
        """Tells those for whom this has made work."""

        def ring() -> None:
            for follower in RINGS[name]:
                self._workers[follower].wake()

        return ring

    # --- readiness ---

    async def _not_ready(self) -> list[str]:
        """Why the bot is not ready, in words that tell a stranger nothing."""
        if not self._taking_in:
            return ["starting or stopping"]
        reasons = []
        try:
            async with asyncio.timeout(READY_WITHIN_S):
                if self._redis is None or not await alive(self._redis, self._key):
                    reasons.append("redis does not answer")
        except Exception as error:  # noqa: BLE001 - whatever is wrong with Redis, it is a reason
            log.debug("redis does not answer", why=str(error))
            reasons.append("redis does not answer")
        if self._socket is not None and not await self._socket.ready():
            reasons.append("slack is not connected")
        return reasons


def incident(where: str, error: BaseException) -> str:
    """Log an unexpected fault under a short name, which people are told."""
    reference = incident_id()
    details = "".join(traceback.format_exception(error))
    log.error("unexpected fault", reference=reference, where=where, error=repr(error), details=details)
    return reference


def credentials(settings: Settings) -> Credentials:
    """What the settings say of the Bolt API's credentials."""
    return Credentials(
        settings.paradime_api_secret.get_secret_value(),
        settings.paradime_api_key.get_secret_value() if settings.paradime_api_key else "",
        settings.paradime_workspace_uid or "",
    )
