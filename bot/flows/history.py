"""Posting the chart of a schedule's last runs, or its figures in words if the chart can't be posted.

`bot.core.runs.history` computes the figures, and `bot.charts.history` lays out the chart.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from bot.core.model.asker import Asker
from bot.core.model.bolt import Schedule
from bot.core.model.command import HistoryCommand, RunsCommand
from bot.core.model.delivery import DeliveryState
from bot.core.model.errors import (
    BoltError,
    ChannelRefused,
    ChartFailed,
    SlackError,
    SlackOutcomeUnknown,
    SlackRefused,
    StoreUnavailable,
)
from bot.core.model.sent_message import MessageFound
from bot.core.runs.history import LEAST, History, alt_text, history, sparkline, summary
from bot.core.text.message import LABEL_MOST, Buttons, Message, Paragraph
from bot.core.text.text import Bold, Code, Sentence, cut, plural
from bot.core.views.buttons import command_button
from bot.flows.find_schedule import ScheduleFinder, unread
from bot.flows.ports.bolt import Bolt
from bot.flows.ports.charts import Charts
from bot.flows.ports.slack import Chat
from bot.flows.ports.store import Deduplication

log = structlog.get_logger()

NAME_SHOWN = 120
# Extra runs to read, since some of the newest may still be running.
MORE = 10
FILE_NAME = "history.png"


class ChartSharer:
    """Shares charts in Slack."""

    def __init__(self, chat: Chat, *, bot_name: str, clock: Callable[[], float] = time.time) -> None:
        self._chat = chat
        self._bot_name = bot_name
        self._clock = clock

    async def share_chart(self, asker: Asker, schedule: Schedule, shown: History, picture: bytes) -> Message | None:
        """Share a chart in the channel or thread. Returns the figures in words if Slack doesn't accept the chart."""
        since, thread = self._clock(), asker.thread or None
        try:
            file_id = await self._chat.start_upload(FILE_NAME, picture, snippet=False, alt=alt_text(shown))
            try:
                await self._show(asker.channel, thread, file_id, schedule, shown)
            except SlackOutcomeUnknown:
                if not await self._is_there(asker.channel, thread, file_id, since):
                    return in_words(schedule, shown, "Slack didn't say whether it accepted the chart.")
        except ChannelRefused as refused:
            return in_words(schedule, shown, self._cannot_post(refused))
        except SlackRefused as refused:
            log.warning("Slack refused a picture", why=refused.code, channel=asker.channel)
            return in_words(schedule, shown, f"Slack didn't accept the chart ({refused.code}).")
        except SlackError as error:
            return in_words(schedule, shown, f"{error.sentence} Try again in a minute to get the chart.")
        return None

    async def _show(self, channel: str, thread: str | None, file_id: str, schedule: Schedule, shown: History) -> None:
        """Share the chart in the channel, joining it if needed."""
        title = f"History of {cut(schedule.name, NAME_SHOWN)}"
        comment: Sentence = (Bold(cut(schedule.name, NAME_SHOWN)), ": ", summary(shown))
        try:
            await self._chat.share_upload(channel, thread, file_id, title, comment=comment)
        except ChannelRefused:
            await self._chat.join_channel(channel)
            await self._chat.share_upload(channel, thread, file_id, title, comment=comment)

    async def _is_there(self, channel: str, thread: str | None, file_id: str, since: float) -> bool:
        """Whether a chart was shared after all, although the response was lost."""
        try:
            return isinstance(await self._chat.find_upload(channel, thread, file_id, since=since), MessageFound)
        except SlackError as error:
            log.info("couldn't check whether a picture was posted", why=str(error))
            return False

    def _cannot_post(self, refused: ChannelRefused) -> str:
        if refused.code == "is_archived":
            return "This channel is archived, so I can't post the chart here."
        if refused.code.startswith("restricted_action"):
            return "I'm not allowed to post in this channel, so here are the figures in words."
        return f"I can't post the chart in this channel. Invite me with /invite {self._bot_name}, then try again."


class HistoryPoster:
    """Answers `history`."""

    def __init__(
        self,
        bolt: Bolt,
        finder: ScheduleFinder,
        charts: Charts,
        sharer: ChartSharer,
        deliveries: Deduplication,
        *,
        mask: Callable[[str], str],
    ) -> None:
        self._bolt = bolt
        self._finder = finder
        self._charts = charts
        self._sharer = sharer
        self._deliveries = deliveries
        self._mask = mask

    async def post_history(
        self, asker: Asker, command: HistoryCommand, delivery: str, *, not_here: str = ""
    ) -> Message | None:
        """Post the chart to the channel or thread. Returns the private answer instead if that isn't possible.

        If `not_here` says why nothing may be posted here, the private answer has the figures in words.
        """
        try:
            if await self._deliveries.begin(delivery) is not DeliveryState.NEW:
                return None
        except StoreUnavailable:
            log.info("a picture may be posted twice: Redis is away")
        named = await self._finder.find_any(command.schedule_text, lambda slug: HistoryCommand(slug, command.runs))
        if isinstance(named, Message):
            return named
        schedule = named.schedule
        try:
            runs = await self._bolt.runs(schedule.slug, command.runs + MORE)
        except BoltError as error:
            return Message((unread(error),))
        whole = history(schedule.name, runs)
        shown = History(self._mask(schedule.name), whole.bars[-command.runs :])
        if not shown.is_enough:
            return too_few(schedule, shown)
        if not_here:
            return in_words(schedule, shown, not_here)
        try:
            picture = await self._charts.draw(shown)
        except ChartFailed as failed:
            return in_words(schedule, shown, failed.sentence)
        return await self._sharer.share_chart(asker, schedule, shown, picture)


def in_words(schedule: Schedule, shown: History, why: str) -> Message:
    """The figures in words, if the chart can't be shown."""
    sparks = sparkline(shown)
    text: Sentence = (f"{why} ", Bold(cut(schedule.name, NAME_SHOWN)), ": ", summary(shown))
    return Message(text, (Paragraph((*text, *(("\n", Code(sparks)) if sparks else ()))),))


def too_few(schedule: Schedule, shown: History) -> Message:
    """Say that too few runs have ended for a chart."""
    ended = plural(len(shown.bars), "run has", "runs have") if shown.bars else "no run has"
    name = Bold(cut(schedule.name, NAME_SHOWN))
    text: Sentence = ("There's no chart of ", name, f" yet: {ended} ended, and a chart needs at least {LEAST}.")
    runs = command_button("Runs", RunsCommand(schedule.slug), spoken=cut(f"Runs of {schedule.name}", LABEL_MOST))
    return Message(text, (Paragraph(text), Buttons((runs,))))
