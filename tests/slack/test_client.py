"""Every call goes through one wrapper: named errors, no repeated calls, and lost posts are found again."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest

from bolt_sandbox.server import Sandbox
from bolt_sandbox.slack import Fault
from bot.core.model.errors import (
    BotError,
    ChannelRefused,
    CredentialRefused,
    MessageGone,
    SlackNotSent,
    SlackOutcomeUnknown,
    SlackRefused,
    SlackThrottled,
)
from bot.core.model.sent_message import MessageAbsent, MessageFound, SearchInconclusive
from bot.core.text.message import Message
from bot.core.text.text import Bold
from bot.slack.client import SlackChat
from bot.slack.identity import TokenRefusedError, check_app_token, identify

CHANNEL = "C0DATAENG"
HELLO = Message(("hello",))


@pytest.fixture
async def chat(sandbox: Sandbox) -> AsyncIterator[SlackChat]:
    """A client of the sandbox's Slack that waits at most two seconds."""
    made = SlackChat(sandbox.workspace.bot_token, f"{sandbox.base_url}/slack/api", lambda text: text, call_s=2)
    yield made
    await made.close()


async def test_a_message_is_posted_edited_and_deleted(chat: SlackChat, sandbox: Sandbox) -> None:
    """A message keeps its key through edits, and deleting a message that is gone isn't an error."""
    ts = await chat.post_message(CHANNEL, HELLO, key="k1")
    await chat.edit_message(CHANNEL, ts, Message(("goodbye",)))
    message = sandbox.workspace.channel(CHANNEL).messages[ts]
    assert message.text == "goodbye"
    assert await chat.find_message(CHANNEL, "k1", since=time.time() - 5) == MessageFound(ts)
    await chat.delete_message(CHANNEL, ts)
    await chat.delete_message(CHANNEL, ts)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("http_500", "chat.postMessage"), SlackOutcomeUnknown),
        (Fault("drop_after", "chat.postMessage"), SlackOutcomeUnknown),
        (Fault("drop_before", "chat.postMessage"), SlackOutcomeUnknown),
        (Fault("slow", "chat.postMessage", delay_s=3), SlackOutcomeUnknown),
        (Fault("error", "chat.postMessage", code="fatal_error"), SlackOutcomeUnknown),
        (Fault("ratelimited", "chat.postMessage", retry_after_s=7), SlackThrottled),
        (Fault("error", "chat.postMessage", code="is_archived"), ChannelRefused),
        (Fault("error", "chat.postMessage", code="token_revoked"), CredentialRefused),
    ],
)
async def test_a_post_is_sent_once_whatever_happens(
    chat: SlackChat, sandbox: Sandbox, fault: Fault, error: type[BotError]
) -> None:
    """A post is never sent twice, whatever happens, so the SDK's own retries are off."""
    sandbox.workspace.faults.add(fault)
    with pytest.raises(error) as raised:
        await chat.post_message(CHANNEL, HELLO, key="k")
    if isinstance(raised.value, SlackThrottled):
        assert raised.value.retry_after_s == 7
    assert len(sandbox.workspace.channel(CHANNEL).messages) <= 1


async def test_a_slack_that_cannot_be_reached_got_nothing() -> None:
    """If no connection can be made, the error says that nothing was sent."""
    chat = SlackChat("xoxb-1", "http://127.0.0.1:9/", lambda text: text)
    with pytest.raises(SlackNotSent):
        await chat.post_message(CHANNEL, HELLO, key="k")
    with pytest.raises(SlackNotSent):
        await chat.respond("http://127.0.0.1:9/x", HELLO)
    await chat.close()


