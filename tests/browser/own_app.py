"""A small app made with the vendor's own SDK: it opens a modal with every kind of input, and a Home tab."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bolt_sandbox.server import Sandbox
from tests.browser.tab import mrkdwn, plain

SCHEDULES = ("Nightly full build", "Hourly refresh", "Backfill")


def option(text: str) -> dict[str, Any]:
    """An option whose value is its text in lowercase."""
    return {"text": plain(text), "value": text.lower()}


def field(block_id: str, label: str, element: dict[str, Any], *, optional: bool = True) -> dict[str, Any]:
    """An input with its label."""
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(label),
        "optional": optional,
        "element": {"action_id": "it", **element},
    }


MORE: dict[str, Any] = {
    "type": "actions",
    "block_id": "more",
    "elements": [{"type": "button", "action_id": "more", "text": plain("More"), "value": "m"}],
}
FORM: dict[str, Any] = {
    "type": "modal",
    "callback_id": "form",
    "title": plain("Run a schedule"),
    "submit": plain("Run"),
    "close": plain("Not now"),
    "notify_on_close": True,
    "blocks": [
        mrkdwn("What is *run*"),
        field("schedule", "Schedule", {"type": "external_select", "min_query_length": 0}, optional=False),
        field("branch", "Branch", {"type": "plain_text_input", "initial_value": "main", "max_length": 40}),
        field("commands", "Commands", {"type": "plain_text_input", "multiline": True}),
        field("pr", "Pull request", {"type": "number_input", "is_decimal_allowed": False}),
        field("target", "Target", {"type": "static_select", "options": [option("Staging"), option("Production")]}),
        field("flags", "Flags", {"type": "checkboxes", "options": [option("Continue on error"), option("Quiet")]}),
        field("who", "Who is told", {"type": "radio_buttons", "options": [option("Nobody"), option("Everyone")]}),
        field("tags", "Tags", {"type": "multi_static_select", "options": [option("Red"), option("Blue")]}),
        field("day", "Day", {"type": "datepicker", "initial_date": "2026-11-25"}),
        field("hour", "Hour", {"type": "timepicker"}),
        field("mail", "Mail", {"type": "email_text_input"}),
        field("page", "Page", {"type": "url_text_input"}),
        field("person", "Person", {"type": "users_select"}),
        field("room", "Room", {"type": "conversations_select"}),
        MORE,
    ],
}
HOME = {"type": "home", "blocks": [mrkdwn("*Your runs*"), MORE]}


class OwnApp:
    """The app, with a record of the forms submitted, the buttons clicked, and the modals closed."""

    def __init__(self, sandbox: Sandbox) -> None:
        workspace = sandbox.workspace
        web = AsyncWebClient(token=workspace.bot_token, base_url=f"{sandbox.base_url}/slack/api/")
        self.app = AsyncApp(client=web, signing_secret="unused", process_before_response=True)  # noqa: S106 - Socket Mode signs nothing
        self.handler = AsyncSocketModeHandler(self.app, workspace.app_token)
        self.submitted: list[dict[str, Any]] = []
        self.clicked: list[dict[str, Any]] = []
        self.asked_for: list[str] = []
        self.pressed: asyncio.Queue[str] = asyncio.Queue()
        self.closed = asyncio.Event()
        self.app.command("/bolt")(self._open)
        self.app.options("it")(self._suggest)
        self.app.view("form")(self._take)
        self.app.view_closed("form")(self._close)
        self.app.action("more")(self._more)
        self.app.action(re.compile("^press_"))(self._press)
        self.app.event("app_home_opened")(self._home)

    async def _open(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    async def _suggest(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        self.asked_for.append(body["value"])
        await ack(options=[option(each) for each in SCHEDULES if body["value"].lower() in each.lower()])

    async def _take(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        values = body["view"]["state"]["values"]
        if values["branch"]["it"]["value"] == "gone":
            await ack(response_action="errors", errors={"branch": "There is no branch of that name."})
            return
        self.submitted.append(values)
        await ack()

    async def _close(self, ack: AsyncAck) -> None:
        await ack()
        self.closed.set()

    async def _more(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        self.clicked.append(body)
        if body["view"]["type"] == "modal":
            above = {
                "type": "modal",
                "title": plain("More of it"),
                "blocks": [mrkdwn("On top")],
                "close": plain("Back"),
            }
            await client.views_push(trigger_id=body["trigger_id"], view=above)

    async def _press(self, ack: AsyncAck, action: dict[str, Any]) -> None:
        await ack()
        self.pressed.put_nowait(action["action_id"])

    async def _home(self, event: dict[str, Any], client: AsyncWebClient) -> None:
        await client.views_publish(user_id=event["user"], view=HOME)


@asynccontextmanager
async def own_app(sandbox: Sandbox) -> AsyncIterator[OwnApp]:
    """The app, connected."""
    app = OwnApp(sandbox)
    await app.handler.connect_async()
    try:
        yield app
    finally:
        await app.handler.close_async()
