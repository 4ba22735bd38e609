"""Build the flows that workers run."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.logs.hints.hint import Table
from bot.flows.account_ends import EndAccountant
from bot.flows.advance_gap import GapAdvancer
from bot.flows.approve import ApprovalRules, StartApprovals
from bot.flows.cancel import RunCanceller
from bot.flows.check_channel import WatchedChannelChecker
from bot.flows.check_slow import SlowRunChecker
from bot.flows.conclude import RunConcluder
from bot.flows.dbt_results import ResultsReader
from bot.flows.deliver_posts import PostDeliverer
from bot.flows.discover_runs import LookRules, RunDiscoverer
from bot.flows.discover_schedules import ScheduleDiscoverer
from bot.flows.edit_cards import CardEditor
from bot.flows.end_quiet import QuietEnder
from bot.flows.find_owners import OwnerFinder
from bot.flows.follow_run import FollowRequestHandler
from bot.flows.incident_clock import IncidentClock
from bot.flows.judge_late import LateJudge
from bot.flows.listing_gap import GapWatcher
from bot.flows.notice_runs import RunNotices
from bot.flows.plan_start import StartPlanner
from bot.flows.poll_runs import PollRules, RunPoller
from bot.flows.post_outage import OutagePoster
from bot.flows.queue_digest import DigestClock
from bot.flows.read_digest import DigestReader
from bot.flows.read_followed_run import FollowedRunReader
from bot.flows.rename_schedules import ScheduleRenamer
from bot.flows.start import RunStarter
from bot.flows.start_after_restore import EarlierStarts
from bot.flows.start_collaborators import StartCollaborators
from bot.flows.start_queue import QueuedStarts, QueueRules
from bot.flows.start_settings import StartSettings
from bot.flows.tail_log import LogTailer
from bot.flows.watch_permissions import WatchPermissions
from bot.store.log_tails import LogTails
from bot.store.quiet_ends import QuietEnds
from bot.store.tallies import Tallies
from bot.wiring.base import Base
from bot.wiring.posts import build_posting_flows, tail_rules
from bot.wiring.wakeups import WakeEvent


@dataclass(frozen=True, slots=True)
class Flows:
    """The flows that workers run. Some of these flows can also be started by people."""

    start: RunStarter
    poll: RunPoller
    conclude: RunConcluder
    cancel: RunCanceller
    edit_cards: CardEditor
    deliver: PostDeliverer
    tail_log: LogTailer
    follow_run: FollowRequestHandler
    queue: QueuedStarts
    approvals: StartApprovals
    discover_schedules: ScheduleDiscoverer
    discover_runs: RunDiscoverer
    account_ends: EndAccountant
    incident_clock: IncidentClock
    outages: OutagePoster
    owners: OwnerFinder
    queue_digest: DigestClock
    digest_reader: DigestReader
    end_quiet: QuietEnder
    check_channel: WatchedChannelChecker
    advance_gap: GapAdvancer
    judge_late: LateJudge
    check_slow: SlowRunChecker


def build_flows(base: Base) -> Flows:
    """Build the flows that workers run."""
    bolt, stores = base.services.bolt, base.stores
    runs, due = stores.runs, stores.due
    checks = _build_start_collaborators(base)
    permissions = WatchPermissions(base.services.policy, base.clients.people)
    digest_reader = _build_digest_reader(base, permissions)
    posting = build_posting_flows(base, permissions, digest_reader)
    return Flows(
        start=_build_start(base, checks),
        poll=_build_poll(base),
        conclude=_build_conclude(base),
        cancel=_build_cancel(base),
        edit_cards=posting.edit_cards,
        deliver=posting.deliver,
        tail_log=LogTailer(bolt, runs, LogTails(stores.scripts), tail_rules(base), mask=base.mask_log),
        follow_run=_build_follow_run(base),
        queue=_build_queue(base, checks),
        approvals=_build_approvals(base, checks),
        discover_schedules=_build_discover_schedules(base),
        discover_runs=_build_discover_runs(base),
        account_ends=_build_account_ends(base, permissions),
        incident_clock=IncidentClock(stores.incidents, due["incidents"], base.quiet_hours, now=base.now),
        outages=posting.outages,
        owners=base.clients.owners,
        queue_digest=DigestClock(stores.digests, stores.discovery, due["reports"], now=base.now),
        digest_reader=digest_reader,
        end_quiet=_build_end_quiet(base),
        check_channel=_build_check_channel(base),
        advance_gap=_build_advance_gap(base),
        judge_late=LateJudge(bolt, stores.watches, stores.discovery, stores.notices, due["late"], permissions),
        check_slow=SlowRunChecker(bolt, stores.watches, stores.discovery, runs, stores.notices, permissions),
    )


# --- runs: from the request to the end ---


def _build_start_collaborators(base: Base) -> StartCollaborators:
    settings, services = base.settings, base.services
    planner = StartPlanner(
        services.bolt,
        base.stores.runs,
        services.catalog,
        base.clients.listings,
        workspace=settings.workspace,
        mask=services.mask,
    )
    earlier = EarlierStarts(services.chat, base.stores.requests, base.links, workspace=settings.workspace)
    return StartCollaborators(planner, base.clients.gate, earlier)


def _build_start(base: Base, checks: StartCollaborators) -> RunStarter:
    settings, services, stores = base.settings, base.services, base.stores
    start_settings = StartSettings(
        settings.workspace,
        base.links,
        settings.bolt_bot_command,
        deadline_s=settings.bolt_bot_start_deadline_s,
        trigger_s=settings.bolt_bot_api_timeout_s,
    )
    return RunStarter(
        services.bolt,
        services.chat,
        stores.of_runs,
        stores.due["requests"],
        services.answers,
        checks,
        start_settings,
    )


def _build_poll(base: Base) -> RunPoller:
    settings, services, due = base.settings, base.services, base.stores.due
    return RunPoller(
        services.bolt,
        base.stores.runs,
        {name: due[name] for name in ("polls", "strays")},
        PollRules(settings.workspace, settings.bolt_bot_poll_min_s, settings.bolt_bot_poll_max_s),
        mask=services.mask,
        now=base.now,
    )


def _build_conclude(base: Base) -> RunConcluder:
    clients, services, stores = base.clients, base.services, base.stores
    return RunConcluder(
        clients.listings,
        stores.runs,
        stores.due["ends"],
        clients.logs,
        ResultsReader(services.bolt, services.downloads),
        base.mask_log,
    )


def _build_cancel(base: Base) -> RunCanceller:
    services, stores = base.services, base.stores
    return RunCanceller(
        services.bolt,
        stores.runs,
        stores.due["cancels"],
        services.answers,
        app_url=base.settings.paradime_app_url,
        now=base.now,
    )


def _build_follow_run(base: Base) -> FollowRequestHandler:
    services, stores, listings = base.services, base.stores, base.clients.listings
    return FollowRequestHandler(
        stores.run_followers,
        stores.runs,
        stores.due["watches"],
        services.answers,
        FollowedRunReader(services.bolt, stores.runs, services.catalog, listings, mask=services.mask),
        base.links,
        follow_requested=base.wakeups.waker(WakeEvent.FOLLOW_REQUESTED),
    )


def _build_queue(base: Base, checks: StartCollaborators) -> QueuedStarts:
    settings, stores = base.settings, base.stores
    return QueuedStarts(
        stores.requests,
        stores.start_queue,
        stores.due["queue"],
        checks,
        QueueRules(settings.workspace, base.links, settings.bolt_bot_command, longest_s=settings.bolt_bot_queue_s),
        start_queued=base.wakeups.waker(WakeEvent.START_QUEUED),
        queue_left=base.wakeups.waker(WakeEvent.QUEUE_LEFT),
    )


def _build_approvals(base: Base, checks: StartCollaborators) -> StartApprovals:
    settings, stores = base.settings, base.stores
    return StartApprovals(
        stores.requests,
        stores.due["approvals"],
        checks,
        ApprovalRules(settings.paradime_app_url, settings.bolt_bot_command, settings.bolt_bot_start_deadline_s),
        decided=base.wakeups.waker(WakeEvent.APPROVAL_DECIDED),
    )


# --- watches: from the listing to incidents, quiet hours, gaps and digests ---


def _build_discover_schedules(base: Base) -> ScheduleDiscoverer:
    services, stores = base.services, base.stores
    return ScheduleDiscoverer(
        services.bolt,
        services.catalog,
        stores.watches,
        stores.discovery,
        stores.due["discovery"],
        base.incident_closer,
        base.clients.owners,
        stores.discovery_hints,
        GapWatcher(services.bolt, stores.discovery, stores.gaps, mask=services.mask),
        stores.notices,
        ScheduleRenamer(stores.discovery, stores.incidents),
        stores.digests,
        every_s=base.settings.bolt_bot_discover_s,
        now=base.now,
    )


def _build_discover_runs(base: Base) -> RunDiscoverer:
    services, stores = base.services, base.stores
    return RunDiscoverer(
        services.bolt,
        stores.watches,
        stores.discovery,
        stores.incidents,
        stores.runs,
        stores.requests,
        stores.due["looks"],
        stores.gaps,
        LookRules(base.settings.workspace),
        mask=services.mask,
    )


def _build_account_ends(base: Base, permissions: WatchPermissions) -> EndAccountant:
    stores = base.stores
    return EndAccountant(
        stores.watches,
        stores.discovery,
        stores.incidents,
        stores.runs,
        stores.due["accounts"],
        permissions,
        stores.gaps,
        RunNotices(stores.notices),
        stores.requests,
        workspace=base.settings.workspace,
        now=base.now,
        time=base.services.bolt.time,
    )


def _build_end_quiet(base: Base) -> QuietEnder:
    stores = base.stores
    ends = QuietEnds(stores.scripts, stores.incidents)
    return QuietEnder(ends, stores.due["quiet"], base.quiet_hours, stores.gaps, now=base.now)


def _build_advance_gap(base: Base) -> GapAdvancer:
    stores = base.stores
    return GapAdvancer(
        stores.gaps,
        stores.watches,
        stores.discovery,
        stores.incidents,
        QuietEnds(stores.scripts, stores.incidents),
        stores.due["gaps"],
        base.quiet_hours,
        now=base.now,
    )


def _build_check_channel(base: Base) -> WatchedChannelChecker:
    clients, services, stores = base.clients, base.services, base.stores
    return WatchedChannelChecker(
        stores.watches,
        stores.incidents,
        stores.incidents,
        base.incident_closer,
        clients.people,
        clients.people,
        services.chat,
        clients.audit,
        stores.due["channels"],
        services.policy,
        slash_command=base.settings.bolt_bot_command,
        now=base.now,
    )


def _build_digest_reader(base: Base, permissions: WatchPermissions) -> DigestReader:
    stores = base.stores
    return DigestReader(
        stores.watches,
        stores.discovery,
        stores.incidents,
        Tallies(stores.scripts),
        permissions,
        hints=lambda: _texts(base.services.hints.value),
        app_url=base.settings.paradime_app_url,
        slash_command=base.settings.bolt_bot_command,
        mask=base.services.mask,
    )


def _texts(table: Table) -> dict[str, str]:
    return {hint.id: hint.text for hint in (*table.hints, *(own.hint for own in table.own))}
