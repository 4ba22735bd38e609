"""Which run a thread is about: that of the card it hangs on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from bot.core.buttons import CANCEL_RUN, RunButton
from bot.core.errors import SlackError, StoreAway
from bot.core.posted import run_of
from bot.core.request import State
from bot.core.run import CardRef, RunFacts, RunKey
from bot.flows.ports import Card, Chat, Requests, Runs

log = structlog.get_logger()

START_KEY = "start:"
RECORD_S = 0.4
READ_S = 0.8

STARTING = "This run has no number yet; ask again when its card shows one."
UNCLEAR = "It is not known yet which run this thread belongs to; give the run's number."
ELSEWHERE = "This card belongs to another Bolt workspace; look for its run in Bolt."
LOST = "I no longer know which run this thread belongs to; give its number, which stands on the card."


@dataclass(frozen=True, slots=True)
class LostCard:
    """A card whose record Redis has lost, and what its own button tells of its run: that it is over, if it says so."""

    run: RunButton
    card: CardRef
    over: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """What hangs on a message. `run` is None in the thread of something that is no card.

    `why` says why the run of a card cannot be told; `lost` is there where its record has to be made again.
    """

    run: RunKey | None = None
    why: str = ""
    lost: LostCard | None = None


class Places:
    """Finds the run of a thread, before its message is acknowledged: by the record, else by the card's own buttons."""

    def __init__(self, runs: Runs, requests: Requests, chat: Chat, *, workspace: str, app_url: str) -> None:
        self._runs = runs
        self._requests = requests
        self._chat = chat
        self._workspace = workspace
        self._app_url = app_url

    async def of(self, team: str, parent: CardRef) -> Place:
        """The place of a thread whose first message is `parent`."""
        try:
            async with asyncio.timeout(RECORD_S):
                card = await self._runs.card(team, parent)
                known = await self._known(card) if card is not None else None
        except (StoreAway, TimeoutError):
            known = None
        return known or await self._read(parent)

    async def _known(self, card: Card) -> Place | None:
        if card.run is not None:
            return Place(card.run) if card.run.workspace == self._workspace else Place(why=ELSEWHERE)
        request = await self._requests.load(card.request) if card.request else None
        if request is None:
            return None
        return Place(why=UNCLEAR if request.state in {State.LOOKING, State.UNCLEAR, State.CLOSED} else STARTING)

    async def _read(self, parent: CardRef) -> Place:
        try:
            posted = await self._chat.read(parent.channel, parent.ts, within_s=READ_S)
        except SlackError as error:
            log.info("a thread's first message could not be read", channel=parent.channel, why=str(error))
            return Place(why=LOST)
        if posted is None or not posted.ours:
            return Place()
        named = run_of(posted.buttons, self._workspace, self._app_url)
        if named is None:
            # The card of a start has no button until it has a run.
            return Place(why=STARTING if posted.key.startswith(START_KEY) and not posted.buttons else "")
        if named.key.workspace != self._workspace:
            return Place(why=ELSEWHERE)
        over = all(button.action != CANCEL_RUN for button in posted.buttons)
        return Place(named.key, lost=LostCard(named, parent, over) if named.facts != RunFacts() else None)
