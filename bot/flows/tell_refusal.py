"""Telling people why their starts were refused: in a private answer, and by removing the card.

If the card has shown that the start was waiting, the card stays and gives the reason.

`bot.core.policy.refusal` has the wording of a refusal by the policy.
"""

from __future__ import annotations

import structlog

from bot.core.model.errors import SlackError, SlackRefused
from bot.core.model.request import Request
from bot.core.model.run import CardRef, RunKey, run_url
from bot.core.text.message import Message, Paragraph
from bot.core.text.text import Bold, Link, Span
from bot.core.views.already_running import already_running, waited
from bot.core.views.guess import offered_instead
from bot.core.views.schedule_not_found import suggestions
from bot.flows.lease import Lease
from bot.flows.links import Links
from bot.flows.plan_start import StartPlanner
from bot.flows.ports.slack import Chat
from bot.flows.ports.store import Due
from bot.flows.private_replies import PrivateReplies, asker_of
from bot.flows.run_stores import RunStores

log = structlog.get_logger()

DELETE_AGAIN_S = 2.0
REPLY_AGAIN_S = 3.0


class RefusalTeller:
    """Tells people that their claimed starts were refused, and closes the requests."""

    def __init__(
        self,
        chat: Chat,
        stores: RunStores,
        due: Due,
        answers: PrivateReplies,
        planner: StartPlanner,
        links: Links,
        *,
        workspace: str,
    ) -> None:
        self._chat = chat
        self._stores = stores
        self._due = due
        self._answers = answers
        self._planner = planner
        self._links = links
        self._workspace = workspace

    async def tell_refusal(self, lease: Lease, request: Request) -> None:
        """Remove the card and notify the person who asked. The request stays due until both are done."""
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
                await self._due.give_back(lease, delay_s=DELETE_AGAIN_S)
                return
        if await self._answers.reply_privately(asker_of(request), await self._refusal(request)):
            await self._stores.requests.closed(lease, request)
        else:
            await self._due.give_back(lease, delay_s=REPLY_AGAIN_S)

    async def _tell_waited(self, lease: Lease, request: Request) -> None:
        """Close a start that waited: its card says why it wasn't started.

        The asker, who may be away by now, gets a direct message.
        """
        if request.user not in {request.dropped_by, request.denied_by} and not await self._answers.reply_lastingly(
            asker_of(request), waited(request)
        ):
            await self._due.give_back(lease, delay_s=REPLY_AGAIN_S)
            return
        await self._stores.requests.closed(lease, request)

    async def _say_not_started(self, request: Request, card: CardRef) -> None:
        """Edit a card that can't be removed, because it must not keep saying that something is starting."""
        try:
            await self._chat.edit_message(card.channel, card.ts, Message((Bold(request.title), " wasn't started.")))
        except SlackError as error:
            log.error(
                "a card still shows a start as under way, although nothing was started",
                request=request.id,
                why=str(error),
            )

    async def _refusal(self, request: Request) -> Message:
        if request.running is not None:
            key = RunKey(self._workspace, request.running.run_id)
            card = await self._stores.runs.card_in(key, request.channel)
            url = self._links.card_url(card) if card else None
            return already_running(request, request.running, key, app_url=self._links.app_url, card_url=url)
        spans: list[Span] = [request.why]
        if request.candidates:
            spans += [" ", Link(run_url(self._links.app_url, request.candidates[0]), "Open it in Bolt")]
        text = tuple(spans)
        if offers := self._planner.offers_instead(request):
            return offered_instead(text, offers)
        buttons = suggestions(request)
        return Message(text, (Paragraph(text), buttons)) if buttons else Message(text)
