"""Finding the run of a start with a lost response among its schedule's runs. The start is never sent again.

`candidate_runs` in `bot.core.model.request` decides which runs may belong to this start.
"""

from __future__ import annotations

import structlog

from bot.core.model.errors import BoltError
from bot.core.model.request import CLOCKS_S, Request, RequestState, candidate_runs, is_contested
from bot.core.model.run import RunKey
from bot.core.text.message import Message
from bot.core.text.text import Bold, Link, Sentence, Span
from bot.core.views.card import may_be_it
from bot.flows.lease import Lease
from bot.flows.ports.bolt import Bolt
from bot.flows.ports.store import Due
from bot.flows.private_replies import PrivateReplies, asker_of
from bot.flows.run_listings import LISTED
from bot.flows.run_stores import RunStores
from bot.flows.start_settings import StartSettings

log = structlog.get_logger()

LOOK_AGAIN_S = 3.0
UNCLEAR_AGAIN_S = 30.0
SEARCH_LOCK_S = 45.0


class LostStartFinder:
    """Advances a claimed start from its lost response to its run, or to the card that says it's unclear."""

    def __init__(
        self, bolt: Bolt, stores: RunStores, due: Due, answers: PrivateReplies, settings: StartSettings
    ) -> None:
        self._bolt = bolt
        self._stores = stores
        self._due = due
        self._answers = answers
        self._settings = settings

    async def begin_search(self, lease: Lease, request: Request) -> None:
        """Record that the response was lost, and notify the person who asked."""
        if request.plan is not None and not request.plan.slug:
            # The start's run could only be found in its schedule's listing, and the schedule is unknown.
            await self._stores.requests.unlock(request)
            await self._unclear_now(lease, request, (), delay_s=self._settings.unclear_for_s)
            return
        if not await self._stores.requests.looking(lease, request, delay_s=0):
            return
        log.warning("the reply to a start was lost", request=request.id)
        name = Bold(request.title)
        text: Sentence = ("Bolt didn't answer, so I'm checking whether ", name, " started. Don't start it again yet.")
        await self._answers.reply_privately(asker_of(request), Message(text))

    async def search(self, lease: Lease, request: Request) -> None:
        """Search for the run once. If it isn't found, the start stays due until the bot gives up on it."""
        if not await self._stores.requests.lock(request, SEARCH_LOCK_S):
            await self._due.give_back(lease, delay_s=0.5)
            return
        try:
            found, sure = await self._candidates(request)
        except BoltError:
            # A failed search isn't a result.
            found, sure = request.candidates, False
        if len(found) == 1 and sure:
            key = RunKey(self._settings.workspace, found[0])
            card_url = self._settings.links.request_card_url(request)
            await self._stores.requests.settle(request, key, told=False, card_url=card_url)
            log.info("found the run of a start whose reply was lost", request=request.id, run=found[0])
            return
        await self._stores.requests.unlock(request)
        await self._not_found_yet(lease, request, found)

    async def _candidates(self, request: Request) -> tuple[tuple[int, ...], bool]:
        """The runs that the start may have made, and whether they're uncontested by other lost starts."""
        workspace = self._settings.workspace
        slug, mark = (request.plan.slug, request.plan.mark) if request.plan else ("", 0)
        newer = [run for run in await self._bolt.runs(slug, LISTED) if run.id > mark] if slug else []
        known = await self._stores.runs.known(workspace, [run.id for run in newer])
        actor = await self._stores.runs.actor(workspace)
        found = candidate_runs(request, newer, actor=actor, known=known, within_s=self._settings.trigger_s + CLOCKS_S)
        rivals = await self._stores.requests.rivals(request) if found else ()
        return found, not any(is_contested(request, run, rivals) for run in newer if run.id in found)

    async def _not_found_yet(self, lease: Lease, request: Request, found: tuple[int, ...]) -> None:
        searched_s = lease.since_s(request.sending_at or request.asked_at)
        if request.state is RequestState.LOOKING and not found and searched_s < self._settings.look_for_s:
            await self._due.give_back(lease, delay_s=LOOK_AGAIN_S)
            return
        if request.state is RequestState.UNCLEAR and searched_s > self._settings.unclear_for_s:
            await self._stores.requests.closed(lease, request)
            return
        await self._unclear_now(lease, request, found, delay_s=UNCLEAR_AGAIN_S)

    async def _unclear_now(self, lease: Lease, request: Request, found: tuple[int, ...], *, delay_s: float) -> None:
        """Say on the card, and once to the asker, that the outcome is unclear."""
        first = request.state is not RequestState.UNCLEAR
        recorded = await self._stores.requests.unclear(lease, request, found, delay_s=delay_s)
        if first and recorded:
            log.warning("it's unclear whether a start created a run", request=request.id, candidates=found)
            await self._answers.reply_privately(asker_of(request), self._unclear(request, found))

    def _unclear(self, request: Request, found: tuple[int, ...]) -> Message:
        name = Bold(request.title)
        spans: list[Span] = ["Bolt didn't answer, and I couldn't find out whether ", name, " started. "]
        if found:
            first, *rest = may_be_it(found, self._settings.links.app_url)
            spans += [first.capitalize() if isinstance(first, str) else first, *rest, ". "]
        else:
            spans += [Link(self._settings.links.app_url, "Check in Bolt"), " before you try again. "]
        spans.append(f"(reference {request.id[:8]})")
        return Message(tuple(spans))
