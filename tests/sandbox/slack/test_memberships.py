"""users.conversations, and a Home tab that the app doesn't have."""

from __future__ import annotations

import dataclasses

import pytest
from slack_sdk.errors import SlackApiError

from .conftest import Served
from .test_views import HOME
from .test_web_api import refusal


async def names(served: Served, **arguments: str | int | bool) -> list[str]:
    """The names of the channels that users.conversations returns."""
    reply = await served.client.users_conversations(**arguments)  # type: ignore[arg-type]  # as given
    return [each["name"] for each in reply["channels"]]


async def test_where_a_person_is(served: Served) -> None:
    """A person's public channels are listed, and private ones if they're requested and the bot is a member."""
    assert await names(served, user="U0ADA") == ["data-eng", "analytics"]
    both = "public_channel,private_channel"
    assert await names(served, user="U0ADA", types=both) == ["data-eng", "analytics"]
    served.ws.channel("finance").members.append(served.ws.bot.id)
    assert await names(served, user="U0ADA", types=both) == ["data-eng", "analytics", "finance"]
    assert await names(served, user="U0GUS", types=both) == ["data-eng"]
    assert await names(served, types=both) == ["data-eng", "finance"]
    (first, *_) = (await served.client.users_conversations(user="U0ADA"))["channels"]
    assert not {"is_member", "num_members"} & set(first)
    served.ws.channel("data-eng").is_archived = True
    assert await names(served, user="U0ADA", exclude_archived=True) == ["analytics"]


async def test_pages_and_refusals(served: Served) -> None:
    """A page has at most 999 channels, and each type needs its own scope."""
    reply = await served.client.users_conversations(user="U0ADA", limit=1)
    cursor = reply["response_metadata"]["next_cursor"]
    assert await names(served, user="U0ADA", limit=1, cursor=cursor) == ["analytics"]
    assert await refusal(served.client.users_conversations(limit=1000)) == "invalid_limit"
    assert await refusal(served.client.users_conversations(types="channels")) == "invalid_types"
    assert await refusal(served.client.users_conversations(user="U0NOBODY")) == "user_not_found"
    served.ws.scopes.discard("groups:read")
    assert await refusal(served.client.users_conversations(types="private_channel")) == "missing_scope"
    assert await names(served, user="U0ADA") == ["data-eng", "analytics"]


async def test_a_home_tab_has_to_be_enabled(served: Served) -> None:
    """Without a Home tab in the manifest, publishing one is refused."""
    served.ws.features = dataclasses.replace(served.ws.features, home_tab=False)
    with pytest.raises(SlackApiError, match="not_enabled"):
        await served.client.views_publish(user_id="U0ADA", view=HOME)
