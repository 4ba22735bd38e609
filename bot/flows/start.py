"""The life of a start, from its acceptance to its run: look, (card), send, and what follows a lost reply.

Each step is recorded before the next one is taken, so that whoever takes over after a crash sees how far it
came. The trigger is sent at most once and soon, or not at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog
from cachetools import LRUCache

from bot.core.model.asker import Asker
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
    SlackRefused,
)
from bot.core.model.request import (
    CLOCKS_S,
    Approval,
    BlockingRun,
    Request,
    RequestState,
    StartPlan,
    blocking_run_facts,
    blocking_run_of,
    candidate_runs,
    is_contested,
    start_reason,
    with_channel,
)
from bot.core.model.run import CardRef, RunFacts, RunKey, is_final, run_url
from bot.core.model.start import Sending
from bot.core.policy.decision import Decision, Verdict
from bot.core.policy.refusal import refusal
from bot.core.text.message import Message, Paragraph
from bot.core.text.text import Bold, Link, Sentence, Span
from bot.core.views.already_running import already_running, waited, why_running
from bot.core.views.approval import given_commands, too_long
from bot.core.views.card import may_be_it
from bot.core.views.guess import offered_instead
from bot.core.views.suggestions import suggestions
from bot.flows.authorize import Authorizer, action_of
from bot.flows.lease import Lease
from bot.flows.plan_start import NotStartable, StartPlanner
from bot.flows.ports.bolt import Bolt
from bot.flows.ports.slack import Chat
from bot.flows.ports.store import Due, Requests, Runs, StartQueue
from bot.flows.private_replies import PrivateReplies
from bot.flows.run_listings import LISTED

log = structlog.get_logger()

LOOK_AGAIN_S = 3.0
UNCLEAR_AGAIN_S = 30.0
NOT_SENT_AGAIN_S = 2.0
# How often a start that waited for its turn may be overtaken, and how soon it looks again where nobody is known to have done it.
MOST_ROUNDS = 5
OVERTAKEN_AGAIN_S = 10.0
SEARCH_LOCK_S = 45.0
# Slack takes four cards a second at best. More looks at once would only hold up the acknowledgements of what else is asked.
LOOKS_AT_ONCE = 4
# As many starts as may wait for their card at once.
LOOKS_KEPT = 300


@dataclass(frozen=True, slots=True)
class StartRules:
    """Times in seconds. `trigger_s` is the trigger's total time-out, which its lease outlasts three times."""

    workspace: str
    app_url: str
    command: str = "/bolt"
    deadline_s: float = 60
    trigger_s: float = 10
    look_for_s: float = 60
    unclear_for_s: float = 3600


