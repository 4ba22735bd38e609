"""The Home tab: published when it is opened, paged, refreshed, or after a click on it; never because a run goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from enum import Enum

from bot.core.model.asker import Asker
from bot.core.model.channel import MemberChannels
from bot.core.model.errors import StoreUnavailable
from bot.core.model.request import RequestState
from bot.core.model.run import CardRef
from bot.core.model.run_index import IndexPage, ScheduleHabit
from bot.core.policy.refusal import refusal
from bot.core.policy.rules import Action, Question
from bot.core.text.message import Message, Paragraph
from bot.core.text.text import Sentence
from bot.core.views.home import (
    FAILURES_A_PAGE,
    RUNS_A_PAGE,
    SCHEDULES_A_PAGE,
    FrequentSchedule,
    HomePage,
    HomeSection,
    away_home,
    closed_home,
    home,
)
from bot.flows.active_runs import STARTS_SHOWN, listed_run, listed_starts
from bot.flows.authorize import Attempt, Authorizer
from bot.flows.ports.slack import HomeTab, Memberships
from bot.flows.ports.store import Indexes, Requests, StartQueue

# A start takes a second or two. After some more, a Home tab is shown without its run.
LOOK_AGAIN_S, LOOKS_MOST = 0.5, 16
# So many of what a person has run say where one has had a card.
LOOKED_AT = 50
BEFORE_A_RUN = frozenset({RequestState.ACCEPTED, RequestState.LOOKED, RequestState.CARDED, RequestState.SENDING})


class Permission(Enum):
    """Whether one may. Unknown where nobody tells it now."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class HomePublisher:
    """What a person sees on the Home tab. `card_url` gives the web address of a message of ours, None where it is not known."""

    def __init__(
        self,
        indexes: Indexes,
        start_queue: StartQueue,
        memberships: Memberships,
        requests: Requests,
        tab: HomeTab,
        authorizer: Authorizer,
        *,
        app_url: str,
        command: str,
        card_url: Callable[[CardRef], str | None],
        now: Callable[[], datetime],
    ) -> None:
        self._indexes = indexes
        self._start_queue = start_queue
        self._memberships = memberships
        self._requests = requests
        self._tab = tab
        self._authorizer = authorizer
        self._app_url = app_url
        self._command = command
        self._card_url = card_url
        self._now = now

    async def publish_home(
        self, asker: Asker, *, number: int = 0, replaces: str = "", notice: Sentence = (), opening: str = ""
    ) -> None:
        """Publish a page, counted from 0, or why the person may not read it.

        Where `replaces` is given and is not what is shown, something newer is: nothing is done. `opening` names an opening
        of the tab for the record; what is shown in it later is asked about as well, off the record. Raises SlackError.
        """
        try:
            why_not = await self._why_not(asker, opening)
            page = HomePage(self._now()) if why_not else replace(await self._page(asker.user, number), notice=notice)
        except StoreUnavailable as away:
            message, number = away_home(self._now(), away.sentence), 0
        else:
            message, number = home(page, self._app_url, self._command), page.number
            if why_not:
                message = closed_home(page.at, why_not, notice)
        message = await self._authorizer.with_allowed_buttons(asker, message)
        await self._tab.publish(asker.user, message, page=number, replaces=replaces)

    async def publish_refusal(self, asker: Asker, why: str) -> None:
        """Publish why a person is shown nothing at all. Raises SlackError."""
        await self._tab.publish(asker.user, Message((why,), (Paragraph((why,)),)), page=0)

    async def _why_not(self, asker: Asker, opening: str) -> str:
        """Why the person may not read, empty where nothing is in the way. Raises StoreUnavailable."""
        if opening:
            decision = await self._authorizer.decide_without_schedule(
                Attempt(asker, Action.READ, "open App Home", opening)
            )
        else:
            decision = await self._authorizer.decide_unrecorded(asker, Question(Action.READ))
        return "" if decision.allowed else refusal(decision, Action.READ, self._command)

    async def show_start(self, asker: Asker, request_id: str, notice: Sentence) -> None:
        """Say that something is being started, and show its run once there is one. Raises SlackError."""
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

    async def may_run_in(self, user: str, channel: str) -> Permission:
        """Whether a person may still have a card in a channel: read anew, as with each click.

        Where Slack does not tell, one may where one has had a card.
        """
        places = await self._memberships.channels_of(user)
        if places.whole and channel not in places.names:
            # Somebody who has just come in is not told to come in.
            places = await self._memberships.channels_of(user, fresh=True)
        if channel in places.names:
            return Permission.YES
        # Direct messages of several people are listed nowhere.
        there = None if channel.startswith("D") else await self._memberships.is_member(channel, user)
        if there is not None:
            return Permission.YES if there else Permission.NO
        if places.whole and not channel.startswith("D"):
            return Permission.NO
        habits = await self._indexes.habits(user, most=LOOKED_AT)
        if any(one.channel == channel for one in habits.schedules) or await self._has_card(user, channel):
            return Permission.YES
        return Permission.NO if places.whole else Permission.UNKNOWN

    async def _has_card(self, user: str, channel: str) -> bool:
        """Whether the card of a run of theirs that goes on, or failed lately, stands in a channel."""
        found = await asyncio.gather(
            self._indexes.failed(user, [], most=LOOKED_AT), self._indexes.active_of(user, most=LOOKED_AT)
        )
        return any(one.card is not None and one.card.channel == channel for page in found for one in page.runs)

    async def _page(self, user: str, number: int) -> HomePage:
        places = await self._memberships.channels_of(user)
        page = await self._read(user, places, number)
        shown = page.mine.runs or page.others.runs or page.failures.runs or page.schedules
        # What was on a later page may be over.
        return page if shown or number == 0 else await self._read(user, places, 0)

    async def _read(self, user: str, places: MemberChannels, number: int) -> HomePage:
        channels, indexes, runs = list(places.names), self._indexes, RUNS_A_PAGE
        mine, others, failures, habits, waiting = await asyncio.gather(
            indexes.active_of(user, skip=number * runs, most=runs),
            indexes.active_in(channels, skip=number * runs, most=runs, without=user),
            indexes.failed(user, channels, skip=number * FAILURES_A_PAGE, most=FAILURES_A_PAGE),
            indexes.habits(user, skip=number * SCHEDULES_A_PAGE, most=SCHEDULES_A_PAGE),
            self._start_queue.waiting_of(user, most=STARTS_SHOWN),
        )
        return HomePage(
            self._now(),
            number,
            self._part(mine),
            self._part(others),
            self._part(failures),
            tuple(_often(one, places) for one in habits.schedules),
            habits.total,
            places.missing,
            waiting=listed_starts(waiting, self._card_url),
        )

    def _part(self, found: IndexPage) -> HomeSection:
        return HomeSection(found.total, tuple(listed_run(one, self._card_url) for one in found.runs))


def _often(habit: ScheduleHabit, places: MemberChannels) -> FrequentSchedule:
    """Where a click runs it: in the channel of the last run, as long as the person is there; else in direct messages."""
    channel = habit.channel
    if not channel or channel.startswith("D"):
        return FrequentSchedule(habit.slug, habit.name, "")
    left = places.whole and channel not in places.names
    return FrequentSchedule(habit.slug, habit.name, "" if left else channel, places.names.get(channel, ""), left)
