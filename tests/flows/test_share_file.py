"""Sharing a file: the channel is joined first if necessary; if it can't be shared, the reason helps to fix that."""

from __future__ import annotations

import time

import pytest

from bot.core.model.errors import (
    ChannelRefused,
    CredentialRefused,
    FileRefused,
    ScopeMissing,
    SlackNotSent,
    SlackRefused,
)
from bot.flows.lease import Lease
from bot.flows.share_file import share_upload, start_upload, why_not_shared
from tests.flows.fakes import FakeChat

SHARE = "files.completeUploadExternal"


def lease(left_s: float = 60) -> Lease:
    """A claim with this much time left."""
    return Lease("posts", ("x",), 1, time.monotonic() + left_s, 60)


async def share(chat: FakeChat, held: Lease) -> None:
    """Share the file in a thread."""
    await share_upload(chat, held, "C1", "1.5", "F1", "title", settle_s=3)


async def test_what_slack_does_not_show_in_place_is_a_plain_file() -> None:
    """The file is tried again as a plain file. Refusals of plain files, or for other reasons, are raised."""
    chat = FakeChat()
    chat.faults.fail("start_upload", FileRefused("files.getUploadURLExternal", "snippet_too_large"))
    assert await start_upload(chat, "a.log", b"x", snippet=True) == "F1"
    assert chat.uploads["F1"] == ("a.log", b"x", False)
    for code, snippet in (("snippet_too_large", False), ("storage_limit_reached", True)):
        chat.faults.fail("start_upload", FileRefused("files.getUploadURLExternal", code))
        with pytest.raises(FileRefused):
            await start_upload(chat, "a.log", b"x", snippet=snippet)


async def test_a_public_channel_is_joined_for_it() -> None:
    """After that the file is shared once."""
    chat = FakeChat(refusing={"C1": ChannelRefused(SHARE, "not_in_channel")})
    await share(chat, lease())
    assert chat.joined == ["C1"]
    assert chat.shared == [("C1", "1.5", "F1")]


async def test_an_archived_channel_is_not_joined() -> None:
    """An archived channel isn't joined, because it wouldn't accept anything afterward either."""
    chat = FakeChat(refusing={"C1": ChannelRefused(SHARE, "is_archived")})
    with pytest.raises(ChannelRefused):
        await share(chat, lease())
    assert chat.joined == []


async def test_no_third_call_outlasts_the_claim() -> None:
    """Otherwise another process could share the file a second time."""
    chat = FakeChat(refusing={"C1": ChannelRefused(SHARE, "not_in_channel")})
    with pytest.raises(SlackNotSent):
        await share(chat, lease(1))
    assert chat.shared == []


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        (ScopeMissing(SHARE, "missing_scope", "files:write"), "files:write"),
        (CredentialRefused(SHARE, "token_revoked"), "token_revoked"),
        (ChannelRefused(SHARE, "is_archived"), "archived"),
        (ChannelRefused(SHARE, "channel_not_found"), "channel_not_found"),
        (FileRefused(SHARE, "storage_limit_reached"), "no storage left"),
        (SlackRefused(SHARE, "something_new"), "something_new"),
    ],
)
def test_why_not_is_the_end_of_a_sentence(refused: SlackRefused, words: str) -> None:
    """The reason quotes Slack's own error code if there's no better wording."""
    said = why_not_shared(refused)
    assert words in said
    assert not said.endswith(".")