async def test_a_lost_post_is_found_by_its_key(chat: SlackChat, sandbox: Sandbox) -> None:
    """A lost post is found by its key in a channel or thread; in a channel that can't be read, it stays unknown."""
    since = time.time() - 5
    parent = await chat.post_message(CHANNEL, HELLO, key="parent")
    sandbox.workspace.faults.add(Fault("drop_after", "chat.postMessage"))
    with pytest.raises(SlackOutcomeUnknown):
        await chat.post_message(CHANNEL, HELLO, key="child", thread_ts=parent)
    assert isinstance(await chat.find_message(CHANNEL, "child", since=since, thread_ts=parent), MessageFound)
    assert await chat.find_message(CHANNEL, "other", since=since, thread_ts=parent) == MessageAbsent()
    assert await chat.find_message(CHANNEL, "other", since=since) == MessageAbsent()
    sandbox.workspace.faults.add(Fault("error", "conversations.history", code="missing_scope"))
    assert await chat.find_message(CHANNEL, "parent", since=since) == SearchInconclusive()
    sandbox.workspace.faults.add(Fault("http_500", "conversations.history"))
    with pytest.raises(SlackOutcomeUnknown):
        await chat.find_message(CHANNEL, "parent", since=since)


async def test_a_file_is_uploaded_shared_and_found(chat: SlackChat) -> None:
    """A file is visible, and can be found, only after it's shared."""
    since = time.time() - 5
    parent = await chat.post_message(CHANNEL, HELLO, key="parent")
    file_id = await chat.start_upload("run-1.log", b"line\n", snippet=True)
    assert await chat.find_upload(CHANNEL, parent, file_id, since=since) == MessageAbsent()
    await chat.share_upload(CHANNEL, parent, file_id, "Log")
    assert isinstance(await chat.find_upload(CHANNEL, parent, file_id, since=since), MessageFound)


async def test_a_picture_goes_into_a_channel_with_what_it_says(chat: SlackChat, sandbox: Sandbox) -> None:
    """A picture is shared with its alternative text, cut to Slack's limit, and a comment with inert foreign text."""
    since = time.time() - 5
    file_id = await chat.start_upload("history.png", b"png", snippet=False, alt="x" * 2000)
    await chat.share_upload(CHANNEL, None, file_id, "History", comment=(Bold("a<!here>"), " went well"))
    assert isinstance(await chat.find_upload(CHANNEL, None, file_id, since=since), MessageFound)
    assert len(sandbox.workspace.files[file_id].alt_text) == 1000
    shown = list(sandbox.workspace.channels[CHANNEL].messages.values())[-1]
    assert (shown.text, shown.files) == ("*a&lt;!here&gt;* went well", [file_id])


async def test_a_channel_is_joined_where_it_is_public(chat: SlackChat) -> None:
    """A public channel can be joined, and a private one can't."""
    with pytest.raises(ChannelRefused):
        await chat.post_message("C0ANALYTICS", HELLO, key="k")
    await chat.join_channel("C0ANALYTICS")
    await chat.post_message("C0ANALYTICS", HELLO, key="k")
    with pytest.raises(ChannelRefused):
        await chat.join_channel("C0FINANCE")


async def test_one_person_is_told_privately(chat: SlackChat, sandbox: Sandbox) -> None:
    """One person can be reached by an ephemeral message or a direct message; an unknown response address is refused."""
    await chat.post_ephemeral(CHANNEL, "U0ADA", Message(("psst",)))
    ts = await chat.post_direct("U0ADA", Message(("hey",)), key="k")
    assert any(one.text == "psst" and one.user == "U0ADA" for one in sandbox.workspace.privates)
    assert ts
    with pytest.raises(SlackRefused):
        await chat.respond(f"{sandbox.base_url}/slack/response/none", HELLO)


async def test_a_message_that_is_gone_cannot_be_edited(chat: SlackChat) -> None:
    """Editing a message that is gone raises an error of its own."""
    with pytest.raises(MessageGone):
        await chat.edit_message(CHANNEL, "1700000000.000100", HELLO)


async def test_who_we_are_is_asked_once(chat: SlackChat, sandbox: Sandbox) -> None:
    """The identity comes from Slack, and a refused token's error names its variable."""
    identity = await identify(chat)
    assert (identity.team, identity.bot_user) == (sandbox.workspace.team_id, sandbox.workspace.bot.id)
    await check_app_token(chat, sandbox.workspace.app_token)
    with pytest.raises(TokenRefusedError, match="SLACK_APP_TOKEN"):
        await check_app_token(chat, "xapp-wrong")
    wrong = SlackChat("xoxb-wrong", f"{sandbox.base_url}/slack/api/", lambda text: text)
    with pytest.raises(TokenRefusedError, match="SLACK_BOT_TOKEN"):
        await identify(wrong)
    await wrong.close()
