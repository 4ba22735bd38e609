"""Looking up people by their email address, against a local Slack."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bolt_sandbox.server import Sandbox
from bot.core.model.errors import ScopeMissing
from bot.slack.client import SlackChat
from bot.slack.people_by_address import PeopleByAddress


@pytest.fixture
async def people(sandbox: Sandbox) -> AsyncIterator[PeopleByAddress]:
    """A lookup in the sandbox's Slack."""
    chat = SlackChat(sandbox.workspace.bot_token, f"{sandbox.base_url}/slack/api/", lambda text: text, call_s=10)
    yield PeopleByAddress(chat)
    await chat.close()


async def test_an_address_is_somebodys_or_nobodys(people: PeopleByAddress, sandbox: Sandbox) -> None:
    """An address that belongs to nobody isn't an error, but a missing scope is."""
    assert await people.user_with("ada@acme-data.example") == "U0ADA"
    assert await people.user_with("nobody@acme-data.example") == ""
    sandbox.workspace.scopes -= {"users:read.email"}
    with pytest.raises(ScopeMissing):
        await people.user_with("ada@acme-data.example")
