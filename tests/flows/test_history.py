"""A picture is posted where it was asked for, and no secret is ever posted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from redis.asyncio import Redis

from bolt_sandbox.server import Sandbox
from bot.charts.child import Charts
from bot.core.model.asker import Asker
from bot.core.model.command import HistoryCommand
from bot.core.runs.history import History
from bot.core.text.message import Message
from bot.flows.find_schedule import ScheduleFinder
from bot.flows.history import ChartSharer, HistoryPoster
from bot.flows.schedule_catalog import ScheduleCatalog
from bot.paradime.client import BoltClient
from bot.paradime.credentials import Credentials
from bot.slack.client import SlackChat
from bot.store.connect import connect
from bot.store.deduplication import PICTURES, Deduplication
from bot.store.scripts import Scripts
from tests.waiting import PATIENCE_S

CHANNEL = "C0DATAENG"


def masked(text: str) -> str:
    """Mask a word that is part of a name."""
    return text.replace("orders", "[masked]")


class DrawnOnce(Charts):
    """Draws the first picture in a process of its own, as the bot does, and returns the same one after that."""

    def __init__(self) -> None:
        super().__init__(draw_s=PATIENCE_S)
        self._picture: bytes | None = None

    async def draw(self, shown: History) -> bytes:
        """Return the one picture."""
        if self._picture is None:
            self._picture = await super().draw(shown)
        return self._picture


@pytest.fixture(scope="module")
def charts() -> Charts:
    """One picture for all tests: they differ only in where it's posted and in its text."""
    return DrawnOnce()


@dataclass(frozen=True)
class Parts:
    """The flow between a local Slack and a local Bolt API."""

    sandbox: Sandbox
    chat: SlackChat
    histories: HistoryPoster

    def pictures(self) -> list[tuple[Any, Any]]:
        """The messages that have a file, each with its file."""
        messages = self.sandbox.workspace.channels[CHANNEL].messages.values()
        return [(each, self.sandbox.workspace.files[each.files[0]]) for each in messages if each.files]


@pytest.fixture
async def parts(sandbox: Sandbox, redis_client: Redis, charts: Charts) -> AsyncIterator[Parts]:
    """Real parts, with short timeouts for Slack."""
    chat = SlackChat(sandbox.workspace.bot_token, f"{sandbox.base_url}/slack/api", masked, call_s=10)
    settings = sandbox.env(socket_mode=True)
    credentials = Credentials(settings["PARADIME_API_SECRET"], settings.get("PARADIME_API_KEY", ""), "")
    bolt = BoltClient(settings["PARADIME_API_ENDPOINT"], credentials)
    histories = HistoryPoster(
        bolt,
        ScheduleFinder(bolt, ScheduleCatalog(bolt)),
        charts,
        ChartSharer(chat, bot_name="@bolt"),
        Deduplication(Scripts(redis_client, "test", retention_s=1000), PICTURES),
        mask=masked,
    )
    yield Parts(sandbox, chat, histories)
    await bolt.aclose()
    await chat.close()


async def test_it_is_posted_into_the_thread_where_it_was_asked_for(parts: Parts) -> None:
    """Texts that are masked in messages are masked in the picture's title and alternative text too."""
    parent = await parts.chat.post_message(CHANNEL, Message(("a card",)), key="k")
    asker = Asker("T0", "U0ADA", CHANNEL, thread=parent)
    await parts.histories.post_history(asker, HistoryCommand("hourly"), "d1")
    await parts.histories.post_history(asker, HistoryCommand("hourly"), "d1")
    ((message, file),) = parts.pictures()
    assert message.thread_ts == parent
    assert file.title == "History of Hourly [masked]"
    assert file.alt_text.startswith("Hourly [masked]: the last 24 runs")
    assert message.text.startswith("*Hourly [masked]*")
    assert "orders" not in message.text + file.alt_text


async def test_a_redis_that_is_away_keeps_nobody_from_it(parts: Parts) -> None:
    """A repeated delivery may then be answered twice, which is better than never."""
    scripts = Scripts(connect("redis://127.0.0.1:1"), "test", retention_s=1000)
    parts.histories._deliveries = Deduplication(scripts, PICTURES)
    await parts.histories.post_history(Asker("T0", "U0ADA", CHANNEL), HistoryCommand("hourly"), "d2")
    assert len(parts.pictures()) == 1


async def test_without_the_extra_for_charts_it_comes_in_words(parts: Parts) -> None:
    """The answer has the same figures, and says what to install."""
    parts.histories._charts = Charts(library="not_installed_at_all")
    answer = await parts.histories.post_history(Asker("T0", "U0ADA", CHANNEL), HistoryCommand("hourly"), "d3")
    assert answer is not None
    words = "".join(each if isinstance(each, str) else getattr(each, "text", "") for each in answer.text)
    assert words.startswith("I can't draw charts here. Ask whoever runs this bot to install bolt-bot[charts]. Hourly")
    assert "the last 24 runs that ended: 20 succeeded" in words
    assert parts.pictures() == []
