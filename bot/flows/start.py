"""The life of a start, from acceptance to its run: plan, card, send, and recovery from a lost response.

Each step is recorded before the next one is taken, so that after a crash, another process knows how far it got. The
trigger is sent at most once, before the start's deadline or not at all.

`bot.flows.tell_refusal` tells people why a start is refused. If the schedule is already running,
`bot.flows.start_while_running` decides.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import structlog
from cachetools import LRUCache
from prometheus_client import Counter, Histogram

from bot.core.model.bolt import Trigger
from bot.core.model.channel import ChannelInfo, ChannelKind
from bot.core.model.command import RunCommand
from bot.core.model.errors import (
    AlreadyRunning,
    BoltDenied,
    BoltError,
    BoltNotSent,
    BoltOutcomeUnknown,
    BoltRejected,
    BoltThrottled,
    SlackError,
)
from bot.core.model.request import (
    Approval,
    BlockingRun,
    Request,
    RequestState,
    StartPlan,
    start_reason,
    with_channel,
)
from bot.core.model.run import RunKey
from bot.core.model.start import Sending
from bot.core.policy.decision import Decision, Verdict
from bot.core.policy.refusal import refusal
from bot.core.views.approval import given_commands, too_long
from bot.flows.authorize import action_of
from bot.flows.find_lost_start import LostStartFinder
from bot.flows.lease import Lease
from bot.flows.plan_start import NotStartable
from bot.flows.ports.bolt import Bolt
from bot.flows.ports.slack import Chat
from bot.flows.ports.store import Due
from bot.flows.private_replies import PrivateReplies
from bot.flows.run_stores import RunStores
from bot.flows.start_after_restore import EarlierOutcome
from bot.flows.start_collaborators import StartCollaborators
from bot.flows.start_settings import WAS_AWAY, StartSettings, expired
from bot.flows.start_while_running import StartWhileRunning
from bot.flows.tell_refusal import RefusalTeller
from bot.flows.tell_retry_end import RetryEndTeller

log = structlog.get_logger()

STARTS = Counter(
    "bolt_bot_starts", "Starts that people asked for, by outcome (started, refused, lost_reply).", ("outcome",)
)
START_S = Histogram(
    "bolt_bot_start_duration_seconds",
    "Time from a person's request until Bolt has started the run, except for starts that waited in a queue or for approval.",
    buckets=(0.5, 1, 2, 5, 10, 20, 30, 60),
)

LOOK_AGAIN_S = 3.0
NOT_SENT_AGAIN_S = 2.0
# Slack accepts four cards a second at best. More plans at once would only delay the acknowledgement of other requests.
LOOKS_AT_ONCE = 4
# One plan for each of the starts that can wait for their cards at the same time.
PLANS_KEPT = 300


class RunStarter:
    """Advances claimed starts."""

    def __init__(
        self,
        bolt: Bolt,
        chat: Chat,
        stores: RunStores,
        due: Due,
        answers: PrivateReplies,
        checks: StartCollaborators,
        settings: StartSettings,
    ) -> None:
        self._bolt = bolt
        self._stores = stores
        self._due = due
        self._planner = checks.planner
        self._authorizer = checks.authorizer
        self._earlier = checks.earlier
        self._settings = settings
        self._lost_starts = LostStartFinder(bolt, stores, due, answers, settings)
        self._refusals = RefusalTeller(
            chat, stores, due, answers, checks.planner, settings.links, workspace=settings.workspace
        )
        self._ends = RetryEndTeller(
            stores.runs, due, answers, workspace=settings.workspace, app_url=settings.links.app_url
        )
        self._while_running = StartWhileRunning(bolt, stores, workspace=settings.workspace)
        self._at_once = asyncio.Semaphore(LOOKS_AT_ONCE)
        # Plans are kept for the next attempt, so that Bolt isn't asked again each time.
        self._plans_kept: LRUCache[str, StartPlan] = LRUCache(PLANS_KEPT)

    async def advance_start(self, lease: Lease) -> bool:
        """Advance the claimed start by one step.

        Returns True if the start may continue and the only new work is to post its card.
        """
        request = await self._stores.requests.load_request(lease.member)
        if request is None:
            log.error("a request is no longer in Redis", request=lease.member)
            await self._due.give_back(lease, delay_s=self._settings.unclear_for_s)
            return False
        if request.state is RequestState.ACCEPTED:
            return await self._look(lease, request)
        if request.state is RequestState.SETTLED and request.end_untold:
            await self._ends.tell_end(lease, request)
            return False
        steps = {
            RequestState.CARDED: self._send,
            RequestState.SENDING: self._lost_starts.begin_search,
            RequestState.LOOKING: self._lost_starts.search,
            RequestState.UNCLEAR: self._lost_starts.search,
            RequestState.REFUSED: self._refusals.tell_refusal,
        }
        step = steps.get(request.state)
        if step is None:
            log.error("a request is due, but its state needs no action", request=request.id, state=request.state)
            await self._due.give_back(lease, delay_s=self._settings.unclear_for_s)
            return False
        await step(lease, request)
        return False

    # --- accepted: check the schedule or the run to retry, and the person's permission ---

    async def _look(self, lease: Lease, request: Request) -> bool:
        plan = self._plans_kept.pop(request.id, None) or await self._looked(lease, request)
        if plan is None:
            return False
        left_s = self._settings.deadline_s - lease.since_s(request.asked_at) - LOOK_AGAIN_S
        decision, channel_info = await self._authorizer.decide_on_start(request, plan, patient=left_s > 0)
        if decision.again_s and left_s > 0:
            # Many starts are checked at once, and Slack allows few lookups of people per minute. While there's time,
            # a start that can't be checked yet waits instead of being refused.
            self._plans_kept[request.id] = plan
            await self._due.give_back(lease, delay_s=decision.again_s)
            return False
        plan = with_channel(plan, channel_info)
        if decision.verdict is Verdict.ALLOW:
            looked = await self._stores.requests.looked(lease, request, plan)
            # For an incident's retry, the next step is an edit of its message, which other workers make.
            return looked and not request.incident
        if decision.verdict is Verdict.APPROVE:
            await self._ask_approval(lease, request, plan, decision, channel_info)
        else:
            await self._refuse(lease, request, refusal(decision, action_of(request), self._settings.slash_command))
        return False

    async def _looked(self, lease: Lease, request: Request) -> StartPlan | None:
        """Plan the start. Returns None if there's nothing to start, or if that can't be determined now."""
        try:
            async with self._at_once:
                return await self._planner.plan_start(request)
        except NotStartable as answer:
            await self._stores.requests.refused(lease, request, answer.why, near=answer.near)
            STARTS.labels("refused").inc()
        except (BoltDenied, BoltRejected) as refused:
            await self._refuse(lease, request, f"{_stop(refused.sentence)} Nothing was started.")
        except BoltError as away:
            await self._look_later(lease, request, away)
        return None

    async def _look_later(self, lease: Lease, request: Request, away: BoltError) -> None:
        if lease.since_s(request.asked_at) > self._settings.deadline_s - LOOK_AGAIN_S:
            await self._refuse(lease, request, f"{_stop(away.sentence)} Nothing was started. Try again later.")
            return
        pause = away.retry_after_s if isinstance(away, BoltThrottled) else LOOK_AGAIN_S
        await self._due.give_back(lease, delay_s=min(pause, self._settings.deadline_s / 2))

    # --- needs approval: see bot.flows.approve ---

    async def _ask_approval(
        self, lease: Lease, request: Request, plan: StartPlan, decision: Decision, channel_info: ChannelInfo
    ) -> None:
        group = await self._authorizer.group_id(decision.by)
        commands = given_commands(replace(request, plan=plan))
        why = None
        if channel_info.kind is ChannelKind.DIRECT:
            why = f"It needs approval from {decision.by}, who can't see it in a direct message. Start it in a channel."
        elif group is None:
            why = f"It needs approval from {decision.by}, but there's no such user group in Slack. Tell whoever runs this bot."
        elif not self._authorizer.can_show(commands):
            why = (
                "It needs approval, but I can't show its commands in full because they seem to contain a secret. Take the secret "
                "out of them, then try again."
            )
        else:
            why = too_long(commands) or await self._nobody_else(request, decision)
        if why is not None or group is None:
            await self._refuse(lease, request, f"{why} Nothing was started.")
            return
        approval = Approval(decision.by, group, decision.rule, decision.within_s)
        await self._stores.requests.pending(lease, request, plan, approval)

    async def _nobody_else(self, request: Request, decision: Decision) -> str | None:
        """A refusal if only the asker could approve the start; None if others could, or if the group can't be read."""
        others = await self._authorizer.other_members(decision.by, request.user)
        if others is None or others:
            return None
        return (
            f"It needs approval from {decision.by}, but nobody else is in that user group. "
            f"Add someone to {decision.by} in Slack, then try again, or ask whoever runs this bot to change the rule “{decision.rule}”."
        )

    # --- carded: the person can see the start, so it may be sent ---

    async def _send(self, lease: Lease, request: Request) -> None:
        settings = self._settings
        word = await self._stores.requests.begin_sending(
            lease, request, deadline_s=settings.deadline_s, lease_s=3 * settings.trigger_s
        )
        if word is Sending.EXPIRED:
            await self._expire(lease, request)
            return
        if word is not Sending.GO:
            return
        sending = replace(request, state=RequestState.SENDING)
        if not lease.is_valid_for(2 * settings.trigger_s):
            # This process was suspended in between: the recorded trigger was never sent.
            await self._stores.requests.not_sent(lease, sending, delay_s=0)
            return
        try:
            run_id = await self._create(request)
        except (BoltNotSent, BoltThrottled) as away:
            pause = away.retry_after_s if isinstance(away, BoltThrottled) else NOT_SENT_AGAIN_S
            await self._stores.requests.not_sent(lease, sending, delay_s=min(pause, settings.deadline_s))
        except AlreadyRunning:
            await self._queue_again(lease, sending)
        except (BoltRejected, BoltDenied) as refused:
            await self._refuse(lease, sending, f"Bolt didn't start it: {_stop(refused.sentence)}{self._all(request)}")
        except BoltOutcomeUnknown:
            STARTS.labels("lost_reply").inc()
            await self._lost_starts.begin_search(lease, sending)
        else:
            key, card_url = RunKey(settings.workspace, run_id), settings.links.request_card_url(request)
            await self._stores.requests.settle(sending, key, told=True, card_url=card_url)
            STARTS.labels("started").inc()
            if request.queued_at is None and request.approval is None:
                START_S.observe(lease.since_s(request.asked_at))
            log.info("started", request=request.id, run=run_id, user=request.user, channel=request.channel)

    async def _expire(self, lease: Lease, request: Request) -> None:
        """Refuse a start that is too late or was requested before an absence, unless its card shows it as sent."""
        try:
            outcome = await self._earlier.outcome(request, request.asked_at)
        except SlackError:
            await self._due.give_back(lease, delay_s=LOOK_AGAIN_S)
            return
        if outcome is not EarlierOutcome.STARTED:
            is_late = lease.since_s(request.asked_at) > self._settings.deadline_s
            await self._refuse(lease, request, expired(self._settings.deadline_s) if is_late else WAS_AWAY)

    async def _create(self, request: Request) -> int:
        """Send the mutation that creates the run, and return its id."""
        if isinstance(request.start_command, RunCommand):
            return await self._bolt.trigger(_trigger(request, request.start_command))
        parent = request.plan.parent_run if request.plan else None
        if parent is None:
            raise RuntimeError("a retry is looked up before it's sent")
        return await (self._bolt.retry_all(parent) if request.start_command.every else self._bolt.retry(parent))

    def _all(self, request: Request) -> str:
        """Advice for a retry of a run in which Bolt finds nothing to retry."""
        start_command, plan = request.start_command, request.plan
        if isinstance(start_command, RunCommand) or start_command.every or plan is None:
            return ""
        # A command begins with the slash command or a mention, depending on where it's typed. The reader
        # already knows how to begin a command, so only the words after that are given.
        return f" Retry run {plan.parent_run} with --all to run all of it again."

    async def _queue_again(self, lease: Lease, request: Request) -> None:
        refusal = await self._while_running.queue_again(lease, request)
        if refusal is not None:
            await self._refuse(lease, request, refusal.why, running=refusal.running)

    async def _refuse(self, lease: Lease, request: Request, why: str, running: BlockingRun | None = None) -> None:
        if request.state is RequestState.SENDING:
            await self._stores.requests.unlock(request)
        await self._stores.requests.refused(lease, request, why, running=running)
        STARTS.labels("refused").inc()


def _trigger(request: Request, start_command: RunCommand) -> Trigger:
    return Trigger(
        slug=request.plan.slug if request.plan else start_command.schedule_text,
        branch=start_command.branch,
        pull_request=start_command.pull_request,
        commands=start_command.commands,
        reason=start_reason(request),
        continue_on_error=start_command.continue_on_error or None,
    )


def _stop(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."
