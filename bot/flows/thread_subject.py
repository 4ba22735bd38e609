"""The subject of a thread: the run of the card that the thread belongs to.

`bot.slack.events.user_message` decides which commands need it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from bot.core.model.card import Card
from bot.core.model.errors import SlackError, StoreUnavailable
from bot.core.model.request import Request, RequestState
from bot.core.model.run import CardRef, RunFacts, RunKey
from bot.core.model.sent_message import SlackMessage
from bot.core.views.buttons import APPROVE_START, CANCEL_RUN, DROP_QUEUED, RunButton
from bot.core.views.run_from_buttons import run_from_buttons
from bot.core.views.store_unavailable import database
from bot.flows.ports.slack import Chat
from bot.flows.ports.store import Requests, Runs

log = structlog.get_logger()

START_KEY = "start:"
RECORD_S = 0.4
READ_S = 0.8

APPROVED = "This start was approved but has no run yet. Try again when its card shows one."
STARTING = "This run has no number yet. Try again when its card shows one."
UNCLEAR = "I don't yet know which run this thread belongs to. Add the run's number."
ELSEWHERE = "This card belongs to another Bolt workspace. Look for its run in Bolt."
TAKEN_OUT = "This start is no longer in the queue and wasn't started. Its card says why."
FORGOTTEN = "I no longer have a record of this start, so it isn't queued. Type its command again if you still want it."
AWAY = f"{database()} Try again in a minute."
LOST = "I no longer know which run this thread belongs to. Add the run's number, which is on the card."


@dataclass(frozen=True, slots=True)
class LostCard:
    """A card whose record Redis has lost, and its run, as a button on the card describes it.

    `over`: the card shows an ended run.
    """

    run: RunButton
    card: CardRef
    over: bool = False


@dataclass(frozen=True, slots=True)
class ThreadSubject:
    """The subject of a thread. `run` is None if the thread doesn't belong to a card.

    `why` explains why a card's run isn't known; `lost` is set if its record has to be restored. `queued` is the
    id of a queued start's request, and `pending` is the id of the request of a start that's waiting for approval.
    """

    run: RunKey | None = None
    why: str = ""
    lost: LostCard | None = None
    queued: str | None = None
    pending: str | None = None


class ThreadSubjects:
    """Finds the run of a thread before its message is acknowledged: by the record, else by the card's own buttons."""

    def __init__(
        self,
        runs: Runs,
        requests: Requests,
        chat: Chat,
        *,
        workspace: str,
        app_url: str,
        record_s: float = RECORD_S,
        read_s: float = READ_S,
    ) -> None:
        self._runs = runs
        self._requests = requests
        self._chat = chat
        self._workspace = workspace
        self._app_url = app_url
        self._record_s = record_s
        self._read_s = read_s

    async def subject_of(self, team: str, parent: CardRef, *, shown: SlackMessage | None = None) -> ThreadSubject:
        """The subject of a thread whose first message is `parent`; `shown` is that message, if Slack has sent it."""
        known, away = None, False
        try:
            async with asyncio.timeout(self._record_s):
                card = await self._runs.load_card(team, parent)
                known = await self._known(card) if card is not None else None
        except (StoreUnavailable, TimeoutError):
            away = True
        return known or self._shown(parent, shown) or await self._read(parent, away=away)

    async def _known(self, card: Card) -> ThreadSubject | None:
        if card.run is not None:
            return ThreadSubject(card.run) if card.run.workspace == self._workspace else ThreadSubject(why=ELSEWHERE)
        request = await self._requests.load_request(card.request) if card.request else None
        return self._of_request(request) if request is not None else None

    def _of_request(self, request: Request) -> ThreadSubject:
        """The subject for a start whose card has no run on record."""
        if request.state is RequestState.QUEUED:
            return ThreadSubject(why=_why_no_run(request), queued=request.id)
        if request.state is RequestState.PENDING:
            return ThreadSubject(why=_asks(request), pending=request.id)
        if request.state is RequestState.APPROVED:
            return ThreadSubject(why=APPROVED)
        if request.state is RequestState.SETTLED and request.run_id:
            # The run has another card in this channel: it was followed before it was known to belong to this start.
            return ThreadSubject(RunKey(self._workspace, request.run_id))
        # A start that waited, was then sent, and stayed unclear has no reason.
        waited = request.queued_at or request.approval
        if waited and request.why and request.state in {RequestState.REFUSED, RequestState.CLOSED}:
            return ThreadSubject(why=request.why if request.approval else TAKEN_OUT)
        return ThreadSubject(
            why=UNCLEAR
            if request.state in {RequestState.LOOKING, RequestState.UNCLEAR, RequestState.CLOSED}
            else STARTING
        )

    def _shown(self, parent: CardRef, shown: SlackMessage | None) -> ThreadSubject | None:
        """The subject of a message that Slack sent along. Without its key, even one of ours may not name a run."""
        if shown is None:
            return None
        return self._named(parent, shown) if shown.ours else ThreadSubject()

    async def _read(self, parent: CardRef, *, away: bool) -> ThreadSubject:
        try:
            posted = await self._chat.read_message(parent.channel, parent.ts, within_s=self._read_s)
        except SlackError as error:
            log.info("a thread's first message couldn't be read", channel=parent.channel, why=str(error))
            return ThreadSubject(why=LOST)
        if posted is None or not posted.ours:
            return ThreadSubject()
        named = self._named(parent, posted)
        if named is None and not away:
            named = await self._just_posted(posted)
        return named or ThreadSubject(why=_without_run(posted, away=away))

    async def _just_posted(self, posted: SlackMessage) -> ThreadSubject | None:
        """The subject for a start whose card was just posted: a reply may arrive before the card is recorded."""
        if not posted.key.startswith(START_KEY):
            return None
        try:
            async with asyncio.timeout(self._record_s):
                request = await self._requests.load_request(posted.key.removeprefix(START_KEY))
        except (StoreUnavailable, TimeoutError):
            return None
        return self._of_request(request) if request is not None and request.card is None else None

    def _named(self, parent: CardRef, posted: SlackMessage) -> ThreadSubject | None:
        """The subject of one of our messages whose buttons name a run."""
        named = run_from_buttons(posted.buttons, self._workspace, self._app_url)
        if named is None:
            return None
        if named.key.workspace != self._workspace:
            return ThreadSubject(why=ELSEWHERE)
        over = all(button.action != CANCEL_RUN for button in posted.buttons)
        return ThreadSubject(named.key, lost=LostCard(named, parent, over) if named.facts != RunFacts() else None)


def _why_no_run(request: Request) -> str:
    run = f"run {request.behind}" if request.behind else "the run before it"
    return f'This start is waiting for {run} to end and has no run yet. To remove it from the queue, click "Don\'t run" on its card.'


def _asks(request: Request) -> str:
    by = f" by {request.approval.by}" if request.approval else ""
    return f'This start is waiting for approval{by} and has no run yet. Use "Approve" or "Deny" on its card.'


def _without_run(posted: SlackMessage, *, away: bool) -> str:
    """Explain why one of our messages is a card without a run. Returns an empty string if it isn't a card."""
    if not posted.key.startswith(START_KEY):
        return ""
    if any(button.action in {DROP_QUEUED, APPROVE_START} for button in posted.buttons):
        return AWAY if away else FORGOTTEN
    # A start's card has no button until it has a run.
    return "" if posted.buttons else STARTING
