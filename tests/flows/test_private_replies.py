"""Private replies reach the person, or wait, or are logged, but never just disappear."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from bolt_sandbox.server import Sandbox
from bolt_sandbox.slack import Fault
from bot.core.model.asker import Asker
from bot.core.text.message import Message
from bot.flows.private_replies import PrivateReplies
from bot.slack.client import SlackChat

CHANNEL, ADA = "C0DATAENG", "U0ADA"
SAID = Message(("There is no such run.",))


@pytest.fixture
async def answers(sandbox: Sandbox) -> AsyncIterator[PrivateReplies]:
    """The replies in that sandbox."""
    chat = SlackChat(sandbox.workspace.bot_token, f"{sandbox.base_url}/slack/api/", lambda text: text, call_s=10)
    yield PrivateReplies(chat)
    await chat.close()


def asker(sandbox: Sandbox, url: str | None = None) -> Asker:
    """Ada, with a response_url that works unless another is given."""
    good = sandbox.workspace.new_response_url(ADA, CHANNEL, None, ephemeral=True)
    return Asker(sandbox.workspace.team_id, ADA, CHANNEL, good if url is None else url)


def told(sandbox: Sandbox) -> list[str]:
    """The messages to Ada, private or direct."""
    private = [one.text for one in sandbox.workspace.privates if one.user == ADA]
    direct = [one.text for one in sandbox.workspace.direct(ADA).messages.values()]
    return private + direct


@pytest.mark.parametrize("url", [None, "", "http://127.0.0.1:9/response"])
async def test_an_answer_finds_its_way(answers: PrivateReplies, sandbox: Sandbox, url: str | None) -> None:
    """An answer goes to the response_url, or is an ephemeral message if that's missing or can't be reached."""
    assert await answers.reply_privately(asker(sandbox, url), SAID)
    assert told(sandbox) == ["There is no such run."]


async def test_a_person_without_a_channel_is_told_directly(answers: PrivateReplies, sandbox: Sandbox) -> None:
    """A click on the Home tab has no channel, so no other way is tried."""
    assert await answers.reply_privately(Asker(sandbox.workspace.team_id, ADA, ""), SAID)
    assert told(sandbox) == ["There is no such run."]
    assert not any(call.what == "chat.postEphemeral" for call in sandbox.workspace.calls)


async def test_the_direct_message_is_the_last_way(answers: PrivateReplies, sandbox: Sandbox) -> None:
    """The direct message is used if the channel can't show ephemeral messages."""
    sandbox.workspace.faults.add(Fault("error", "chat.postEphemeral", code="user_not_in_channel"))
    assert await answers.reply_privately(asker(sandbox, ""), SAID)
    assert told(sandbox) == ["There is no such run."]


async def test_an_answer_waits_while_slack_is_away(answers: PrivateReplies, sandbox: Sandbox) -> None:
    """The result is False, so the caller tries again."""
    where = asker(sandbox)
    sandbox.workspace.faults.away = True
    assert not await answers.reply_privately(where, SAID)
    sandbox.workspace.faults.away = False
    assert await answers.reply_privately(where, SAID)


async def test_who_cannot_be_answered_at_all_is_logged(answers: PrivateReplies, sandbox: Sandbox) -> None:
    """If Slack permanently refuses every way to reply, an error is logged for the operator."""
    for method in ("chat.postEphemeral", "conversations.open"):
        sandbox.workspace.faults.add(Fault("error", method, code="user_not_found"))
    with capture_logs() as lines:
        assert await answers.reply_privately(asker(sandbox, ""), SAID)
    assert [line["log_level"] for line in lines] == ["error"]
