"""Slack's events about channels and user groups: cached facts are dropped, and watched channels are checked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from slack_bolt.response import BoltResponse

from bot.core.model.errors import StoreUnavailable
from bot.slack.events.cache_invalidation import register

Listener = Callable[[dict[str, Any]], Awaitable[BoltResponse | None]]


class Heard:
    """The listeners, and what they did; with `away`, Redis isn't available."""

    def __init__(self, *, away: bool = False) -> None:
        self.did: list[tuple[str, ...]] = []
        self.away = away
        self.listeners: dict[str, Any] = {}
        context: Any = SimpleNamespace(
            me=SimpleNamespace(bot_user="U0BOT"),
            people=SimpleNamespace(forget_groups=self._forget_groups, forget_channel=self._forget),
            watch_store=SimpleNamespace(check_channels=self._check, move_channel=self._move),
        )
        app: Any = SimpleNamespace(event=lambda name: lambda listener: self.listeners.setdefault(name, listener))
        register(app, context)

    async def hear(self, event: dict[str, Any]) -> BoltResponse | None:
        """Handle an event from Slack."""
        listener = self.listeners[event["type"]]
        answer: BoltResponse | None = await (listener() if event["type"].startswith("subteam") else listener(event))
        return answer

    def _note(self, *what: str) -> None:
        if self.away:
            raise StoreUnavailable
        self.did.append(what)

    async def _forget_groups(self) -> None:
        self._note("forget groups")

    async def _forget(self, channel: str) -> None:
        self._note("forget", channel)

    async def _check(self, channels: list[str]) -> None:
        self._note("check", *channels)

    async def _move(self, old: str, new: str) -> int:
        self._note("move", old, new)
        return 1


@pytest.mark.parametrize(
    "name",
    [
        "channel_shared",
        "channel_unshared",
        "channel_archive",
        "channel_unarchive",
        "channel_left",
        "group_archive",
        "group_unarchive",
        "group_left",
    ],
)
async def test_a_channel_that_has_changed_is_checked(name: str) -> None:
    """After any change to a channel, its facts are dropped and its watches are checked."""
    heard = Heard()
    assert await heard.hear({"type": name, "channel": "C1"}) is None
    assert heard.did == [("forget", "C1"), ("check", "C1")]
    assert await heard.hear({"type": name}) is None


async def test_only_the_bots_own_joining_counts() -> None:
    """Only the bot's own joining counts, although Slack reports everybody's."""
    heard = Heard()
    await heard.hear({"type": "member_joined_channel", "user": "U1", "channel": "C1"})
    assert heard.did == []
    await heard.hear({"type": "member_joined_channel", "user": "U0BOT", "channel": "C1"})
    assert heard.did == [("forget", "C1"), ("check", "C1")]


async def test_a_channel_with_another_id_takes_its_watches_along() -> None:
    """Watches move to a channel's new id, and invalid ids are ignored."""
    heard = Heard()
    await heard.hear({"type": "channel_id_changed", "old_channel_id": "G1", "new_channel_id": "C1"})
    assert heard.did == [("move", "G1", "C1"), ("forget", "C1"), ("check", "C1")]
    for old in (None, "", "G%1", "g1"):
        await heard.hear({"type": "channel_id_changed", "old_channel_id": old, "new_channel_id": "C1"})
    assert len(heard.did) == 3


@pytest.mark.parametrize(
    "event",
    [
        {"type": "channel_left", "channel": "C1"},
        {"type": "subteam_updated"},
        {"type": "channel_id_changed", "old_channel_id": "G1", "new_channel_id": "C1"},
    ],
)
async def test_without_redis_slack_is_asked_to_send_it_again(event: dict[str, Any]) -> None:
    """Without Redis, the event isn't acknowledged, so Slack sends it again."""
    answer = await Heard(away=True).hear(event)
    assert answer is not None
    assert answer.status == 503
