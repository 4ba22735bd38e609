"""The flows and their workers, built and tied together. The only place that knows them all.

What is opened and closed (Redis, Slack, Bolt, HTTP) is `bot.app`'s; it hands it in as `Services`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from redis.asyncio import Redis

from bot.charts.child import Charts
from bot.core.insight.hints.hint import Table
from bot.core.model.admission import Limits
from bot.core.model.run import CardRef
from bot.core.policy.rules import Policy
from bot.core.redact.row_values import without_row_values
from bot.flows.accept_start import StartAccepter
from bot.flows.active_runs import ActiveRuns
from bot.flows.approve import ApprovalRules, StartApprovals
from bot.flows.artifacts import Artifacts
from bot.flows.audit_query import AuditQuery
from bot.flows.authorize import Authorizer
from bot.flows.cancel import RunCanceller
from bot.flows.conclude import LogReader, RunConcluder
from bot.flows.dbt_results import ResultsReader
from bot.flows.deliver_posts import DeliveryRules, PostDeliverer
from bot.flows.edit_cards import CardEditor
from bot.flows.find_schedule import ScheduleFinder
from bot.flows.follow_run import FollowRequestHandler
from bot.flows.history import HistoryPoster
from bot.flows.home import HomePublisher
from bot.flows.logs import CommandLogs
from bot.flows.pause_schedule import SchedulePauser
from bot.flows.plan_start import StartPlanner
from bot.flows.poll_runs import RunPoller
from bot.flows.post_file import FilePoster
from bot.flows.private_replies import PrivateReplies
from bot.flows.read_schedules import ScheduleReader
from bot.flows.run_form import RunForms
from bot.flows.run_listings import RunListings
from bot.flows.schedule_catalog import ScheduleCatalog
from bot.flows.start import RunStarter, StartRules
from bot.flows.start_queue import QueuedStarts, QueueRules
from bot.flows.status import StatusReader
from bot.flows.tail_log import LogTailer, LogTailRules
from bot.flows.thread_subject import ThreadSubjects
from bot.flows.webhook_hints import WebhookHints
from bot.paradime.client import BoltClient
from bot.paradime.download import Downloader
from bot.settings import Settings
from bot.slack.call_pace import CallPace
from bot.slack.client import SlackChat
from bot.slack.directory import Directory
from bot.slack.external_guard import ExternalGuard
from bot.slack.identity import Identity, card_url
from bot.slack.listener_context import ListenerContext
from bot.slack.memberships import SlackMemberships
from bot.slack.people import SlackPeople
from bot.slack.tasks import TaskRegistry
from bot.slack.views.home import SlackHomeTab
from bot.store.admissions import Admissions
from bot.store.audit_stream import Audit
from bot.store.call_budget import CallBudget
from bot.store.deliveries import Deliveries
from bot.store.directory_cache import DirectoryCache
from bot.store.due_sets import DueSet
from bot.store.heard import Heard
from bot.store.lanes import EditLane, PostLane, SlackBudget
from bot.store.log_tails import LogTails
from bot.store.run_followers import RunFollowers
from bot.store.run_indexes import RunIndexes
from bot.store.runs import Runs
from bot.store.scripts import OutcomeObserver, Scripts
from bot.store.socket_count import SocketCount
from bot.store.start_queue import StartQueue
from bot.store.start_requests import StartRequests
from bot.store.uploads import Uploads
from bot.workers import claims
from bot.workers.worker import Incident, Worker

DAY_S = 86_400
UPLOAD_LEASE_S = 60.0
REQUESTS_AT_ONCE = 20
FEW_AT_ONCE = 10
POLLS_AT_ONCE = 4
# Runs that are asked for alone must not crowd out the others.
STRAYS_A_S = 2.0
# Which workers to wake after a worker's job, or after a click. A worker looks at its own set again by itself. A worker that isn't
# listed looks within a second: waking everyone for everything would be most of what a busy bot does.
WAKES: dict[str, tuple[str, ...]] = {
    "requests": ("posts", "edits", "polls", "queue"),
    "looked": ("posts",),
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
    "approvals": ("requests", "edits"),
    "decided": ("approvals", "requests", "edits"),
    "follows": ("posts",),
    "followed": ("follows",),
    "files": ("posts",),
}


@dataclass(frozen=True, slots=True)
class Services:
    """What the parts work with, opened already. `incident` logs an unexpected fault and gives its reference."""

    redis: Redis
    bolt: BoltClient
    chat: SlackChat
    answers: PrivateReplies
    catalog: ScheduleCatalog
    charts: Charts
    downloads: Downloader
    tasks: TaskRegistry
    mask: Callable[[str], str]
    policy: Policy
    hints: Table
    watch_redis: OutcomeObserver
    incident: Incident


@dataclass(slots=True)
class Wakeups:
    """Wakes the workers for whom something has made work."""

    workers: dict[str, Worker] = field(default_factory=dict)

    def waker(self, name: str) -> Callable[[], None]:
        """What wakes every worker that WAKES lists under a name."""

        def wake() -> None:
            for follower in WAKES[name]:
                self.workers[follower].wake()

        return wake


@dataclass(frozen=True, slots=True)
class Stores:
    """What Redis holds, by kind of record."""

    scripts: Scripts
    admissions: Admissions
    requests: StartRequests
    runs: Runs
    due: dict[str, DueSet]
    edits: EditLane
    posts: PostLane
    run_followers: RunFollowers
    start_queue: StartQueue
    uploads: Uploads
    indexes: RunIndexes


@dataclass(frozen=True, slots=True)
class Flows:
    """The flows that workers carry on, some of which people set off."""

    start: RunStarter
    follow: RunPoller
    conclude: RunConcluder
    cancel: RunCanceller
    show: CardEditor
    tell: PostDeliverer
    follow_log: LogTailer
    adopt: FollowRequestHandler
    queue: QueuedStarts
    approvals: StartApprovals


@dataclass(frozen=True, slots=True)
class Parts:
    """What the parts come to: workers by name, the context with which listeners reach the flows, hints where they are set up.

    `admissions` and the `guard` are asked before any listener is; the `directory` reads who and what there is in Slack.
    `probe` tries whether Redis carries out all that the bot does. `held` counts the connections to Slack of all processes.
    """

    workers: dict[str, Worker]
    listener_context: ListenerContext
    admissions: Admissions
    guard: ExternalGuard
    hints: WebhookHints | None
    probe: Callable[[], Awaitable[None]]
    held: Callable[[int], Awaitable[int]]
    directory: Directory


def build(settings: Settings, services: Services, identity: Identity) -> Parts:
    """Build everything."""
    return _Builder(settings, services, identity).build()


def _as_it_is(text: str) -> str:
    return text


class _Builder:
    """Builds the parts of one process."""

    def __init__(self, settings: Settings, services: Services, identity: Identity) -> None:
        self._settings = settings
        self._services = services
        self._identity = identity
        self._wakeups = Wakeups()
        self._stores = self._build_stores()
        # What is said of a log is masked, and without row values unless they may be shown.
        self._hide = _as_it_is if settings.bolt_bot_show_row_values else without_row_values
        self._logs = LogReader(services.bolt, services.mask, hide=self._hide, hints=services.hints)
        self._listings = RunListings(services.bolt)
        self._bot_name = f"@{identity.name}"
        self._audit = Audit(
            self._stores.scripts, most=settings.bolt_bot_audit_entries, days=settings.bolt_bot_audit_days
        )
        self._cache = DirectoryCache(self._stores.scripts)
        services.chat.pace = CallPace(CallBudget(self._stores.scripts))
        self._people = SlackPeople(
            services.chat,
            self._cache,
            installation=identity.installation,
            bot_name=self._bot_name,
            groups=services.policy.groups,
            domains=services.policy.asks_domain,
        )
        self._guard = ExternalGuard(
            identity.installation, self._people, admits_external=services.policy.admits_external
        )
        services.chat.joined = self._people.joined
        self._gate = Authorizer(
            services.policy,
            self._people,
            self._stores.runs,
            services.catalog,
            self._audit,
            workspace=settings.workspace,
            mask=services.mask,
        )

    def build(self) -> Parts:
        """Stores, flows, workers, and what listeners work with."""
        flows = self._build_flows()
        self._wakeups.workers = self._build_workers(flows)
        return Parts(
            self._wakeups.workers,
            self._build_listener_context(flows),
            self._stores.admissions,
            self._guard,
            self._build_hints(),
            self._stores.scripts.probe,
            SocketCount(self._stores.scripts).share_count,
            self._build_directory(),
        )

    def _build_directory(self) -> Directory:
        services = self._services
        return Directory(
            services.chat,
            self._cache,
            installation=self._identity.installation,
            domains=services.policy.asks_domain,
            incident=services.incident,
        )

    def _mask_log(self, text: str) -> str:
        return self._services.mask(self._hide(text))

    def _now(self) -> datetime:
        return datetime.now(UTC)

    def _card_url(self, card: CardRef) -> str | None:
        return card_url(self._identity, card.channel, card.ts)

    # --- what Redis holds ---

    def _build_stores(self) -> Stores:
        settings, services = self._settings, self._services
        scripts = Scripts(
            services.redis,
            settings.bolt_bot_name,
            retention_s=round(settings.bolt_bot_retention_days * DAY_S),
            watch=services.watch_redis,
        )
        lease_s = settings.bolt_bot_lease_s
        limits = Limits.for_budget(
            settings.bolt_bot_user_limit,
            settings.bolt_bot_channel_limit,
            posts_a_minute=settings.bolt_bot_posts_a_minute,
            deadline_s=settings.bolt_bot_start_deadline_s,
        )
        gaps = {
            "polls": 1 / settings.bolt_bot_poll_requests_a_s,
            "strays": 1 / min(settings.bolt_bot_poll_requests_a_s, STRAYS_A_S),
        }
        names = ("requests", "polls", "strays", "ends", "cancels", "follows", "watches", "queue", "approvals")
        budget = SlackBudget.of(settings.bolt_bot_edits_a_minute, settings.bolt_bot_posts_a_minute)
        return Stores(
            scripts=scripts,
            admissions=Admissions(scripts, limits),
            requests=StartRequests(scripts, limits),
            runs=Runs(scripts),
            due={name: DueSet(scripts, name, lease_s=lease_s, gap_s=gaps.get(name, 0)) for name in names},
            edits=EditLane(scripts, budget, lease_s=lease_s),
            # A file takes longer than a message.
            posts=PostLane(
                scripts, budget, lease_s=lease_s, upload_lease_s=max(min(UPLOAD_LEASE_S, 6 * lease_s), lease_s)
            ),
            run_followers=RunFollowers(scripts),
            start_queue=StartQueue(scripts),
            uploads=Uploads(scripts),
            indexes=RunIndexes(scripts),
        )

    # --- flows ---

    def _build_flows(self) -> Flows:
        settings, services, stores = self._settings, self._services, self._stores
        bolt, chat, answers, runs, due = services.bolt, services.chat, services.answers, stores.runs, stores.due
        app_url, settle_s = settings.paradime_app_url, settings.bolt_bot_lease_s / 3 + 0.5
        looks = self._build_looks()
        follow_rules = LogTailRules(gap_s=settings.bolt_bot_follow_gap_s, settle_s=settle_s, bot_name=self._bot_name)
        follow_log = LogTailer(
            bolt, chat, stores.posts, runs, LogTails(stores.scripts), answers, follow_rules, mask=self._mask_log
        )
        return Flows(
            start=self._build_start(looks),
            follow=RunPoller(
                bolt,
                runs,
                {name: due[name] for name in ("polls", "strays")},
                workspace=settings.workspace,
                mask=services.mask,
                now=self._now,
                poll_min_s=settings.bolt_bot_poll_min_s,
                poll_max_s=settings.bolt_bot_poll_max_s,
            ),
            conclude=RunConcluder(
                self._listings, runs, due["ends"], self._logs, ResultsReader(bolt, services.downloads), self._mask_log
            ),
            cancel=RunCanceller(bolt, runs, due["cancels"], answers, app_url=app_url, now=self._now),
            show=CardEditor(chat, stores.edits, stores.requests, runs, app_url=app_url),
            tell=self._build_tell(follow_log, settle_s),
            follow_log=follow_log,
            adopt=FollowRequestHandler(
                bolt,
                runs,
                stores.run_followers,
                due["watches"],
                answers,
                services.catalog,
                self._listings,
                app_url=app_url,
                card_url=self._card_url,
                mask=services.mask,
                asked=self._wakeups.waker("watched"),
            ),
            approvals=StartApprovals(
                stores.requests,
                due["approvals"],
                looks,
                self._gate,
                ApprovalRules(app_url, settings.bolt_bot_command, settings.bolt_bot_start_deadline_s),
                decided=self._wakeups.waker("decided"),
            ),
            queue=QueuedStarts(
                stores.requests,
                stores.start_queue,
                due["queue"],
                looks,
                self._gate,
                QueueRules(settings.workspace, app_url, settings.bolt_bot_command, longest_s=settings.bolt_bot_queue_s),
                card_url=self._card_url,
                asked=self._wakeups.waker("queued"),
                left=self._wakeups.waker("queue"),
            ),
        )

    def _build_looks(self) -> StartPlanner:
        settings, services = self._settings, self._services
        return StartPlanner(
            services.bolt,
            self._stores.runs,
            services.catalog,
            self._listings,
            workspace=settings.workspace,
            mask=services.mask,
        )

    def _build_start(self, looks: StartPlanner) -> RunStarter:
        settings, services, stores = self._settings, self._services, self._stores
        rules = StartRules(
            settings.workspace,
            settings.paradime_app_url,
            settings.bolt_bot_command,
            deadline_s=settings.bolt_bot_start_deadline_s,
            trigger_s=settings.bolt_bot_api_timeout_s,
        )
        return RunStarter(
            services.bolt,
            services.chat,
            stores.requests,
            stores.runs,
            stores.due["requests"],
            services.answers,
            looks,
            self._gate,
            rules,
            start_queue=stores.start_queue,
            card_url=self._card_url,
        )

    def _build_tell(self, follow_log: LogTailer, settle_s: float) -> PostDeliverer:
        settings, services, stores = self._settings, self._services, self._stores
        uploader = FilePoster(
            services.chat,
            stores.posts,
            stores.uploads,
            services.bolt,
            services.downloads,
            self._logs,
            services.answers,
            mask=services.mask,
            hide=self._hide,
            bot_name=self._bot_name,
            settle_s=settle_s,
        )
        rules = DeliveryRules(
            settings.paradime_app_url,
            self._bot_name,
            settings.bolt_bot_command,
            deadline_s=settings.bolt_bot_start_deadline_s,
            call_s=settings.bolt_bot_lease_s / 3,
            settle_s=settle_s,
        )
        return PostDeliverer(
            services.chat,
            stores.posts,
            stores.requests,
            stores.runs,
            self._logs,
            rules,
            {"upload": uploader.post_requested_file, "follow": follow_log.post_lines},
            start_queue=stores.start_queue,
            followers=stores.run_followers,
            answers=services.answers,
        )

    def _build_hints(self) -> WebhookHints | None:
        settings = self._settings
        if settings.paradime_webhook_secret is None:
            return None
        woken = self._wakeups.workers["polls"].wake
        return WebhookHints(self._services.bolt, self._stores.runs, workspace=settings.workspace, woken=woken)

    # --- workers ---

    def _build_workers(self, flows: Flows) -> dict[str, Worker]:
        stores, due, waker = self._stores, self._stores.due, self._wakeups.waker
        soon_s, bolt = min(1.0, self._settings.bolt_bot_poll_min_s / 2), self._services.bolt
        one_by_one = {
            "ends": flows.conclude.conclude_run,
            "cancels": flows.cancel.advance_cancel,
            "follows": flows.follow_log.advance_tail,
            "watches": flows.adopt.advance_follow_request,
            "queue": flows.queue.advance_queue,
            "approvals": flows.approvals.advance_approval,
        }
        kinds = {
            **{
                name: (
                    claims.claim_one(due[name], advance, waker(name)),
                    FEW_AT_ONCE,
                )
                for name, advance in one_by_one.items()
            },
            "requests": (
                claims.claim_one(
                    due["requests"], flows.start.advance_start, waker("requests"), wake_posts=waker("looked")
                ),
                REQUESTS_AT_ONCE,
            ),
            "polls": (
                claims.claim_batch(
                    due["polls"], flows.follow, waker("polls"), batch=lambda: bolt.batch_limit, soon_s=soon_s
                ),
                POLLS_AT_ONCE,
            ),
            "strays": (
                claims.claim_batch(due["strays"], flows.follow, waker("strays"), batch=lambda: 1, soon_s=0),
                POLLS_AT_ONCE,
            ),
            "posts": (claims.claim_post(stores.posts, flows.tell, waker("posts")), FEW_AT_ONCE),
            "edits": (claims.claim_edit(stores.edits, flows.show), FEW_AT_ONCE),
        }
        return {
            name: Worker(name, claim, most=most, incident=self._services.incident)
            for name, (claim, most) in kinds.items()
        }

    # --- what listeners work with ---

    def _build_listener_context(self, flows: Flows) -> ListenerContext:
        settings, services, stores, waker = self._settings, self._services, self._stores, self._wakeups.waker
        bolt, chat, runs, requests = services.bolt, services.chat, stores.runs, stores.requests
        catalog, mask, app_url = services.catalog, services.mask, settings.paradime_app_url
        finder, status = ScheduleFinder(bolt, catalog), StatusReader(bolt, runs, app_url=app_url, mask=mask)
        accepted = self._wakeups.workers["requests"].wake
        return ListenerContext(
            command=settings.bolt_bot_command,
            me=self._identity,
            workspace=settings.workspace,
            gate=self._gate,
            guard=self._guard,
            people=self._people,
            approvals=flows.approvals,
            record=AuditQuery(self._audit),
            ask=StartAccepter(requests, catalog.slug_of, app_url=app_url, card_url=self._card_url, accepted=accepted),
            cancel=flows.cancel,
            active=ActiveRuns(stores.indexes, stores.start_queue, app_url=app_url, card_url=self._card_url),
            home=self._build_home(),
            forms=RunForms(catalog, bolt, mask=mask),
            views=chat,
            status=status,
            adopt=flows.adopt,
            queue=flows.queue,
            requests=requests,
            runs=runs,
            answers=services.answers,
            chat=chat,
            render=chat.content,
            later=services.tasks.start,
            wishes=waker("wishes"),
            heard=Heard(stores.scripts),
            places=ThreadSubjects(runs, requests, chat, workspace=settings.workspace, app_url=app_url),
            schedules=ScheduleReader(
                bolt,
                catalog,
                finder,
                status,
                workspace=settings.workspace,
                app_url=app_url,
                now=self._now,
            ),
            histories=HistoryPoster(
                bolt,
                finder,
                services.charts,
                chat,
                Deliveries(stores.scripts),
                bot_name=self._bot_name,
                mask=mask,
            ),
            suspend=SchedulePauser(bolt, catalog, finder),
            logs=CommandLogs(bolt, runs, self._logs, stores.uploads, app_url=app_url, mask=self._mask_log),
            artifacts=Artifacts(bolt, runs, stores.uploads, mask=mask),
            follow_log=flows.follow_log,
            followed=waker("followed"),
            posts=waker("files"),
        )

    def _build_home(self) -> HomePublisher:
        settings, chat = self._settings, self._services.chat
        return HomePublisher(
            self._stores.indexes,
            self._stores.start_queue,
            SlackMemberships(chat),
            self._stores.requests,
            SlackHomeTab(chat),
            self._gate,
            app_url=settings.paradime_app_url,
            command=settings.bolt_bot_command,
            card_url=self._card_url,
            now=self._now,
        )
