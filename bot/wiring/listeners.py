"""Build the dependencies of Slack's listeners and the handler of Bolt's webhooks."""

from __future__ import annotations

from bot.flows.accept_start import StartAccepter
from bot.flows.active_runs import ActiveRuns
from bot.flows.answer_guess import GuessAnswerer
from bot.flows.artifacts import Artifacts
from bot.flows.audit_query import AuditQuery
from bot.flows.channel_permission import ChannelPermissions
from bot.flows.channel_watches import ChannelWatches
from bot.flows.check_owners import OwnerChecker
from bot.flows.complete_run_form import RunForms
from bot.flows.complete_watch_form import WatchForms
from bot.flows.describe_watch import WatchDescriber
from bot.flows.find_schedule import ScheduleFinder
from bot.flows.handle_incident import IncidentHandler
from bot.flows.handle_outage import OutageHandler
from bot.flows.history import ChartSharer, HistoryPoster
from bot.flows.home import HomePublisher
from bot.flows.list_failing import FailingLister
from bot.flows.logs import CommandLogs
from bot.flows.pause_schedule import SchedulePauser
from bot.flows.preview_watch import WatchPreviewer
from bot.flows.read_digest import DigestReader
from bot.flows.read_home import HomePageReader
from bot.flows.read_schedules import ScheduleReader
from bot.flows.set_digest import DigestSetter
from bot.flows.status import StatusReader
from bot.flows.thread_subject import ThreadSubjects
from bot.flows.watch_schedules import ScheduleWatcher
from bot.flows.watched_channels import WatchedChannels
from bot.flows.webhook_hints import WebhookHints
from bot.slack.listener_context import ListenerContext
from bot.slack.views.home import SlackHomeTab
from bot.store.deduplication import MESSAGES, PICTURES, Deduplication
from bot.wiring.base import Base
from bot.wiring.flows import Flows
from bot.wiring.wakeups import WakeEvent


def build_listener_context(base: Base, flows: Flows) -> ListenerContext:
    """Build the listeners' context: the workers' flows, and the flows that need no worker."""
    settings, services, stores, waker = base.settings, base.services, base.stores, base.wakeups.waker
    bolt, chat, runs, requests = services.bolt, services.chat, stores.runs, stores.requests
    catalog, mask, app_url = services.catalog, services.mask, settings.paradime_app_url
    finder, status = ScheduleFinder(bolt, catalog), StatusReader(bolt, runs, app_url=app_url, mask=mask)
    accepted, memberships = waker(WakeEvent.START_ACCEPTED), base.clients.memberships
    return ListenerContext(
        prefix=settings.bolt_bot_command,
        me=base.identity,
        workspace=settings.workspace,
        gate=base.clients.gate,
        guard=base.clients.guard,
        people=base.clients.people,
        approvals=flows.approvals,
        record=AuditQuery(base.clients.audit),
        ask=StartAccepter(requests, catalog.slug_of, app_url=app_url, card_url=base.card_url, accepted=accepted),
        cancel=flows.cancel,
        active=ActiveRuns(stores.indexes, stores.start_queue, app_url=app_url, card_url=base.card_url),
        guesses=GuessAnswerer(catalog, bolt, runs, stores.indexes, workspace=settings.workspace),
        home=_build_home(base),
        channel_permissions=ChannelPermissions(memberships, stores.indexes),
        forms=RunForms(catalog, bolt, mask=mask),
        watch_forms=WatchForms(catalog, stores.watches, slash_command=settings.bolt_bot_command, mask=mask),
        views=chat,
        status=status,
        follow_run=flows.follow_run,
        queue=flows.queue,
        requests=requests,
        runs=runs,
        answers=services.answers,
        chat=chat,
        render=chat.content,
        later=services.tasks.start,
        wake_cancels=waker(WakeEvent.CANCEL_REQUESTED),
        messages=Deduplication(stores.scripts, MESSAGES),
        thread_subjects=ThreadSubjects(runs, requests, chat, workspace=settings.workspace, app_url=app_url),
        schedules=_build_schedule_reader(base, finder, status),
        histories=_build_histories(base, finder),
        pause=SchedulePauser(bolt, catalog, finder),
        logs=CommandLogs(bolt, runs, base.clients.logs, stores.uploads, app_url=app_url, mask=base.mask_log),
        artifacts=Artifacts(bolt, runs, stores.uploads, mask=mask),
        tail_log=flows.tail_log,
        wake_live_logs=waker(WakeEvent.LIVE_LOG_REQUESTED),
        wake_posts=waker(WakeEvent.FILE_REQUESTED),
        watcher=_build_watcher(base, finder),
        watch_store=stores.watches,
        failing=_build_failing(base),
        watches=_build_channel_watches(base),
        incidents=_build_incidents(base),
        outages=OutageHandler(
            stores.outages, base.incident_retries, app_url=app_url, slash_command=settings.bolt_bot_command
        ),
        digests=_build_digests(base, flows.digest_reader),
    )


