"""Recognizing the messages that people have just written, and their writers."""

from __future__ import annotations

from typing import Any

import pytest

from bot.slack.affiliation import Standing, standing
from bot.slack.events.user_message import UserMessage, read_message
from bot.slack.identity import Identity

ME = Identity("T1", "U0BOT", "B0BOT", "bolt", "https://acme.slack.com/")
BODY = {"type": "event_callback", "team_id": "T1", "is_ext_shared_channel": False}
# The fields of app_mention that Slack documents, and then those that it also sends today.
LEAST = {"type": "app_mention", "user": "U1", "text": "<@U0BOT> help", "ts": "17.1", "channel": "C1", "event_ts": "171"}
FULL = LEAST | {"team": "T1", "client_msg_id": "c", "blocks": []}


def said(event: dict[str, Any], body: dict[str, Any] | None = None) -> UserMessage | None:
    """The message that is read from an event."""
    return read_message(BODY | (body or {}), event, ME)


@pytest.mark.parametrize(
    ("more", "thread"),
    [
        ({}, ""),
        ({"thread_ts": "16.1"}, "16.1"),
        ({"thread_ts": "17.1"}, ""),
        ({"subtype": "thread_broadcast", "thread_ts": "16.1"}, "16.1"),
        ({"subtype": "file_share", "files": [{}]}, ""),
    ],
)
@pytest.mark.parametrize("event", [LEAST, FULL])
def test_what_a_person_wrote(event: dict[str, Any], more: dict[str, Any], thread: str) -> None:
    """A message has its person, channel and thread; a thread's first message belongs to the channel."""
    found = said(event | more)
    assert found is not None
    assert (found.asker.team, found.asker.user, found.asker.channel, found.asker.thread) == ("T1", "U1", "C1", thread)
    assert found.delivery == "message:C1:17.1"
    assert standing(ME.installation, found.affiliation) is not Standing.FOREIGN


@pytest.mark.parametrize(
    "more",
    [
        {"edited": {"user": "U1", "ts": "18.1"}},
        {"subtype": "message_changed", "message": {}, "hidden": True},
        {"subtype": "message_deleted"},
        {"subtype": "bot_message"},
        {"subtype": "channel_join"},
        {"bot_id": "B2"},
        {"bot_profile": {"id": "B2"}},
        {"user": "U0BOT"},
        {"user": "USLACKBOT"},
        {"user": None},
        {"channel": ""},
        {"ts": None},
    ],
)
def test_what_nobody_has_newly_written(more: dict[str, Any]) -> None:
    """Edits, deletions, bots' messages (our own too) and events that lack a required value aren't new messages."""
    assert said(FULL | more) is None
