"""Build the flows that workers run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.insight.hints.hint import Table
from bot.flows.account_ends import EndAccountant
from bot.flows.approve import ApprovalRules, StartApprovals
from bot.flows.cancel import RunCanceller
from bot.flows.check_channel import WatchedChannelChecker
from bot.flows.check_slow import SlowRunChecker
from bot.flows.close_incidents import IncidentCloser
from bot.flows.conclude import RunConcluder
from bot.flows.dbt_results import ResultsReader
from bot.flows.deliver_posts import PostDeliverer, Send
from bot.flows.delivery_rules import DeliveryRules
from bot.flows.discover_runs import LookRules, RunDiscoverer
from bot.flows.discover_schedules import ScheduleDiscoverer
from bot.flows.earlier_start import EarlierStarts
from bot.flows.edit_cards import CardEditor
from bot.flows.end_quiet import QuietEnder
from bot.flows.find_owners import OwnerFinder
from bot.flows.follow_run import FollowRequestHandler
from bot.flows.judge_late import LateJudge
from bot.flows.listing_gap import GapWatcher
from bot.flows.may_tell import WatchPermissions
from bot.flows.notice_runs import RunNotices
from bot.flows.people_of_incident import IncidentPeople
from bot.flows.plan_start import StartPlanner
from bot.flows.poll_runs import PollRules, RunPoller
from bot.flows.post_file import FilePoster
from bot.flows.post_gap import GapPoster
from bot.flows.post_incident import IncidentPoster
from bot.flows.post_log_file import LogFilePoster
from bot.flows.post_notice import NoticePoster
from bot.flows.post_outage import OutagePoster
from bot.flows.post_quiet_end import QuietEndPoster
from bot.flows.post_report import ReportPoster
from bot.flows.post_report_picture import ReportPicturePoster
from bot.flows.poster import MessagePoster
from bot.flows.queue_report import ReportClock
from bot.flows.quiet_hours import QuietHours
from bot.flows.read_followed_run import FollowedRunReader
from bot.flows.read_incident_retries import IncidentRetries
from bot.flows.read_report import ReportReader
from bot.flows.read_requested_file import RequestedFileReader
from bot.flows.rename_schedules import ScheduleRenamer
from bot.flows.report_channel_back import ChannelReporter
from bot.flows.report_gap import GapReporter
from bot.flows.start import RunStarter
from bot.flows.start_checks import StartChecks
from bot.flows.start_queue import QueuedStarts, QueueRules
from bot.flows.start_rules import StartRules
from bot.flows.tail_log import LogTailer, LogTailRules, TailPoster
from bot.flows.watch_clock import IncidentClock
from bot.flows.watch_messages import WatchMessages
from bot.parts.base import Base
from bot.parts.wakeups import WakeEvent
from bot.store.log_tails import LogTails
from bot.store.quiet_ends import QuietEnds
from bot.store.tallies import Tallies


@dataclass(frozen=True, slots=True)
class Flows:
    """The flows that workers run. People start some of them."""

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
    queue_report: ReportClock
    report_reader: ReportReader
    end_quiet: QuietEnder
    check_channel: WatchedChannelChecker
    report_gap: GapReporter
    judge_late: LateJudge
    check_slow: SlowRunChecker


def build_flows(base: Base) -> Flows:
    """Build the flows that workers run."""
    settings, services, stores = base.settings, base.services, base.stores
    bolt, chat, answers, runs, due = services.bolt, services.chat, services.answers, stores.runs, stores.due
    app_url, settle_s = settings.paradime_app_url, settings.bolt_bot_lease_s / 3 + 0.5
    checks = _build_start_checks(base)
    tail_rules = LogTailRules(gap_s=settings.bolt_bot_follow_gap_s, settle_s=settle_s, bot_name=base.bot_name)
    log_tails = LogTails(stores.scripts)
    post_incident, post_outage = _build_post_incident(base, settle_s), _build_post_outage(base, settle_s)
    permissions = WatchPermissions(services.policy, base.clients.people)
    report_reader = _build_report_reader(base, permissions)
    report_back = ChannelReporter(
        chat, stores.posts, stores.incidents, stores.watches, permissions, app_url=app_url, settle_s=settle_s
    )
    post_notice = NoticePoster(
        chat,
        stores.posts,
        stores.notices,
        stores.watches,
        permissions,
        base.clients.people,
        app_url=app_url,
        settle_s=settle_s,
        now=base.now,
    )
    return Flows(
        start=_build_start(base, checks),
        poll=RunPoller(
            bolt,
            runs,
            {name: due[name] for name in ("polls", "strays")},
            PollRules(settings.workspace, settings.bolt_bot_poll_min_s, settings.bolt_bot_poll_max_s),
            mask=services.mask,
            now=base.now,
        ),
        conclude=RunConcluder(
            base.clients.listings,
            runs,
            due["ends"],
            base.clients.logs,
            ResultsReader(bolt, services.downloads),
            base.mask_log,
        ),
        cancel=RunCanceller(bolt, runs, due["cancels"], answers, app_url=app_url, now=base.now),
        edit_cards=CardEditor(
            chat,
            stores.edits,
            stores.requests,
            runs,
            app_url=app_url,
            watched=WatchMessages(post_incident, post_outage, _build_post_gap(base, settle_s), post_notice),
        ),
        deliver=_build_deliver(
            base,
            TailPoster(chat, stores.posts, log_tails, answers, tail_rules),
            {
                "incident": post_incident.post_of_incident,
                "outage": post_outage.post_of_outage,
                "gap": _build_post_gap(base, settle_s).post_of_gap,
                "quiet": _build_post_quiet_end(base, permissions, settle_s).post_quiet_end,
                "report": _build_post_report(base, report_reader, settle_s).post_report,
                "back": report_back.post_report,
                "notice": post_notice.post_notice,
            },
            settle_s,
        ),
        tail_log=LogTailer(bolt, runs, log_tails, tail_rules, mask=base.mask_log),
        follow_run=FollowRequestHandler(
            stores.run_followers,
            runs,
            due["watches"],
            answers,
            FollowedRunReader(bolt, runs, services.catalog, base.clients.listings, mask=services.mask),
            base.links,
            asked=base.wakeups.waker(WakeEvent.FOLLOW_REQUESTED),
        ),
        approvals=StartApprovals(
            stores.requests,
            due["approvals"],
            checks,
            ApprovalRules(app_url, settings.bolt_bot_command, settings.bolt_bot_start_deadline_s),
            decided=base.wakeups.waker(WakeEvent.APPROVAL_DECIDED),
        ),
        queue=QueuedStarts(
            stores.requests,
            stores.start_queue,
            due["queue"],
            checks,
            QueueRules(settings.workspace, base.links, settings.bolt_bot_command, longest_s=settings.bolt_bot_queue_s),
            asked=base.wakeups.waker(WakeEvent.START_QUEUED),
            left=base.wakeups.waker(WakeEvent.QUEUE_LEFT),
        ),
        discover_schedules=ScheduleDiscoverer(
            bolt,
            services.catalog,
            stores.watches,
            stores.discovery,
            due["discovery"],
            IncidentCloser(stores.incidents, stores.discovery),
            base.clients.owners,
            stores.discovery_hints,
            GapWatcher(bolt, stores.discovery, stores.gaps, mask=services.mask),
            stores.notices,
            ScheduleRenamer(stores.discovery, stores.incidents),
            stores.reports,
            every_s=settings.bolt_bot_discover_s,
            now=base.now,
        ),
        discover_runs=RunDiscoverer(
            bolt,
            stores.watches,
            stores.discovery,
            stores.incidents,
            runs,
            stores.requests,
            due["looks"],
            stores.gaps,
            LookRules(settings.workspace),
            mask=services.mask,
        ),
        account_ends=EndAccountant(
            stores.watches,
            stores.discovery,
            stores.incidents,
            runs,
            due["accounts"],
            permissions,
            stores.gaps,
            RunNotices(stores.notices),
            stores.requests,
            workspace=settings.workspace,
            now=base.now,
            time=bolt.time,
        ),
        incident_clock=IncidentClock(
            stores.incidents, due["incidents"], QuietHours(stores.watches, now=base.now), now=base.now
        ),
        end_quiet=QuietEnder(
            QuietEnds(stores.scripts, stores.incidents),
            due["quiet"],
            QuietHours(stores.watches, now=base.now),
            now=base.now,
        ),
        report_gap=GapReporter(
            stores.gaps,
            stores.watches,
            stores.discovery,
            stores.incidents,
            QuietEnds(stores.scripts, stores.incidents),
            due["gaps"],
            QuietHours(stores.watches, now=base.now),
            now=base.now,
        ),
        outages=post_outage,
        owners=base.clients.owners,
        check_channel=WatchedChannelChecker(
            stores.watches,
            stores.incidents,
            stores.incidents,
            IncidentCloser(stores.incidents, stores.discovery),
            base.clients.people,
            base.clients.people,
            chat,
            base.clients.audit,
            due["channels"],
            services.policy,
            command=settings.bolt_bot_command,
            now=base.now,
        ),
        report_reader=report_reader,
        queue_report=ReportClock(stores.reports, stores.discovery, due["reports"], now=base.now),
        judge_late=LateJudge(bolt, stores.watches, stores.discovery, stores.notices, due["late"], permissions),
        check_slow=SlowRunChecker(bolt, stores.watches, stores.discovery, runs, stores.notices, permissions),
    )


def _build_post_incident(base: Base, settle_s: float) -> IncidentPoster:
    stores = base.stores
    return IncidentPoster(
        base.services.chat,
        stores.posts,
        stores.incidents,
        stores.runs,
        IncidentPeople(base.clients.people, stores.watches, base.clients.owner_mentions),
        QuietHours(stores.watches, now=base.now),
        IncidentRetries(stores.requests, stores.runs, workspace=base.settings.workspace),
        _build_post_log_file(base, settle_s),
        workspace=base.settings.workspace,
        app_url=base.settings.paradime_app_url,
        settle_s=settle_s,
    )


def _build_post_gap(base: Base, settle_s: float) -> GapPoster:
    stores = base.stores
    return GapPoster(
        base.services.chat,
        stores.posts,
        stores.gaps,
        stores.incidents,
        IncidentPeople(base.clients.people, stores.watches, base.clients.owner_mentions),
        QuietHours(stores.watches, now=base.now),
        app_url=base.settings.paradime_app_url,
        command=base.settings.bolt_bot_command,
        settle_s=settle_s,
        mask=base.services.mask,
    )


def _build_start_checks(base: Base) -> StartChecks:
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
    return StartChecks(planner, base.clients.gate, earlier)


def _build_start(base: Base, checks: StartChecks) -> RunStarter:
    settings, services, stores = base.settings, base.services, base.stores
    rules = StartRules(
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
        rules,
    )


def _build_post_outage(base: Base, settle_s: float) -> OutagePoster:
    stores = base.stores
    return OutagePoster(
        base.services.chat,
        stores.posts,
        stores.outages,
        IncidentPeople(base.clients.people, stores.watches, base.clients.owner_mentions),
        stores.due["outages"],
        QuietHours(stores.watches, now=base.now),
        stores.runs,
        _build_post_log_file(base, settle_s),
        IncidentRetries(stores.requests, stores.runs, workspace=base.settings.workspace),
        workspace=base.settings.workspace,
        app_url=base.settings.paradime_app_url,
        settle_s=settle_s,
    )


def _build_deliver(
    base: Base, tail_poster: TailPoster, of_watches: Mapping[str, Send], settle_s: float
) -> PostDeliverer:
    services, stores = base.services, base.stores
    files = RequestedFileReader(
        services.bolt, services.downloads, base.clients.logs, mask=services.mask, hide=base.clients.hide
    )
    uploader = FilePoster(
        services.chat,
        stores.posts,
        stores.uploads,
        files,
        services.answers,
        bot_name=base.bot_name,
        settle_s=settle_s,
    )
    return PostDeliverer(
        services.chat,
        stores.posts,
        stores.of_runs,
        base.clients.logs,
        services.answers,
        _delivery_rules(base, settle_s),
        {
            "upload": uploader.post_requested_file,
            "follow": tail_poster.post_lines,
            **of_watches,
        },
    )


def _delivery_rules(base: Base, settle_s: float) -> DeliveryRules:
    settings = base.settings
    return DeliveryRules(
        settings.paradime_app_url,
        base.bot_name,
        settings.bolt_bot_command,
        deadline_s=settings.bolt_bot_start_deadline_s,
        call_s=settings.bolt_bot_lease_s / 3,
        settle_s=settle_s,
    )


def _build_post_log_file(base: Base, settle_s: float) -> LogFilePoster:
    chat, stores = base.services.chat, base.stores
    poster = MessagePoster(chat, stores.posts, settle_s=settle_s)
    return LogFilePoster(chat, stores.posts, stores.runs, base.clients.logs, poster, _delivery_rules(base, settle_s))


def _build_post_report(base: Base, reader: ReportReader, settle_s: float) -> ReportPoster:
    chat, stores = base.services.chat, base.stores
    pictures = ReportPicturePoster(chat, stores.posts, reader, base.services.charts, settle_s=settle_s)
    return ReportPoster(
        chat, stores.posts, stores.reports, reader, base.clients.gate, pictures, settle_s=settle_s, now=base.now
    )


def _build_report_reader(base: Base, permissions: WatchPermissions) -> ReportReader:
    stores = base.stores
    return ReportReader(
        stores.watches,
        stores.discovery,
        stores.incidents,
        Tallies(stores.scripts),
        permissions,
        hints=lambda: _texts(base.services.hints.value),
        app_url=base.settings.paradime_app_url,
        command=base.settings.bolt_bot_command,
        mask=base.services.mask,
    )


def _texts(table: Table) -> dict[str, str]:
    return {hint.id: hint.text for hint in (*table.hints, *(own.hint for own in table.own))}


def _build_post_quiet_end(base: Base, permissions: WatchPermissions, settle_s: float) -> QuietEndPoster:
    stores = base.stores
    return QuietEndPoster(
        base.services.chat,
        stores.posts,
        QuietEnds(stores.scripts, stores.incidents),
        stores.incidents,
        IncidentPeople(base.clients.people, stores.watches, base.clients.owner_mentions),
        stores.watches,
        permissions,
        app_url=base.settings.paradime_app_url,
        command=base.settings.bolt_bot_command,
        settle_s=settle_s,
    )
