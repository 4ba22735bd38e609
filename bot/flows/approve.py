"""Approving starts: a member of the required group decides, never the asker, and the first decision counts.

The time limit for the decision is the rule's `within`, by default `APPROVE_WITHIN_S` in `bot.core.policy.rules`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from bot.core.model.asker import Asker
from bot.core.model.errors import BoltDenied, BoltError, BoltRejected, SlackError, StoreUnavailable
from bot.core.model.request import Request, RequestState, StartPlan, with_channel
from bot.core.model.run import run_url
from bot.core.policy.decision import Verdict
from bot.core.policy.refusal import refusal
from bot.core.text.message import Message
from bot.core.text.text import Bold, Link, Mention, Sentence
from bot.core.views.approval import changed, not_approved
from bot.core.views.store_unavailable import cause, unrecorded
from bot.flows.authorize import action_of
from bot.flows.lease import Lease
from bot.flows.plan_start import NotStartable
from bot.flows.ports.store import Due, Requests
from bot.flows.start_after_restore import WHY_NOT, EarlierOutcome
from bot.flows.start_collaborators import StartCollaborators
from bot.flows.start_settings import expired

log = structlog.get_logger()

DECIDE_S = 2.0
LOST_S = 3600.0
AWAY_AGAIN_S = 3.0
CARD_AGAIN_S = 0.5
CLICK_AGAIN = "If the card still asks for approval in a minute, click again."


@dataclass(frozen=True, slots=True)
class ApprovalRules:
    """Settings for approvals. `deadline_s`: how long a start may wait after its approval."""

    app_url: str
    slash_command: str = "/bolt"
    deadline_s: float = 60


class StartApprovals:
    """Takes decisions, and advances starts after their approval or deadline. `decided` wakes the worker for them."""

    def __init__(
        self,
        requests: Requests,
        due: Due,
        checks: StartCollaborators,
        rules: ApprovalRules,
        *,
        decided: Callable[[], None],
    ) -> None:
        self._requests = requests
        self._due = due
        self._planner = checks.planner
        self._authorizer = checks.authorizer
        self._earlier = checks.earlier
        self._rules = rules
        self._decided = decided

    # --- a start that is waiting for approval, or was approved ---

    async def advance_approval(self, lease: Lease) -> None:
        """Advance the claimed start by one step."""
        request = await self._requests.load_request(lease.member)
        if request is None or request.state not in {RequestState.PENDING, RequestState.APPROVED}:
            log.error("a start is waiting for approval without an approver", request=lease.member)
            await self._due.give_back(lease, delay_s=LOST_S)
        elif request.state is RequestState.PENDING:
            await self._pend(lease, request)
        else:
            await self._look_again(lease, request)

    async def _pend(self, lease: Lease, request: Request) -> None:
        """Wait for a click, which makes the start due at once, or for the deadline."""
        if request.approval is None or request.pending_at is None:
            await self._due.give_back(lease, delay_s=LOST_S)
            return
        left_s = request.approval.within_s - lease.since_s(request.pending_at)
        if left_s > 0:
            await self._due.give_back(lease, delay_s=left_s)
            return
        try:
            outcome = await self._earlier.outcome(request, request.pending_at)
        except SlackError:
            await self._due.give_back(lease, delay_s=AWAY_AGAIN_S)
            return
        if outcome is not EarlierOutcome.STARTED:
            why = WHY_NOT[outcome] if outcome is EarlierOutcome.DECIDED else not_approved(request)
            await self._requests.refused(lease, request, why)

    async def _look_again(self, lease: Lease, request: Request) -> None:
        """Check an approved start again: its schedule or its asker's permissions may have changed since."""
        if lease.since_s(request.asked_at) > self._rules.deadline_s:
            await self._requests.refused(lease, request, expired(self._rules.deadline_s))
            return
        if request.card is None:
            # The click arrived before the card that it was on had been recorded.
            await self._due.give_back(lease, delay_s=CARD_AGAIN_S)
            return
        try:
            plan = await self._planner.plan_start(request, fresh=True)
        except NotStartable as answer:
            await self._requests.refused(lease, request, answer.why)
        except (BoltDenied, BoltRejected) as refused:
            await self._requests.refused(lease, request, f"{refused.sentence.rstrip('.')}.")
        except BoltError:
            await self._due.give_back(lease, delay_s=AWAY_AGAIN_S)
        else:
            await self._start(lease, request, plan)

    async def _start(self, lease: Lease, request: Request, plan: StartPlan) -> None:
        decision, channel_info = await self._authorizer.decide_on_start(request, plan, again=True, approved=True)
        if decision.again_s and lease.since_s(request.asked_at) < self._rules.deadline_s - AWAY_AGAIN_S:
            await self._due.give_back(lease, delay_s=decision.again_s)
            return
        why = None
        if changed(request.plan, plan):
            why = "This start has changed since it was requested, so it needs a new approval. Start it again."
        elif decision.verdict is Verdict.APPROVE and (request.approval is None or decision.by != request.approval.by):
            why = f"The policy now requires approval from {decision.by}. Start it again."
        elif decision.verdict not in {Verdict.ALLOW, Verdict.APPROVE}:
            why = refusal(decision, action_of(request), self._rules.slash_command)
        if why is None:
            await self._requests.approved(lease, request, with_channel(plan, channel_info))
        else:
            await self._requests.refused(lease, request, why)

    # --- a click ---

    async def decide_approval(self, asker: Asker, request_id: str, *, yes: bool) -> Message | None:
        """Approve or deny a start. Returns the answer, or None if the card shows the decision."""
        try:
            async with asyncio.timeout(DECIDE_S):
                return await self._decide(asker, request_id, yes=yes)
        except (StoreUnavailable, TimeoutError) as error:
            log.warning("a decision couldn't be recorded", request=request_id, user=asker.user, why=cause(error))
            self._decided()
            return Message((unrecorded(error, nothing="Nothing was decided.", otherwise=CLICK_AGAIN),))

    async def _decide(self, asker: Asker, request_id: str, *, yes: bool) -> Message | None:
        request = await self._requests.load_request(request_id)
        if request is None or request.approval is None:
            return Message(("I no longer have a record of this start, so nothing was decided. Start it again.",))
        if request.state is not RequestState.PENDING:
            return self._over(request)
        why_not = await self._why_not(asker, request, yes=yes)
        if why_not:
            await self._authorizer.record_refused_decision(asker, request, yes=yes, why=why_not)
            return Message((why_not,))
        why = "" if yes else "It was denied, so nothing was started."
        word = await self._requests.decide(request, asker.user, yes=yes, why=why)
        log.info("decided", request=request_id, yes=yes, user=asker.user, word=word)
        if word in {"ok", "late"}:
            self._decided()
        if word == "ok":
            return None
        if word == "late":
            return Message(
                (
                    Bold(request.title),
                    " wasn't approved in time, so it wasn't started. Start it again if you still want it.",
                )
            )
        now = await self._requests.load_request(request_id)
        return self._over(now) if now else None

    async def _why_not(self, asker: Asker, request: Request, *, yes: bool) -> str:
        """Why this person can't decide, or an empty string if they can. The asker may withdraw the start."""
        by = request.approval.by if request.approval else ""
        if asker.user == request.user:
            return f"You requested it yourself, so someone else in {by} has to approve it." if yes else ""
        may = await self._authorizer.may_approve(asker.user, request.approval) if request.approval else False
        if may is None:
            return f"I couldn't find out whether you're in {by}, so nothing was decided. Click again in a minute."
        return "" if may else f"Only members of {by} can approve this, and you aren't one of them. Nothing was decided."

    def _over(self, request: Request) -> Message:
        """Say that the start was already decided."""
        name = Bold(request.title)
        if request.denied_by == request.user:
            return Message(
                (Mention(request.user), " already withdrew the request for ", name, ", so it wasn't started.")
            )
        if request.denied_by:
            return Message((Mention(request.denied_by), " already denied ", name, ", so it wasn't started."))
        if request.approved_by:
            return Message((Mention(request.approved_by), " already approved ", name, *self._became(request)))
        return Message((name, " is no longer waiting for approval, and it wasn't started."))

    def _became(self, request: Request) -> Sentence:
        """Describe the outcome of an approved start, as the end of a sentence."""
        if request.run_id:
            return (": it's ", Link(run_url(self._rules.app_url, request.run_id), f"run {request.run_id}"), ".")
        if request.state in {RequestState.REFUSED, RequestState.CLOSED}:
            return (f", but it wasn't started. {request.why}".rstrip(),)
        return (", so it's starting.",)
