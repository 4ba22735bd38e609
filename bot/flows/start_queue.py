"""Queued starts: each has a card, waits in order for a run of its schedule to end, and is started once.

A queued start is a request of its own, in the state `queued`. Its card is posted first. Once the run that the start
waits for has ended, no matter how, and no earlier start is queued, the schedule is read again. From then on, the start
is like any other with a card: it's sent before its deadline, or never. The deadline is counted from its turn.

A start's longest wait is BOLT_BOT_QUEUE_S; the script `check_turn.lua` decides whose turn it is. The card is
`queued_card` in `bot.core.views.card`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from bot.core.model.asker import Asker
from bot.core.model.command import RunCommand
from bot.core.model.errors import BoltDenied, BoltError, BoltRejected, SlackError, StoreUnavailable
from bot.core.model.request import Request, RequestState, StartPlan, blocking_run_facts, pinned_command, with_channel
from bot.core.model.run import Run, RunKey, run_url
from bot.core.model.start import NewRequest
from bot.core.policy.refusal import refusal
from bot.core.policy.rules import Action
from bot.core.text.message import Buttons, Message, Paragraph
from bot.core.text.text import Bold, Channel, Link, Sentence, duration, plural
from bot.core.views.buttons import follow_button
from bot.core.views.store_unavailable import cause, unrecorded
from bot.flows.lease import Lease
from bot.flows.links import Links
from bot.flows.plan_start import NotStartable
from bot.flows.ports.store import Due, Requests, StartQueue
from bot.flows.start_after_restore import WHY_NOT, EarlierOutcome
from bot.flows.start_collaborators import StartCollaborators

log = structlog.get_logger()

RECORD_S = 1.0
MOST_QUEUED = 5
# A start's turn comes when the run's end is seen. This interval covers ends seen by another version, or missed.
LOOK_AGAIN_S = 15.0
AWAY_AGAIN_S = 3.0

ASK_AGAIN = "If no card appears within a minute, try again."
FORGOTTEN = "I no longer have a record of that request. Nothing was queued. Type the command again."


@dataclass(frozen=True, slots=True)
class QueueRules:
    """Settings for the queue. `longest_s`: the longest time that a start waits."""

    workspace: str
    links: Links
    slash_command: str = "/bolt"
    longest_s: float = 86_400


class QueuedStarts:
    """Adds starts to the queue, and removes them."""

    def __init__(
        self,
        requests: Requests,
        start_queue: StartQueue,
        due: Due,
        checks: StartCollaborators,
        rules: QueueRules,
        *,
        start_queued: Callable[[], None],
        queue_left: Callable[[], None],
    ) -> None:
        self._requests = requests
        self._start_queue = start_queue
        self._due = due
        self._planner = checks.planner
        self._authorizer = checks.authorizer
        self._earlier = checks.earlier
        self._rules = rules
        self._start_queued = start_queued
        self._queue_left = queue_left

    async def queue_start(self, asker: Asker, refused: str, new_id: str, user_name: str) -> tuple[bool, Message]:
        """Queue the start of the refused request `refused`. Returns whether it's queued now, and the answer."""
        try:
            async with asyncio.timeout(RECORD_S):
                return await self._join(asker, refused, new_id, user_name)
        except (StoreUnavailable, TimeoutError) as error:
            log.warning("a queued start couldn't be recorded", request=new_id, user=asker.user, why=cause(error))
            return False, Message((unrecorded(error, nothing="Nothing was queued.", otherwise=ASK_AGAIN),))

    async def _join(self, asker: Asker, refused: str, new_id: str, user_name: str) -> tuple[bool, Message]:
        earlier = await self._requests.load_request(refused)
        if earlier is None or earlier.plan is None or earlier.running is None:
            return False, Message((FORGOTTEN,))
        # A start that wasn't asked for in its channel is answered by direct message, but its card stays in its channel.
        direct = earlier.direct and earlier.user == asker.user
        new_request = NewRequest(
            new_id,
            asker.team,
            earlier.channel if direct else asker.channel,
            asker.user,
            user_name,
            pinned_command(earlier),
            asker.response_url,
            thread=asker.thread,
            direct=direct,
            origin=earlier.origin,
            incident=earlier.incident,
        )
        behind = RunKey(self._rules.workspace, earlier.running.run_id)
        facts = blocking_run_facts(earlier.running, earlier.plan)
        word, request_id = await self._start_queue.enqueue(new_request, earlier.plan, behind, facts, most=MOST_QUEUED)
        log.info("asked to queue a start", request=request_id, word=word, user=asker.user, channel=asker.channel)
        name = Bold(earlier.title)
        if word == "known":
            queued = await self._requests.load_request(request_id)
            if queued is not None and queued.state not in {RequestState.LOOKED, RequestState.QUEUED}:
                return True, self._had_its_turn(queued, name)
        if word in {"new", "known"}:
            self._start_queued()
            return True, self._queued(new_request, name, Run(behind, facts=facts))
        if word == "same":
            return False, await self._same(request_id, name)
        starts = plural(MOST_QUEUED, "start")
        return False, Message((f"{starts} of ", name, " are already queued. Nothing was queued. Try again later."))

    def _queued(self, new_request: NewRequest, name: Bold, behind: Run) -> Message:
        """Say which run the start waits for, and where its card is.

        A direct message names the channel, because "here" would be the wrong place.
        """
        run = Link(run_url(self._rules.links.app_url, behind.id), f"run {behind.id}")
        if new_request.direct:
            return Message(
                (
                    name,
                    " will start when ",
                    run,
                    " ends. Its card in ",
                    Channel(new_request.channel),
                    " shows its status.",
                )
            )
        text: Sentence = (name, " will start when ", run, " ends. Its card in this channel shows its status.")
        return Message(text, (Paragraph(text), Buttons((follow_button(behind),))))

    def _had_its_turn(self, queued: Request, name: Bold) -> Message:
        """Describe the outcome of a start whose button is clicked again."""
        if queued.run_id is not None:
            run = Link(run_url(self._rules.links.app_url, queued.run_id), f"run {queued.run_id}")
            return Message((name, " already started: it's ", run, ". Nothing more was queued."))
        if queued.state in {RequestState.REFUSED, RequestState.CLOSED}:
            return Message((name, " is no longer queued. Type the command again if you still want it."))
        return Message((name, " is being started right now. Its card will show the result."))

    async def _same(self, request_id: str, name: Bold) -> Message:
        first = await self._requests.load_request(request_id)
        url = self._rules.links.request_card_url(first) if first else None
        where: Sentence = (": see ", Link(url, "its card")) if url else ()
        return Message((name, " is already queued by your identical request", *where, ". Nothing more was queued."))

    async def drop_start(self, asker: Asker, request_id: str, clicked: str) -> Message | None:
        """Remove a start from the queue.

        Returns the answer, or None if the message that was `clicked` is its card, which shows the result.
        """
        try:
            async with asyncio.timeout(RECORD_S):
                before = await self._requests.load_request(request_id)
                word = await self._start_queue.leave_queue(request_id, "It was removed from the queue.", asker.user)
                request = await self._requests.load_request(request_id) if word not in {"ok", "gone"} else None
        except (StoreUnavailable, TimeoutError) as error:
            nothing, again = (
                "It stays in the queue.",
                "If its card still shows it as queued in a minute, click again.",
            )
            return Message((unrecorded(error, nothing=nothing, otherwise=again),))
        log.info("removed from the queue", request=request_id, word=word, user=asker.user)
        if word == "ok":
            self._queue_left()
            if before is None or (before.card is not None and before.card.ts == clicked):
                return None
            return Message((Bold(before.title), " was removed from the queue, so it won't start."))
        if request is None:
            return Message(("I no longer have a record of this start, so it isn't queued.",))
        return self._too_late(request)

    def _too_late(self, request: Request) -> Message:
        name = Bold(request.title)
        if request.run_id:
            run = Link(run_url(self._rules.links.app_url, request.run_id), f"run {request.run_id}")
            return Message((name, " already started as ", run, ". Cancel it in Bolt or on its card."))
        if request.state in {RequestState.REFUSED, RequestState.CLOSED}:
            return Message((name, " is no longer in the queue, and it wasn't started."))
        return Message((name, " is being started right now. Cancel its run on the card in a moment."))

    async def advance_queue(self, lease: Lease) -> None:
        """Check whether it's the claimed start's turn."""
        word = await self._start_queue.check_turn(lease, longest_s=self._rules.longest_s, again_s=LOOK_AGAIN_S)
        if word == "late":
            waited = duration(self._rules.longest_s)
            await self._start_queue.leave_queue(
                lease.member,
                f"It waited in the queue for {waited}, which is the limit. Start it again if you still want it.",
            )
        elif word == "unseen":
            # The start's card was deleted, or its channel can't be posted to anymore: the start would be invisible.
            await self._start_queue.leave_queue(
                lease.member, "I can't show its card anymore. Start it again if you still want it."
            )
        elif word == "turn":
            request = await self._requests.load_request(lease.member)
            if request is not None and await self._still_waits(lease, request):
                await self._begin(lease, request)

    async def _still_waits(self, lease: Lease, request: Request) -> bool:
        """Whether a start still waits: Redis may have lost the record that it was started or left the queue."""
        try:
            outcome = await self._earlier.outcome(request, request.queued_at or request.asked_at)
        except SlackError:
            await self._due.give_back(lease, delay_s=AWAY_AGAIN_S)
            return False
        if outcome in WHY_NOT:
            await self._start_queue.leave_queue(request.id, WHY_NOT[outcome])
        return outcome is EarlierOutcome.WAITS

    async def _begin(self, lease: Lease, request: Request) -> None:
        try:
            plan = await self._planner.plan_start(request)
        except NotStartable as answer:
            await self._start_queue.leave_queue(request.id, answer.why)
        except (BoltDenied, BoltRejected) as refused:
            await self._start_queue.leave_queue(request.id, f"{refused.sentence.rstrip('.')}.")
        except BoltError:
            # The turn isn't taken yet: while Bolt is down, nothing is sent, and nothing is lost by waiting.
            await self._due.give_back(lease, delay_s=AWAY_AGAIN_S)
        else:
            await self._unless_refused(lease, request, plan)

    async def _unless_refused(self, lease: Lease, request: Request, plan: StartPlan) -> None:
        """Start it, unless its asker has lost the permission that was checked when it joined the queue."""
        decision, channel_info = await self._authorizer.decide_on_start(request, plan, again=True)
        if decision.allowed:
            await self._start_queue.take_turn(lease, request, with_channel(plan, channel_info))
        elif decision.again_s:
            # Slack can't say right now who the asker is: the turn can wait.
            await self._due.give_back(lease, delay_s=decision.again_s)
        else:
            action = Action.START if isinstance(request.start_command, RunCommand) else Action.RETRY
            await self._start_queue.leave_queue(request.id, refusal(decision, action, self._rules.slash_command))
