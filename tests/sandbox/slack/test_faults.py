"""Faults that can be switched on."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from bolt_sandbox.slack import Fault
from bolt_sandbox.slack.faults import Faults
from tests.waiting import seen

from .conftest import Served


def texts(served: Served) -> list[str]:
    """The texts in #data-eng."""
    return [message.text for message in served.ws.channels["C0DATAENG"].messages.values()]


def test_counting() -> None:
    """A fault affects only its method: it skips `skip` calls, and applies to the next `count`."""
    faults = Faults()
    faults.add(Fault("http_500", "chat.update", count=2, skip=1))
    assert faults.take("chat.postMessage") is None
    struck = [faults.take("chat.update") is not None for _call in range(4)]
    assert struck == [False, True, True, False]


def test_for_ever() -> None:
    """Without a count, a fault stays until it's cleared."""
    faults = Faults()
    faults.add(Fault("http_500", count=None))
    assert all(faults.take("auth.test") for _call in range(10))
    faults.clear()
    assert faults.take("auth.test") is None


async def test_ratelimited(served: Served) -> None:
    """A rate limit is a 429 with the requested Retry-After."""
    await served.control("faults", kind="ratelimited", method="chat.postMessage", retry_after_s=7)
    with pytest.raises(SlackApiError) as caught:
        await served.client.chat_postMessage(channel="C0DATAENG", text="x")
    assert caught.value.response.headers["Retry-After"] == "7"
    assert texts(served) == []
    await served.client.chat_postMessage(channel="C0DATAENG", text="x")


async def test_http_500(served: Served) -> None:
    """An HTTP 500 has no JSON body."""
    await served.control("faults", kind="http_500")
    with pytest.raises(SlackApiError):
        await served.client.auth_test()


async def test_any_code(served: Served) -> None:
    """Any error code can be chosen."""
    await served.control("faults", kind="error", method="chat.update", code="edit_window_closed")
    with pytest.raises(SlackApiError, match="edit_window_closed"):
        await served.client.chat_update(channel="C0DATAENG", ts="1.1", text="x")


@pytest.mark.parametrize(("kind", "posted"), [("drop_after", ["x"]), ("drop_before", [])])
async def test_dropped(served: Served, kind: str, posted: list[str]) -> None:
    """The connection is closed without a reply: after the message was posted, or before."""
    await served.control("faults", kind=kind, method="chat.postMessage")
    with pytest.raises(aiohttp.ClientError):
        await served.client.chat_postMessage(channel="C0DATAENG", text="x")
    assert texts(served) == posted


async def test_slow(served: Served) -> None:
    """A slow reply is complete, and other calls are answered meanwhile."""
    await served.control("faults", kind="slow", method="chat.postMessage", delay_s=0.2)
    slow = asyncio.create_task(served.client.chat_postMessage(channel="C0DATAENG", text="x"))
    await seen(served.ws, lambda: any("slow" in call.outcome for call in served.ws.calls))
    await served.client.auth_test()
    assert not slow.done()
    assert (await slow)["ok"]


async def test_uploads_and_response_urls(served: Served) -> None:
    """Uploads and response_urls can fail too."""
    await served.control("faults", kind="http_500", method="upload")
    ticket = await served.client.files_getUploadURLExternal(filename="x", length=1)
    async with served.session.post(ticket["upload_url"], data=b"x") as reply:
        assert reply.status == 500
    await served.control("faults", kind="http_500", method="response_url")
    url = served.ws.new_response_url("U0ADA", "C0DATAENG", None, ephemeral=True)
    async with served.session.post(url, json={"text": "x"}) as reply:
        assert reply.status == 500
