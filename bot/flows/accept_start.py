"""Accepting starts: each is recorded before it's acknowledged, and answered in one sentence if need be.

`bot.core.model.same_start` decides which starts count as the same, and `bot.core.model.admission` decides how many may
wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import structlog

from bot.core.model.command import RunCommand
from bot.core.model.errors import StoreUnavailable
from bot.core.model.request import Request
from bot.core.model.run import CardRef, run_url
from bot.core.model.start import NewRequest
from bot.core.text.message import Button, Buttons, Message, Paragraph
from bot.core.text.text import Bold, Link, Sentence, Span, When
from bot.core.views.buttons import START_ANOTHER, request_value
from bot.core.views.store_unavailable import cause, unrecorded
from bot.flows.ports.store import Requests

log = structlog.get_logger()

RECORD_S = 1.0

ASK_AGAIN = "If no card appears within a minute, try again."
FULL = "Too many runs are being started right now, so this run wouldn't start in time. Nothing was started. Try again in a minute."


class StartAccepter:
    """Records starts.

    `slug_of` looks up the slug of a schedule name without asking Bolt, and returns an empty string if it's unknown.
    `card_url` returns the permalink of one of the bot's messages, or None if unknown.
    """

    def __init__(
        self,
        requests: Requests,
        slug_of: Callable[[str], str],
        *,
        app_url: str,
        card_url: Callable[[CardRef], str | None],
        accepted: Callable[[], None],
    ) -> None:
        self._requests = requests
        self._slug_of = slug_of
        self._app_url = app_url
        self._card_url = card_url
        self._accepted = accepted

    async def accept_start(self, new_request: NewRequest) -> Message | None:
        """Record a start. Returns the private answer, or None if the card says enough."""
        name = new_request.start_command.schedule_text
        new_request = replace(new_request, slug=self._slug_of(name) if name else "")
        try:
            async with asyncio.timeout(RECORD_S):
                accepted = await self._requests.accept(new_request)
                earlier = await self._requests.load_request(accepted.id) if accepted.word == "same" else None
        except (StoreUnavailable, TimeoutError) as error:
            log.warning("a start couldn't be recorded", request=new_request.id, user=new_request.user, why=cause(error))
            return Message((unrecorded(error, nothing="Nothing was started.", otherwise=ASK_AGAIN),))
        log.info("asked", request=accepted.id, word=accepted.word, user=new_request.user, channel=new_request.channel)
        if accepted.word in {"new", "known"}:
            self._accepted()
            return None
        if earlier is not None:
            return self._same(earlier)
        return Message((FULL,))

    def _same(self, earlier: Request) -> Message:
        spans: list[Span] = ["You already asked for ", *_what(earlier), " at ", When(earlier.asked_at)]
        spans += [*self._where(earlier), ". Nothing more was started."]
        again = Button(START_ANOTHER, "Start another", value=request_value(earlier.id))
        return Message(tuple(spans), (Paragraph(tuple(spans)), Buttons((again,))))

    def _where(self, earlier: Request) -> Sentence:
        spans: list[Span] = []
        if earlier.run_id:
            spans += [": it's ", Link(run_url(self._app_url, earlier.run_id), f"run {earlier.run_id}")]
        url = self._card_url(earlier.card) if earlier.card else None
        if url:
            spans += [": see ", Link(url, "its card")]
        return tuple(spans)


def _what(earlier: Request) -> Sentence:
    """Name an earlier request inside a sentence."""
    start_command = earlier.start_command
    if isinstance(start_command, RunCommand):
        return (Bold(earlier.title),)
    run_id = start_command.run_id or (earlier.plan.parent_run if earlier.plan else None)
    return ("a retry of ", Bold(f"run {run_id}" if run_id else earlier.title))