def _build_home(base: Base) -> HomePublisher:
    settings, stores = base.settings, base.stores
    return HomePublisher(
        HomePageReader(
            stores.indexes, stores.start_queue, stores.incidents, base.clients.memberships, base.links, now=base.now
        ),
        stores.requests,
        SlackHomeTab(base.services.chat),
        base.clients.gate,
        app_url=settings.paradime_app_url,
        slash_command=settings.bolt_bot_command,
        now=base.now,
    )


def _build_schedule_reader(base: Base, finder: ScheduleFinder, status: StatusReader) -> ScheduleReader:
    settings, services = base.settings, base.services
    return ScheduleReader(
        services.bolt,
        services.catalog,
        finder,
        status,
        WatchedChannels(base.stores.watches, base.clients.people),
        workspace=settings.workspace,
        app_url=settings.paradime_app_url,
        now=base.now,
    )


def _build_histories(base: Base, finder: ScheduleFinder) -> HistoryPoster:
    services = base.services
    return HistoryPoster(
        services.bolt,
        finder,
        services.charts,
        ChartSharer(services.chat, bot_name=base.bot_name),
        Deduplication(base.stores.scripts, PICTURES),
        mask=services.mask,
    )


def _build_watcher(base: Base, finder: ScheduleFinder) -> ScheduleWatcher:
    clients, services = base.clients, base.services
    now = services.bolt.time
    return ScheduleWatcher(
        base.stores.watches,
        services.catalog,
        finder,
        clients.gate,
        clients.people,
        services.chat,
        WatchDescriber(
            clients.people,
            services.chat,
            WatchPreviewer(services.bolt, now=now),
            OwnerChecker(clients.owners, clients.owner_mentions),
        ),
        slash_command=base.settings.bolt_bot_command,
        now=now,
    )


def _build_channel_watches(base: Base) -> ChannelWatches:
    clients = base.clients
    return ChannelWatches(
        base.stores.watches,
        base.services.catalog,
        clients.gate,
        clients.people,
        clients.memberships,
        base.incident_closer,
        slash_command=base.settings.bolt_bot_command,
    )


def _build_failing(base: Base) -> FailingLister:
    settings, clients = base.settings, base.clients
    return FailingLister(
        base.stores.incidents,
        base.stores.watches,
        clients.people,
        clients.memberships,
        base.card_url,
        app_url=settings.paradime_app_url,
        slash_command=settings.bolt_bot_command,
        time=base.services.bolt.time,
    )


def _build_incidents(base: Base) -> IncidentHandler:
    settings, stores = base.settings, base.stores
    return IncidentHandler(
        stores.incidents,
        stores.runs,
        base.clients.people,
        base.clients.audit,
        base.quiet_hours,
        base.incident_retries,
        workspace=settings.workspace,
        app_url=settings.paradime_app_url,
        slash_command=settings.bolt_bot_command,
    )


def _build_digests(base: Base, reader: DigestReader) -> DigestSetter:
    return DigestSetter(
        base.stores.digests,
        reader,
        base.clients.people,
        base.services.chat,
        slash_command=base.settings.bolt_bot_command,
        now=base.now,
    )


def build_hints(base: Base) -> WebhookHints | None:
    """Build the handler of webhooks. Returns None if no secret is set for them."""
    settings = base.settings
    if settings.paradime_webhook_secret is None:
        return None
    return WebhookHints(
        base.services.bolt,
        base.stores.runs,
        base.stores.discovery_hints,
        workspace=settings.workspace,
        woken=base.wakeups.waker(WakeEvent.HINT_RECEIVED),
        listing_woken=base.wakeups.waker(WakeEvent.LISTING_HINTED),
    )
