"""Approving a start that needs it: somebody of the group, never the asker, and the first one decides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from bot.core.errors import StoreAway
from bot.core.message import Message
from bot.core.request import Request, State
from bot.core.run import run_url
from bot.core.text import Bold, Link, Mention, Sentence
from bot.flows.gate import Gate
from bot.flows.ports import Asker, Requests

log = structlog.get_logger()

DECIDE_S = 2.0
NOT_NOTED = "I could not note your decision in time, so nothing was decided. Click again in a minute."


class Approvals:
    """Takes decisions. `decided` wakes whoever goes on with it."""

    def __init__(self, requests: Requests, gate: Gate, *, app_url: str, decided: Callable[[], None]) -> None:
        self._requests = requests
        self._gate = gate
        self._app_url = app_url
        self._decided = decided

    async def decide(self, asker: Asker, request_id: str, *, yes: bool) -> Message | None:
        """Approve a start, or do not. The answer, None where its card says it."""
        try:
            async with asyncio.timeout(DECIDE_S):
                return await self._decide(asker, request_id, yes=yes)
        except (StoreAway, TimeoutError):
            log.warning("a decision could not be recorded in time", request=request_id, user=asker.user)
            return Message((NOT_NOTED,))

    async def _decide(self, asker: Asker, request_id: str, *, yes: bool) -> Message | None:
        request = await self._requests.load(request_id)
        if request is None or request.approval is None:
            return Message(("I know nothing of this start any more, so nothing was decided; ask for it again.",))
        if request.state is not State.PENDING:
            return self._over(request)
        why_not = await self._why_not(asker, request, yes=yes)
        if why_not:
            log.warning("somebody may not decide", request=request_id, user=asker.user)
            return Message((why_not,))
        why = "" if yes else "It was denied, so nothing was started."
        word = await self._requests.decide(request, asker.user, yes=yes, why=why)
        log.info("decided", request=request_id, yes=yes, user=asker.user, word=word)
        if word in {"ok", "late"}:
            self._decided()
        if word == "ok":
            return None
        if word == "late":
            return Message((Bold(request.title), " was not approved in its time, so it is not started; ask again."))
        now = await self._requests.load(request_id)
        return self._over(now) if now else None

    async def _why_not(self, asker: Asker, request: Request, *, yes: bool) -> str:
        """Why this person does not decide; empty where nothing is in the way. Who asked may take it back."""
        by = request.approval.by if request.approval else ""
        if asker.user == request.user:
            return f"You asked for it yourself, so somebody else of {by} has to approve it." if yes else ""
        may = await self._gate.approver(asker.user, request.approval) if request.approval else False
        if may is None:
            return f"I could not find out whether you are in {by}, so nothing was decided; click again in a minute."
        return "" if may else f"Only members of {by} approve this, and you are not one of them. Nothing was decided."

    def _over(self, request: Request) -> Message:
        """It was decided before."""
        name = Bold(request.title)
        if request.denied_by:
            return Message((name, " was denied by ", Mention(request.denied_by), " already; it is not started."))
        if request.approved_by:
            run: Sentence = ()
            if request.run_id:
                run = (": it is ", Link(run_url(self._app_url, request.run_id), f"run {request.run_id}"))
            return Message((name, " was approved by ", Mention(request.approved_by), " already", *run, "."))
        return Message((name, " does not wait for approval any more; it was not started."))
