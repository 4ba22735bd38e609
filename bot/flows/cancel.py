"""Cancelling runs: the request is stored with the run once, and pursued until the run has ended.

Two clicks make one request. Before each attempt, the run's state is read. Bolt is asked again after 15 s, three times
at most, and the card says cancelled only when Bolt does. Whether the person may cancel is checked beforehand
(`bot.slack.authorization`, `bot.core.policy`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from bot.core.model.asker import Asker
from bot.core.model.bolt import RunStatus
from bot.core.model.errors import BoltDenied, BoltError, BoltOutcomeUnknown, BoltRejected, BoltThrottled
from bot.core.model.run import LOST, CardRef, Observation, Run, RunFacts, RunKey, is_failed, is_final, run_url
from bot.core.text.message import Message
from bot.core.text.text import Bold, Link, Mention, Sentence, When
from bot.flows.lease import Lease
from bot.flows.log_context import log_run
from bot.flows.ports.bolt import Bolt
from bot.flows.ports.store import Due, Runs
from bot.flows.private_replies import PrivateReplies

log = structlog.get_logger()

MOST_TRIES = 3
AGAIN_S = 15.0
AWAY_AGAIN_S = 3.0


class RunCanceller:
    """Takes a request to cancel, from a click or a command, to its end."""

    def __init__(
        self, bolt: Bolt, runs: Runs, due: Due, answers: PrivateReplies, *, app_url: str, now: Callable[[], datetime]
    ) -> None:
        self._bolt = bolt
        self._runs = runs
        self._due = due
        self._answers = answers
        self._app_url = app_url
        self._now = now

    async def record_wish(
        self, asker: Asker, key: RunKey, *, facts: RunFacts | None = None, card: CardRef | None = None
    ) -> tuple[bool, Message | None]:
        """Record the request without asking Bolt, if the run is on record or its card has enough to restore it.

        Returns whether the request was handled, and the same answer as `request_cancel`. Raises StoreUnavailable.
        """
        if card is None and await self._runs.load_run(key) is None:
            return False, None
        return True, await self._wished(asker, key, facts, card)

    async def request_cancel(
        self, asker: Asker, key: RunKey, *, facts: RunFacts | None = None, card: CardRef | None = None
    ) -> Message | None:
        """Record the request. Returns the answer, or None if the worker answers after asking Bolt.

        `facts` and `card` come from a button and restore a record that Redis has lost. Raises StoreUnavailable.
        """
        if await self._runs.load_run(key) is None:
            try:
                status = await self._bolt.status(key.id)
            except BoltRejected:
                return Message((f"There's no run {key.id} in Bolt. Check the number. Nothing was cancelled.",))
            except BoltError as error:
                return Message((f"{error.sentence} Nothing was cancelled. Try again in a minute.",))
            if is_final(status.state) and card is None:
                return self.finished(key.id, status.state)
        return await self._wished(asker, key, facts, card)

    async def _wished(self, asker: Asker, key: RunKey, facts: RunFacts | None, card: CardRef | None) -> Message | None:
        # A restored record begins without a state: only a poll may observe the end, so that it's announced.
        answer = await self._runs.record_wish(key, asker, self._now(), facts or RunFacts(), Observation(), card)
        if answer.word == "final":
            return self.finished(key.id, answer.state)
        if answer.word == "already" and answer.wish:
            by: Sentence = (Mention(answer.wish.user), " requested it at ", When(answer.wish.at))
            return Message((f"Run {key.id} is already being cancelled: ", *by, "."))
        return None

    async def advance_cancel(self, lease: Lease) -> None:
        """Read the run of a claimed request, and ask Bolt to cancel it if it's active."""
        key = RunKey.parse(lease.member)
        run, wisher = await self._runs.load_run(key), await self._runs.wisher(key)
        if run is None or wisher is None:
            await self._runs.drop_wish(lease, key, keep=False)
            return
        log_run(run)
        try:
            status = await self._bolt.status(key.id)
        except BoltRejected:
            await self._give_up(lease, run, wisher, "Bolt can't find it anymore")
            return
        except BoltError:
            await self._due.give_back(lease, delay_s=AWAY_AGAIN_S)
            return
        if is_final(status.state):
            await self._over(lease, run, wisher, status.state)
            return
        await self._ask(lease, run, wisher)

    async def _over(self, lease: Lease, run: Run, wisher: Asker, state: str) -> None:
        """Finish the request: the run has ended.

        The person is notified before the request is dropped, unless Bolt cancelled the run: then the card says so after
        the next poll.
        """
        came_true = state == "CANCELED" and await self._runs.cancel_tries(run.key) > 0
        if came_true or await self._told(lease, wisher, self.finished(run.id, state)):
            await self._runs.drop_wish(lease, run.key, keep=came_true)

    async def _told(self, lease: Lease, wisher: Asker, message: Message) -> bool:
        """Notify the person of the outcome.

        If Slack can't deliver it now, the run is read again later, and the message then reports its new state.
        """
        told = await self._answers.reply_privately(wisher, message)
        if not told:
            await self._due.give_back(lease, delay_s=AWAY_AGAIN_S)
        return told

    async def _ask(self, lease: Lease, run: Run, wisher: Asker) -> None:
        number = await self._runs.cancel_asked(lease, run.key, most=MOST_TRIES)
        if number == 0:
            return
        if number < 0:
            await self._give_up(lease, run, wisher, f"I asked Bolt {MOST_TRIES} times, and the run is still going")
            return
        # Recording the attempt ended the renewals, and Bolt may take longer to answer than the claim lasts.
        lease.start_renewing(self._due.renew)
        log.info("asking Bolt to cancel", run=run.id, user=wisher.user, attempt=number)
        try:
            await self._bolt.cancel(run.id)
        except (BoltRejected, BoltDenied) as refused:
            await self._refused(lease, run, wisher, refused)
            return
        except BoltOutcomeUnknown:
            # Cancelling twice is harmless, but the run's state is read first.
            await self._due.give_back(lease, delay_s=AGAIN_S)
            return
        except BoltError as away:
            await self._runs.cancel_not_asked(run.key)
            pause_s = away.retry_after_s if isinstance(away, BoltThrottled) else AWAY_AGAIN_S
            await self._due.give_back(lease, delay_s=pause_s)
            return
        await self._due.give_back(lease, delay_s=AGAIN_S)
        if number == 1:
            text: Sentence = (
                f"Run {run.id} of ",
                Bold(run.title),
                " is being cancelled: Bolt has accepted the request.",
            )
            await self._answers.reply_privately(wisher, Message(text))

    async def _refused(self, lease: Lease, run: Run, wisher: Asker, refused: BoltError) -> None:
        """Handle a refusal, which may only mean that the run has ended by now."""
        try:
            status = await self._bolt.status(run.id)
        except BoltError:
            status = RunStatus(run.seen.state)
        if is_final(status.state):
            if await self._told(lease, wisher, self.finished(run.id, status.state)):
                await self._runs.drop_wish(lease, run.key, keep=False)
            return
        await self._give_up(lease, run, wisher, f"Bolt refused: {refused.sentence.rstrip('.')}")

    async def _give_up(self, lease: Lease, run: Run, wisher: Asker, why: str) -> None:
        link = Link(run_url(self._app_url, run.id), "Check in Bolt")
        if await self._told(lease, wisher, Message((f"Run {run.id} couldn't be cancelled: {why}. ", link))):
            await self._runs.drop_wish(lease, run.key, keep=False)

    def finished(self, run_id: int, state: str) -> Message:
        """Explain why an ended run can't be cancelled."""
        link = Link(run_url(self._app_url, run_id), f"Run {run_id}")
        return Message((link, f" {already(state)}, so there's nothing to cancel."))


def outcome(state: str) -> str:
    """Describe a final state with a verb in the past tense."""
    if is_failed(state):
        return "has failed"
    return {
        "SUCCESS": "has succeeded",
        "CANCELED": "was cancelled",
        "SKIPPED": "was skipped",
        LOST: "is missing from Bolt",
    }.get(state, f"is {state}")


def already(state: str) -> str:
    """Describe a final state as one that was reached before, as in "has already failed"."""
    ended = outcome(state)
    verb, _, rest = ended.partition(" ")
    return ended if verb == "is" else f"{verb} already {rest}"
