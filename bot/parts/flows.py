"""The flows that workers carry on."""

from __future__ import annotations

from dataclasses import dataclass

from bot.flows.approve import ApprovalRules, StartApprovals
from bot.flows.cancel import RunCanceller
from bot.flows.conclude import RunConcluder
from bot.flows.dbt_results import ResultsReader
from bot.flows.deliver_posts import DeliveryRules, PostDeliverer
from bot.flows.edit_cards import CardEditor
from bot.flows.follow_run import FollowRequestHandler
from bot.flows.plan_start import StartPlanner
from bot.flows.poll_runs import RunPoller
from bot.flows.post_file import FilePoster
from bot.flows.start import RunStarter, StartRules
from bot.flows.start_queue import QueuedStarts, QueueRules
from bot.flows.tail_log import LogTailer, LogTailRules
from bot.parts.base import Base
from bot.parts.wakeups import WakeEvent
from bot.store.log_tails import LogTails


@dataclass(frozen=True, slots=True)
class Flows:
    """The flows that workers carry on; people start some of them."""

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


def build_flows(base: Base) -> Flows:
    """Build the flows that workers carry on."""
    settings, services, stores = base.settings, base.services, base.stores
    bolt, chat, answers, runs, due = services.bolt, services.chat, services.answers, stores.runs, stores.due
    app_url, settle_s = settings.paradime_app_url, settings.bolt_bot_lease_s / 3 + 0.5
    planner = _build_planner(base)
    follow_rules = LogTailRules(gap_s=settings.bolt_bot_follow_gap_s, settle_s=settle_s, bot_name=base.bot_name)
    tail_log = LogTailer(
        bolt, chat, stores.posts, runs, LogTails(stores.scripts), answers, follow_rules, mask=base.mask_log
    )
    return Flows(
        start=_build_start(base, planner),
        poll=RunPoller(
            bolt,
            runs,
            {name: due[name] for name in ("polls", "strays")},
            workspace=settings.workspace,
            mask=services.mask,
            now=base.now,
            poll_min_s=settings.bolt_bot_poll_min_s,
            poll_max_s=settings.bolt_bot_poll_max_s,
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
        edit_cards=CardEditor(chat, stores.edits, stores.requests, runs, app_url=app_url),
        deliver=_build_deliver(base, tail_log, settle_s),
        tail_log=tail_log,
        follow_run=FollowRequestHandler(
            bolt,
            runs,
            stores.run_followers,
            due["watches"],
            answers,
            services.catalog,
            base.clients.listings,
            app_url=app_url,
            card_url=base.card_url,
            mask=services.mask,
            asked=base.wakeups.waker(WakeEvent.FOLLOW_REQUESTED),
        ),
        approvals=StartApprovals(
            stores.requests,
            due["approvals"],
            planner,
            base.clients.gate,
            ApprovalRules(app_url, settings.bolt_bot_command, settings.bolt_bot_start_deadline_s),
            decided=base.wakeups.waker(WakeEvent.APPROVAL_DECIDED),
        ),
        queue=QueuedStarts(
            stores.requests,
            stores.start_queue,
            due["queue"],
            planner,
            base.clients.gate,
            QueueRules(settings.workspace, app_url, settings.bolt_bot_command, longest_s=settings.bolt_bot_queue_s),
            card_url=base.card_url,
            asked=base.wakeups.waker(WakeEvent.START_QUEUED),
            left=base.wakeups.waker(WakeEvent.QUEUE_LEFT),
        ),
    )


def _build_planner(base: Base) -> StartPlanner:
    settings, services = base.settings, base.services
    return StartPlanner(
        services.bolt,
        base.stores.runs,
        services.catalog,
        base.clients.listings,
        workspace=settings.workspace,
        mask=services.mask,
    )


def _build_start(base: Base, planner: StartPlanner) -> RunStarter:
    settings, services, stores = base.settings, base.services, base.stores
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
        planner,
        base.clients.gate,
        rules,
        start_queue=stores.start_queue,
        card_url=base.card_url,
    )


def _build_deliver(base: Base, tail_log: LogTailer, settle_s: float) -> PostDeliverer:
    settings, services, stores = base.settings, base.services, base.stores
    uploader = FilePoster(
        services.chat,
        stores.posts,
        stores.uploads,
        services.bolt,
        services.downloads,
        base.clients.logs,
        services.answers,
        mask=services.mask,
        hide=base.clients.hide,
        bot_name=base.bot_name,
        settle_s=settle_s,
    )
    rules = DeliveryRules(
        settings.paradime_app_url,
        base.bot_name,
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
        base.clients.logs,
        rules,
        {"upload": uploader.post_requested_file, "follow": tail_log.post_lines},
        start_queue=stores.start_queue,
        followers=stores.run_followers,
        answers=services.answers,
    )