class RunStarter:
    """Takes a claimed request as far as it goes now. `card_url` gives the web address of a card."""

    def __init__(
        self,
        bolt: Bolt,
        chat: Chat,
        requests: Requests,
        runs: Runs,
        due: Due,
        answers: PrivateReplies,
        planner: StartPlanner,
        authorizer: Authorizer,
        rules: StartRules,
        *,
        start_queue: StartQueue,
        card_url: Callable[[CardRef], str | None],
    ) -> None:
        self._bolt = bolt
        self._chat = chat
        self._requests = requests
        self._runs = runs
        self._due = due
        self._answers = answers
        self._planner = planner
        self._authorizer = authorizer
        self._rules = rules
        self._start_queue = start_queue
        self._card_url = card_url
        self._at_once = asyncio.Semaphore(LOOKS_AT_ONCE)
        # What was looked up is kept for the next attempt, so that Bolt isn't asked again each time.
        self._looks_kept: LRUCache[str, StartPlan] = LRUCache(LOOKS_KEPT)

    async def advance_start(self, lease: Lease) -> bool:
        """One step of the request that is claimed. Whether all that it made is a post: the card of a start that may go on."""
        request = await self._requests.load_request(lease.member)
        if request is None:
            log.error("a request is gone", request=lease.member)
            await self._due.give_back(lease, delay_s=self._rules.unclear_for_s)
            return False
        if request.state is RequestState.ACCEPTED:
            return await self._look(lease, request)
        steps = {
            RequestState.CARDED: self._send,
            RequestState.SENDING: self._lost,
            RequestState.LOOKING: self._search,
            RequestState.UNCLEAR: self._search,
            RequestState.REFUSED: self._undo,
        }
        step = steps.get(request.state)
        if step is None:
            log.error("a request is due in a state that needs nothing", request=request.id, state=request.state)
            await self._due.give_back(lease, delay_s=self._rules.unclear_for_s)
            return False
        await step(lease, request)
        return False

    # --- accepted: does the schedule exist, can the run be retried, may this person? ---

    async def _look(self, lease: Lease, request: Request) -> bool:
        plan = self._looks_kept.pop(request.id, None) or await self._looked(lease, request)
        if plan is None:
            return False
        left_s = self._rules.deadline_s - lease.since_s(request.asked_at) - LOOK_AGAIN_S
        decision, place = await self._authorizer.decide_on_start(request, plan, patient=left_s > 0)
        if decision.again_s and left_s > 0:
            # Many are asked about at once, and Slack says of few a minute who they are: it is no refusal as long as there is time.
            self._looks_kept[request.id] = plan
            await self._due.give_back(lease, delay_s=decision.again_s)
            return False
        plan = with_channel(plan, place)
        if decision.verdict is Verdict.ALLOW:
            return await self._requests.looked(lease, request, plan)
        if decision.verdict is Verdict.APPROVE:
            await self._ask_approval(lease, request, plan, decision, place)
        else:
            await self._refuse(lease, request, refusal(decision, action_of(request), self._rules.command))
        return False

    async def _looked(self, lease: Lease, request: Request) -> StartPlan | None:
        """What the request is about to start; None where there is nothing to start, or nothing can be found out now."""
        try:
            async with self._at_once:
                return await self._planner.resolve(request)
        except NotStartable as answer:
            await self._requests.refused(lease, request, answer.why, near=answer.near)
        except (BoltDenied, BoltRejected) as refused:
            await self._refuse(lease, request, f"{_stop(refused.sentence)} Nothing was started.")
        except BoltError as away:
            await self._look_later(lease, request, away)
        return None

    async def _look_later(self, lease: Lease, request: Request, away: BoltError) -> None:
        if lease.since_s(request.asked_at) > self._rules.deadline_s - LOOK_AGAIN_S:
            await self._refuse(lease, request, f"{_stop(away.sentence)} Nothing was started. Try again later.")
            return
        pause = away.retry_after_s if isinstance(away, BoltThrottled) else LOOK_AGAIN_S
        await self._due.give_back(lease, delay_s=min(pause, self._rules.deadline_s / 2))

    # --- somebody else has to approve it: see bot.flows.approve ---

    async def _ask_approval(
        self, lease: Lease, request: Request, plan: StartPlan, decision: Decision, place: ChannelInfo
    ) -> None:
        group = await self._authorizer.group_id(decision.by)
        commands = given_commands(replace(request, plan=plan))
        why = None
        if place.kind is ChannelKind.DIRECT:
            why = f"It needs approval from {decision.by}, who can't see it in a direct message. Start it in a channel."
        elif group is None:
            why = f"It needs approval from {decision.by}, but there's no such user group in Slack. Tell whoever runs this bot."
        elif not self._authorizer.can_show(commands):
            why = (
                "It needs approval, but its commands contain what looks like a secret, so they can't be shown in full."
            )
        else:
            why = too_long(commands) or await self._nobody_else(request, decision)
        if why is not None or group is None:
            await self._refuse(lease, request, f"{why} Nothing was started.")
            return
        approval = Approval(decision.by, group, decision.rule, decision.within_s)
        await self._requests.pending(lease, request, plan, approval)

    async def _nobody_else(self, request: Request, decision: Decision) -> str | None:
        """Why nobody could approve it: the asker never does. None if somebody can, or that cannot be read."""
        others = await self._authorizer.other_members(decision.by, request.user)
        if others is None or others:
            return None
        return (
            f"It needs approval from {decision.by}, but nobody else is in that user group. "
            f"Add someone to {decision.by} in Slack, then try again, or ask whoever runs this bot to change the rule “{decision.rule}”."
        )

    # --- carded: the person can see it, so it may be sent ---

    async def _send(self, lease: Lease, request: Request) -> None:
        rules = self._rules
        word = await self._requests.begin_sending(
            lease, request, deadline_s=rules.deadline_s, lease_s=3 * rules.trigger_s
        )
        if word is Sending.EXPIRED:
            await self._refuse(lease, request, expired(rules.deadline_s))
            return
        if word is not Sending.GO:
            return
        sending = replace(request, state=RequestState.SENDING)
        if not lease.is_valid_for(2 * rules.trigger_s):
            # This process stood still since: what was recorded as about to be sent was not sent.
            await self._requests.not_sent(lease, sending, delay_s=0)
            return
        try:
            run_id = await self._create(request)
        except (BoltNotSent, BoltThrottled) as away:
            pause = away.retry_after_s if isinstance(away, BoltThrottled) else NOT_SENT_AGAIN_S
            await self._requests.not_sent(lease, sending, delay_s=min(pause, rules.deadline_s))
        except AlreadyRunning:
            await self._refuse_running(lease, sending)
        except (BoltRejected, BoltDenied) as refused:
            await self._refuse(lease, sending, f"Bolt didn't start it: {_stop(refused.sentence)}{self._all(request)}")
        except BoltOutcomeUnknown:
            await self._lost(lease, sending)
        else:
            await self._settle(sending, run_id, told=True)
            log.info("started", request=request.id, run=run_id, user=request.user, channel=request.channel)

    async def _create(self, request: Request) -> int:
        """Send the mutation that makes the run; its id."""
        if isinstance(request.wanted, RunCommand):
            return await self._bolt.trigger(_trigger(request, request.wanted))
        parent = request.plan.parent_run if request.plan else None
        if parent is None:
            raise RuntimeError("a retry is looked up before it's sent")
        return await (self._bolt.retry_all(parent) if request.wanted.every else self._bolt.retry(parent))

    def _all(self, request: Request) -> str:
        """What to do where a run has nothing that Bolt would retry."""
        wanted, plan = request.wanted, request.plan
        if isinstance(wanted, RunCommand) or wanted.every or plan is None:
            return ""
        # How a command begins depends on where it is typed; who reads this has typed one there, or clicked.
        return f" Retry run {plan.parent_run} with --all to run all of it again."

    async def _settle(self, request: Request, run_id: int, *, told: bool) -> None:
        card_url = self._card_url(request.card) if request.card else None
        await self._requests.settle(request, RunKey(self._rules.workspace, run_id), told=told, card_url=card_url)

    async def _refuse_running(self, lease: Lease, request: Request) -> None:
        slug = request.plan.slug if request.plan else ""
        try:
            listed = await self._bolt.runs(slug, LISTED) if slug else []
            active = [run for run in listed if not is_final(run.state)]
        except BoltError:
            active = []
        running = blocking_run_of(active[0]) if active else None
        if request.queued_at is not None and request.rounds < MOST_ROUNDS:
            await self._wait_again(lease, request, running)
            return
        await self._refuse(lease, request, why_running(request, running), running=running)

    async def _wait_again(self, lease: Lease, request: Request, running: BlockingRun | None) -> None:
        """A start that waited for its turn was overtaken: it waits for that run, too."""
        behind = RunKey(self._rules.workspace, running.run_id) if running else None
        facts = blocking_run_facts(running, request.plan) if running else RunFacts()
        # Where the listing knows of none, Bolt is late with telling it, or with letting go of the one that has ended.
        pause_s = 0 if running else OVERTAKEN_AGAIN_S
        await self._start_queue.requeue(lease, request, behind, facts, delay_s=pause_s)
        await self._requests.unlock(request)

    # --- sending: the reply was lost, so the run is looked for and never asked for again ---

    async def _lost(self, lease: Lease, request: Request) -> None:
        if request.plan is not None and not request.plan.slug:
            # Nothing but its schedule's listing would tell of its run.
            await self._requests.unlock(request)
            await self._unclear_now(lease, request, (), delay_s=self._rules.unclear_for_s)
            return
        if not await self._requests.looking(lease, request, delay_s=0):
            return
        log.warning("the reply to a start was lost", request=request.id)
        name = Bold(request.title)
        text: Sentence = ("Bolt didn't answer, so I'm checking whether ", name, " started. Don't start it again yet.")
        await self._answers.reply_privately(asker(request), Message(text))

    async def _search(self, lease: Lease, request: Request) -> None:
        if not await self._requests.lock(request, SEARCH_LOCK_S):
            await self._due.give_back(lease, delay_s=0.5)
            return
        try:
            found, sure = await self._candidates(request)
        except BoltError:
            # Not being able to look is no finding.
            found, sure = request.candidates, False
        if len(found) == 1 and sure:
            await self._settle(request, found[0], told=False)
            log.info("found the run of a start whose reply was lost", request=request.id, run=found[0])
            return
        await self._requests.unlock(request)
        await self._not_found_yet(lease, request, found)

    async def _candidates(self, request: Request) -> tuple[tuple[int, ...], bool]:
        """The runs that it may have made, and whether none of them may be of another start whose reply was lost too."""
        workspace = self._rules.workspace
        slug, mark = (request.plan.slug, request.plan.mark) if request.plan else ("", 0)
        newer = [run for run in await self._bolt.runs(slug, LISTED) if run.id > mark] if slug else []
        known = await self._runs.known(workspace, [run.id for run in newer])
        actor = await self._runs.actor(workspace)
        found = candidate_runs(request, newer, actor=actor, known=known, within_s=self._rules.trigger_s + CLOCKS_S)
        rivals = await self._requests.rivals(request) if found else ()
        return found, not any(is_contested(request, run, rivals) for run in newer if run.id in found)

    async def _not_found_yet(self, lease: Lease, request: Request, found: tuple[int, ...]) -> None:
        searched_s = lease.since_s(request.sending_at or request.asked_at)
        if request.state is RequestState.LOOKING and not found and searched_s < self._rules.look_for_s:
            await self._due.give_back(lease, delay_s=LOOK_AGAIN_S)
            return
        if request.state is RequestState.UNCLEAR and searched_s > self._rules.unclear_for_s:
            await self._requests.closed(lease, request)
            return
        await self._unclear_now(lease, request, found, delay_s=UNCLEAR_AGAIN_S)

    async def _unclear_now(self, lease: Lease, request: Request, found: tuple[int, ...], *, delay_s: float) -> None:
        """Say on the card, and once to whoever asked, that nobody knows."""
        first = request.state is not RequestState.UNCLEAR
        recorded = await self._requests.unclear(lease, request, found, delay_s=delay_s)
        if first and recorded:
            log.warning("it's unclear whether a start made a run", request=request.id, candidates=found)
            await self._answers.reply_privately(asker(request), self._unclear(request, found))

    def _unclear(self, request: Request, found: tuple[int, ...]) -> Message:
        name = Bold(request.title)
        spans: list[Span] = ["Bolt didn't answer, and I couldn't find out whether ", name, " started. "]
        if found:
            first, *rest = may_be_it(found, self._rules.app_url)
            spans += [first.capitalize() if isinstance(first, str) else first, *rest, ". "]
        else:
            spans += [Link(self._rules.app_url, "Check in Bolt"), " before you try again. "]
        spans.append(f"(reference {request.id[:8]})")
        return Message(tuple(spans))

    # --- refused: nothing was started; the card goes and the person is told why ---

    async def _refuse(self, lease: Lease, request: Request, why: str, running: BlockingRun | None = None) -> None:
        if request.state is RequestState.SENDING:
            await self._requests.unlock(request)
        await self._requests.refused(lease, request, why, running=running)

    async def _undo(self, lease: Lease, request: Request) -> None:
        log.info("not started", request=request.id, user=request.user, channel=request.channel, why=request.why)
        if request.keeps_card:
            await self._tell_waited(lease, request)
            return
        if request.card is not None:
            try:
                await self._chat.delete_message(request.card.channel, request.card.ts)
            except SlackRefused as refused:
                log.warning("a card couldn't be removed", request=request.id, why=refused.code)
                await self._say_not_started(request, request.card)
            except SlackError:
                await self._due.give_back(lease, delay_s=NOT_SENT_AGAIN_S)
                return
        if await self._answers.reply_privately(asker(request), await self._refusal(request)):
            await self._requests.closed(lease, request)
        else:
            await self._due.give_back(lease, delay_s=LOOK_AGAIN_S)

    async def _tell_waited(self, lease: Lease, request: Request) -> None:
        """The card of a start that waited says why it was not started. Its asker, who may be away by now, gets a message."""
        if request.user not in {request.dropped_by, request.denied_by} and not await self._answers.reply_lastingly(
            asker(request), waited(request)
        ):
            await self._due.give_back(lease, delay_s=LOOK_AGAIN_S)
            return
        await self._requests.closed(lease, request)

    async def _say_not_started(self, request: Request, card: CardRef) -> None:
        """A card that cannot be removed must not go on saying that something is starting."""
        try:
            await self._chat.edit_message(card.channel, card.ts, Message((Bold(request.title), " wasn't started.")))
        except SlackError as error:
            log.error("a card shows a start as continuing although it isn't", request=request.id, why=str(error))

    async def _refusal(self, request: Request) -> Message:
        if request.running is not None:
            key = RunKey(self._rules.workspace, request.running.run_id)
            card = await self._runs.card_in(key, request.channel)
            url = self._card_url(card) if card else None
            return already_running(request, request.running, key, app_url=self._rules.app_url, card_url=url)
        spans: list[Span] = [request.why]
        if request.candidates:
            spans += [" ", Link(run_url(self._rules.app_url, request.candidates[0]), "Open it in Bolt")]
        text = tuple(spans)
        if offers := self._planner.offers_instead(request):
            return offered_instead(text, offers)
        buttons = suggestions(request)
        return Message(text, (Paragraph(text), buttons)) if buttons else Message(text)


def asker(request: Request) -> Asker:
    """How to answer the person who asked."""
    channel = "" if request.direct else request.channel
    return Asker(request.team, request.user, channel, request.response_url, request.thread)


def expired(deadline_s: float) -> str:
    """Why a start that waited too long was not sent."""
    return (
        f"It couldn't be started within {round(deadline_s)} s, so nothing was started. Try again if you still want it."
    )


def _trigger(request: Request, wanted: RunCommand) -> Trigger:
    return Trigger(
        slug=request.plan.slug if request.plan else wanted.schedule,
        branch=wanted.branch,
        pull_request=wanted.pull_request,
        commands=wanted.commands,
        reason=start_reason(request),
        continue_on_error=wanted.continue_on_error or None,
    )


def _stop(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."
