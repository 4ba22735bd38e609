"""Telling the asker how a retry without a card ended, if no incident's message reports it anymore.

`bot.core.watching.incident_retries` decides whether a message reports the end.
"""

from __future__ import annotations

import structlog

from bot.core.model.request import Request
from bot.core.model.run import RunKey, run_url
from bot.core.text.message import Message
from bot.core.text.text import Bold, Link
from bot.flows.cancel import outcome
from bot.flows.lease import Lease
from bot.flows.ports.store import Due, Runs
from bot.flows.private_replies import PrivateReplies, asker_of

log = structlog.get_logger()

REPLY_AGAIN_S = 3.0


class RetryEndTeller:
    """Tells askers how their retries ended, if nothing else shows it."""

    def __init__(self, runs: Runs, due: Due, answers: PrivateReplies, *, workspace: str, app_url: str) -> None:
        self._runs = runs
        self._due = due
        self._answers = answers
        self._workspace = workspace
        self._app_url = app_url

    async def tell_end(self, lease: Lease, request: Request) -> None:
        """Send a direct message, because the asker may be away by now."""
        run_id = request.run_id or 0
        run = await self._runs.load_run(RunKey(self._workspace, run_id))
        ended = outcome(run.seen.state) if run is not None else "has ended"
        link = Link(run_url(self._app_url, run_id), f"Run {run_id}")
        text = (link, ", your retry of ", Bold(request.title), f", {ended}.")
        log.info(
            "only the person who asked for a retry is notified of how it ended",
            request=request.id,
            run=run_id,
            user=request.user,
        )
        if await self._answers.reply_lastingly(asker_of(request), Message(text)):
            await self._due.finish(lease)
        else:
            await self._due.give_back(lease, delay_s=REPLY_AGAIN_S)
