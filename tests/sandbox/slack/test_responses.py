"""response_urls: what they show, replace and delete, and when they expire."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.webhook.async_client import AsyncWebhookClient

from .conftest import Served


async def respond(url: str, **body: Any) -> int:  # noqa: ANN401
    """Post to a response_url with Slack's own client, and return the status."""
    return (await AsyncWebhookClient(url, retry_handlers=[]).send_dict(body)).status_code


@pytest.fixture
def url(served: Served) -> str:
    """The response_url of a command by ada."""
    return served.ws.new_response_url("U0ADA", "C0DATAENG", None, ephemeral=True)


async def test_private_by_default(served: Served, url: str) -> None:
    """An answer is shown only to the person who asked, unless it says in_channel."""
    assert await respond(url, text="psst") == 200
    assert await respond(url, text="all", response_type="in_channel") == 200
    assert [private.text for private in served.ws.privates] == ["psst"]
    assert [message.text for message in served.ws.channels["C0DATAENG"].messages.values()] == ["all"]


async def test_replacing_and_deleting_an_answer(served: Served, url: str) -> None:
    """A later answer can replace or delete an earlier one."""
    await respond(url, text="one")
    await respond(url, text="two", replace_original=True)
    (private,) = served.ws.privates
    assert (private.text, len(private.earlier)) == ("two", 1)
    await respond(url, delete_original=True)
    assert private.deleted


async def test_replacing_the_message_of_a_click(served: Served) -> None:
    """After a click, the message itself can be replaced; other answers are private."""
    ts = (await served.client.chat_postMessage(channel="C0DATAENG", text="card"))["ts"]
    url = served.ws.new_response_url("U0ADA", "C0DATAENG", ts, ephemeral=False)
    await respond(url, text="private")
    await respond(url, text="new", replace_original=True)
    assert served.ws.channels["C0DATAENG"].messages[ts].text == "new"
    await respond(url, delete_original=True)
    assert not served.ws.channels["C0DATAENG"].messages


async def test_where_the_bot_is_not(served: Served) -> None:
    """A response_url works in channels that the bot isn't in."""
    url = served.ws.new_response_url("U0ADA", "C0FINANCE", None, ephemeral=True)
    assert await respond(url, text="x", response_type="in_channel") == 200
    assert len(served.ws.channels["C0FINANCE"].messages) == 1


async def test_five_times(url: str) -> None:
    """A response_url accepts five posts, and no sixth."""
    assert [await respond(url, text="x") for _post in range(6)] == [200] * 5 + [404]


async def test_thirty_minutes(served: Served, url: str) -> None:
    """A response_url expires after thirty minutes; an unknown one is refused too."""
    served.clock.now += 30 * 60
    assert await respond(url, text="x") == 200
    served.clock.now += 1
    assert await respond(url, text="x") == 404
    assert await respond(f"{served.base_url}/slack/response/T/1/x", text="x") == 404


@pytest.mark.parametrize("body", [{}, {"text": "x", "blocks": [{"type": "hologram"}]}])
async def test_bad_content(url: str, body: dict[str, Any]) -> None:
    """Content that a message can't have is refused here too."""
    assert await respond(url, **body) == 400
