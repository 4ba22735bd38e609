"""A message that the app edits while somebody clicks on it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.browser.own_app import option, own_app
from tests.browser.tab import Tab, mrkdwn, plain
from tests.e2e.stage import Stage
from tests.waiting import PATIENCE_S


def button(action_id: str) -> dict[str, Any]:
    """A button called Press."""
    return {"type": "button", "action_id": action_id, "text": plain("Press")}


def as_accessory(text: str, action_id: str) -> list[dict[str, Any]]:
    """A text with a button beside it."""
    return [mrkdwn(text) | {"accessory": button(action_id)}]


def in_a_row(text: str, action_id: str) -> list[dict[str, Any]]:
    """A text with a button below it."""
    return [mrkdwn(text), {"type": "actions", "elements": [button(action_id)]}]


@pytest.mark.parametrize("card", [as_accessory, in_a_row])
async def test_a_click_survives_an_edit(stage: Stage, tab: Tab, card: Any) -> None:  # noqa: ANN401
    """The button being pressed stays through an edit, unless the edit replaces it with another."""
    channel = stage.sandbox.workspace.channel("data-eng").id
    async with own_app(stage.sandbox) as app:
        web = app.app.client
        ts = (await web.chat_postMessage(channel=channel, text="Card", blocks=card("at first", "press_one")))["ts"]
        shown = tab.messages().last

        async def press_while_it_becomes(text: str, action_id: str) -> None:
            await shown.get_by_role("button", name="Press").hover()
            await tab.page.mouse.down()
            await web.chat_update(channel=channel, ts=ts, text="Card", blocks=card(text, action_id))
            await tab.sees(shown, text)
            await tab.page.mouse.up()

        await tab.sees(shown, "at first")
        await press_while_it_becomes("the same button", "press_one")
        assert await asyncio.wait_for(app.pressed.get(), PATIENCE_S) == "press_one"
        await press_while_it_becomes("another button", "press_two")
        await shown.get_by_role("button", name="Press").click()
        assert await asyncio.wait_for(app.pressed.get(), PATIENCE_S) == "press_two"
        assert app.pressed.empty()


async def test_a_menu_in_a_message(stage: Stage, tab: Tab) -> None:
    """A menu among a message's buttons is found by its placeholder; its choice, and an overflow's, reach the app."""
    ws = stage.sandbox.workspace
    options = [option("Snooze 1 h"), option("Snooze 4 h")]
    row = [
        {"type": "button", "action_id": "press_button", "text": plain("I'm on it"), "value": "7"},
        {"type": "static_select", "action_id": "press_menu", "placeholder": plain("Snooze"), "options": options},
        {"type": "overflow", "action_id": "press_more", "options": [option("Stop")]},
    ]
    async with own_app(stage.sandbox) as app:
        ws.post(ws.channel("data-eng"), ws.bot, "card", blocks=[{"type": "actions", "elements": row}])
        message = tab.messages().last
        await message.get_by_role("combobox", name="Snooze").click()
        await tab.page.get_by_role("option", name="Snooze 4 h").click()
        assert await asyncio.wait_for(app.pressed.get(), PATIENCE_S) == "press_menu"
        await message.get_by_role("button", name="More actions", exact=True).first.click()
        await tab.page.get_by_role("menuitem", name="Stop").click()
        assert await asyncio.wait_for(app.pressed.get(), PATIENCE_S) == "press_more"
