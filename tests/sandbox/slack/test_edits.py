"""Menus in messages; messages that can't be edited anymore or have been deleted."""

from __future__ import annotations

from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp

from tests.waiting import seen

from .conftest import Served
from .test_admin import refused
from .test_web_api import refusal


def plain(text: str) -> dict[str, Any]:
    """A plain text."""
    return {"type": "plain_text", "text": text}


OPTIONS = [{"text": plain("Snooze 1 h"), "value": "1h"}, {"text": plain("Snooze 4 h"), "value": "4h"}]
ROW = {
    "type": "actions",
    "block_id": "row",
    "elements": [
        {"type": "button", "action_id": "on_it", "text": plain("I'm on it"), "value": "7"},
        {"type": "static_select", "action_id": "snooze", "placeholder": plain("Snooze"), "options": OPTIONS},
        {"type": "overflow", "action_id": "more", "options": [{"text": plain("Stop"), "value": "stop"}]},
    ],
}


async def post(served: Served) -> str:
    """Post a message with a row of buttons and menus, and return its ts."""
    reply = await served.client.chat_postMessage(channel="C0DATAENG", text="card", blocks=[ROW])
    return str(reply["ts"])


async def update(served: Served, ts: str) -> Any:  # noqa: ANN401
    """Edit it."""
    return await served.client.chat_update(channel="C0DATAENG", ts=ts, text="edited")


@pytest.mark.parametrize("value", ["4h", "Snooze 4 h"])
async def test_a_menu_is_set(served: Served, value: str) -> None:
    """A menu is found by its placeholder; the payload has the chosen option and the state of the message's menus."""
    heard: list[dict[str, Any]] = []
    app = AsyncApp(client=served.client, signing_secret=served.ws.signing_secret)

    async def hear(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        heard.append(body)

    for action_id in ("snooze", "more"):
        app.action(action_id)(hear)
    handler = AsyncSocketModeHandler(app, served.ws.app_token, ping_interval=0.2)
    await handler.connect_async()
    await seen(served.ws, lambda: len(served.delivery.sockets.connections) == 1)
    await post(served)
    where = {"user": "ada", "channel": "data-eng"}
    await served.control("click", **where, label="snooze", value=value)
    await served.control("click", **where, action_id="more", value="stop")
    await handler.close_async()
    (action,) = heard[0]["actions"]
    assert (action["type"], action["selected_option"], action["block_id"]) == ("static_select", OPTIONS[1], "row")
    assert action["placeholder"]["text"] == "Snooze"
    chosen = {"type": "static_select", "selected_option": OPTIONS[1]}
    assert heard[0]["state"]["values"] == {"row": {"snooze": chosen}}
    (more,) = heard[1]["actions"]
    assert (more["type"], more["selected_option"]["value"]) == ("overflow", "stop")
    assert heard[1]["state"]["values"] == {"row": {"snooze": {"type": "static_select", "selected_option": None}}}
    assert await refused(served, "click", **where, label="Snooze", value="9h") == (409, "option_not_found")


async def test_a_message_is_too_old_to_be_edited(served: Served) -> None:
    """A workspace's setting limits how long messages can be edited."""
    ts = await post(served)
    await served.control("edits", window_s=60)
    served.clock.now += 60
    await update(served, ts)
    served.clock.now += 1
    assert await refusal(update(served, ts)) == "edit_window_closed"
    await update(served, await post(served))
    await served.control("edits", window_s=None)
    await update(served, ts)


async def test_no_message_can_be_edited(served: Served) -> None:
    """Editing can be refused for all messages, until that's undone or the sandbox is reset."""
    ts = await post(served)
    assert await served.control("edits", refused=True) == {"window_s": None, "refused": True}
    assert await refusal(update(served, ts)) == "cant_update_message"
    await served.control("edits", refused=False)
    await update(served, ts)
    await served.control("edits", refused=True, window_s=5)
    served.ws.reset()
    assert (served.ws.edits.refused, served.ws.edits.window_s) == (False, None)


@pytest.mark.parametrize("has_thread", [True, False])
async def test_a_message_was_deleted(served: Served, *, has_thread: bool) -> None:
    """A message can be deleted by its author or an admin; editing it then fails, even if its thread is still there."""
    ts = await post(served)
    if has_thread:
        await served.client.chat_postMessage(channel="C0DATAENG", text="reply", thread_ts=ts)
    where = {"channel": "data-eng", "ts": ts}
    assert await refused(served, "delete", user="ada", **where) == (409, "cant_delete_message")
    await served.control("delete", user="grace", **where)
    assert await refusal(update(served, ts)) == "message_not_found"
    assert await refused(served, "delete", user="grace", **where) == (409, "message_not_found")
    own = await served.control("say", user="ada", channel="data-eng", text="hello")
    await served.control("delete", user="ada", channel="data-eng", ts=own["ts"])
    assert str(own["ts"]) not in served.ws.channel("data-eng").messages
