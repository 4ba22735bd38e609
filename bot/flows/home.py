"""Publishing the Home tab: when it's opened, paged or refreshed, or after a click in it; not when runs progress.

`bot.flows.read_home` chooses the runs, and `bot.core.views.home` lays them out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.core.model.asker import Asker
from bot.core.model.errors import StoreUnavailable
from bot.core.model.request import RequestState
from bot.core.policy.refusal import refusal
from bot.core.policy.rules import Action, Question
from bot.core.text.message import Message, Paragraph
from bot.core.text.text import Sentence
from bot.core.views.home import (
    HomePage,
    away_home,
    closed_home,
    home,
)
from bot.flows.authorize import Attempt, Authorizer
from bot.flows.ports.slack import HomeTab
from bot.flows.ports.store import Requests
from bot.flows.read_home import HomePageReader

# A start takes a second or two. If it takes much longer, the Home tab is shown without its run.
LOOK_AGAIN_S, LOOKS_MOST = 0.5, 16
BEFORE_A_RUN = frozenset({RequestState.ACCEPTED, RequestState.LOOKED, RequestState.CARDED, RequestState.SENDING})


class HomePublisher:
    """Publishes a person's Home tab."""

    def __init__(
        self,
        pages: HomePageReader,
        requests: Requests,
        tab: HomeTab,
        authorizer: Authorizer,
        *,
        app_url: str,
        slash_command: str,
        now: Callable[[], datetime],
    ) -> None:
        self._pages = pages
        self._requests = requests
        self._tab = tab
        self._authorizer = authorizer
        self._app_url = app_url
        self._slash_command = slash_command
        self._now = now

    async def publish_home(
        self, asker: Asker, *, number: int = 0, replaces: str = "", notice: Sentence = (), opening: str = ""
    ) -> None:
        """Publish a page (the first is 0), or the reason why the person isn't allowed to read it.

        If `replaces` is given and differs from the view now shown, that view is newer and stays. `opening` identifies
        an opening of the tab for the audit log; later updates are checked as well, but not recorded. Raises SlackError.
        """
        try:
            why_not = await self._why_not(asker, opening)
            page = (
                HomePage(self._now())
                if why_not
                else replace(await self._pages.read_page(asker.user, number), notice=notice)
            )
        except StoreUnavailable as away:
            message, number = away_home(self._now(), away.sentence), 0
        else:
            message, number = home(page, self._app_url, self._slash_command), page.number
            if why_not:
                message = closed_home(page.at, why_not, notice)
        message = await self._authorizer.with_allowed_buttons(asker, message)
        await self._tab.publish(asker.user, message, page=number, replaces=replaces)

    async def publish_refusal(self, asker: Asker, why: str) -> None:
        """Publish the reason why a person sees nothing at all. Raises SlackError."""
        await self._tab.publish(asker.user, Message((why,), (Paragraph((why,)),)), page=0)

    async def _why_not(self, asker: Asker, opening: str) -> str:
        """Why the person may not read, or an empty string if they may. Raises StoreUnavailable."""
        if opening:
            decision = await self._authorizer.decide_without_schedule(
                Attempt(asker, Action.READ, "open App Home", opening)
            )
        else:
            decision = await self._authorizer.decide_unrecorded(asker, Question(Action.READ))
        return "" if decision.allowed else refusal(decision, Action.READ, self._slash_command)

    async def show_start(self, asker: Asker, request_id: str, notice: Sentence) -> None:
        """Show that a start is in progress, and its run once there is one. Raises SlackError."""
        await self.publish_home(asker, notice=notice)
        for _ in range(LOOKS_MOST):
            await asyncio.sleep(LOOK_AGAIN_S)
            try:
                request = await self._requests.load_request(request_id)
            except StoreUnavailable:
                return
            if request is None or request.state not in BEFORE_A_RUN:
                break
        await self.publish_home(asker)
