"""Finding a start's outcome, which may be missing after Redis was restored from a backup.

Such a start waits in the restored data, although it has since been sent, removed or denied. Sending it would start a
second run. Its card in Slack shows the outcome, so the card is read before the start continues. Only starts
recorded before an absence (a time in which no process worked on this data) are checked, so none is checked while the
bot keeps running.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import structlog

from bot.core.model.errors import BadCommand, SlackRefused
from bot.core.model.request import Request
from bot.core.model.run import RunKey
from bot.core.model.sent_message import MessageButton
from bot.core.views.buttons import APPROVE_START, DENY_START, DROP_QUEUED, read_request_value
from bot.core.views.run_from_buttons import run_from_buttons
from bot.flows.links import Links
from bot.flows.ports.slack import Chat
from bot.flows.ports.store import Requests

log = structlog.get_logger()

READ_S = 3.0
DECIDES = frozenset({DROP_QUEUED, APPROVE_START, DENY_START})


class EarlierOutcome(StrEnum):
    """A start's state after a restore: it still waits, has a run, was decided without one, or is unknown."""

    WAITS = "waits"
    STARTED = "started"
    DECIDED = "decided"
    UNKNOWN = "unknown"


WHY_NOT = {
    EarlierOutcome.DECIDED: (
        "I was away, or my database was restored from a backup. When I checked this start's card, the start was no "
        "longer shown as waiting, so I didn't start the run. Start it again if you still want it."
    ),
    EarlierOutcome.UNKNOWN: (
        "I was away, and I can't read this start's card to make sure that the run hasn't already started, so I didn't start it. "
        "Start it again if you still want it."
    ),
}


class EarlierStarts:
    """Reads the cards of starts that a restored, older state of Redis may show as waiting."""

    def __init__(self, chat: Chat, requests: Requests, links: Links, *, workspace: str) -> None:
        self._chat = chat
        self._requests = requests
        self._links = links
        self._workspace = workspace

    async def outcome(self, request: Request, since: datetime) -> EarlierOutcome:
        """Find the outcome of a start that was recorded at `since`. If its card shows a run, record that run.

        Raises SlackError if Slack doesn't answer now.
        """
        if not await self._requests.was_absent_since(max(since, request.checked_at or since)):
            return EarlierOutcome.WAITS
        outcome = await self._read_outcome(request)
        if outcome is EarlierOutcome.WAITS:
            await self._requests.note_checked(request)
        return outcome

    async def _read_outcome(self, request: Request) -> EarlierOutcome:
        card = request.card
        if card is None:
            return EarlierOutcome.UNKNOWN
        try:
            message = await self._chat.read_message(card.channel, card.ts, within_s=READ_S)
        except SlackRefused as refused:
            log.warning("the card of a start can't be read back", request=request.id, why=refused.code)
            return EarlierOutcome.UNKNOWN
        if message is None or not message.ours:
            return EarlierOutcome.DECIDED
        if any(_asks_about(button, request.id) for button in message.buttons):
            return EarlierOutcome.WAITS
        found = run_from_buttons(message.buttons, self._workspace, self._links.app_url)
        if found is None:
            return EarlierOutcome.DECIDED
        key = RunKey(self._workspace, found.key.id)
        log.warning("a start is on record as waiting, but its card shows a run", request=request.id, run=key.id)
        await self._requests.settle(request, key, told=False, card_url=self._links.request_card_url(request))
        return EarlierOutcome.STARTED


def _asks_about(button: MessageButton, request_id: str) -> bool:
    """Whether a button decides on a start that waits: removes it from the queue, or approves or denies it.

    Buttons for its run name the start too, but don't decide on it.
    """
    if button.action not in DECIDES:
        return False
    try:
        return read_request_value(button.value) == request_id
    except BadCommand:
        return False
