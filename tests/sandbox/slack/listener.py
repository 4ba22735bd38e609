"""A slack_bolt app that receives what the workspace sends."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

BUTTONS = [
    {
        "type": "actions",
        "block_id": "acts",
        "elements": [
            {
                "type": "button",
                "text": {"type": "plain_text", "text": "Cancel run"},
                "action_id": "cancel",
                "value": "4711",
                "style": "danger",
                "confirm": {
                    "title": {"type": "plain_text", "text": "Sure?"},
                    "text": {"type": "mrkdwn", "text": "Cancel it?"},
                    "confirm": {"type": "plain_text", "text": "Yes"},
                    "deny": {"type": "plain_text", "text": "No"},
                },
            }
        ],
    }
]
MODAL = {
    "type": "modal",
    "callback_id": "form",
    "title": {"type": "plain_text", "text": "Run"},
    "submit": {"type": "plain_text", "text": "Run"},
    "notify_on_close": True,
    "blocks": [
        {
            "type": "input",
            "block_id": "b",
            "label": {"type": "plain_text", "text": "Branch"},
            "element": {"type": "plain_text_input", "action_id": "a"},
        }
    ],
}


class Listener:
    """A small app that notes what it receives."""

    def __init__(self, client: AsyncWebClient) -> None:
        self.seen: list[dict[str, Any]] = []
        self.silent = False
        self.app = AsyncApp(client=client, signing_secret="sandbox-signing-secret")  # noqa: S106
        self.app.command("/bolt")(self.command)
        self.app.action("cancel")(self.action)
        self.app.event("app_mention")(self.event)
        self.app.event("message")(self.event)
        self.app.event("app_home_opened")(self.event)
        self.app.view("form")(self.view)
        self.app.view_closed("form")(self.action)
        self.app.shortcut("short")(self.action)
        self.app.action("home")(self.action)
        self.app.options("schedule")(self.options)

    async def command(self, ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:  # noqa: ANN401
        """Acknowledge with the text after the first word, or open a modal."""
        self.seen.append(body)
        word, _space, rest = body["text"].partition(" ")
        if self.silent:
            return
        if word == "modal":
            await ack()
            await client.views_open(trigger_id=body["trigger_id"], view=MODAL)
        elif word == "shout":
            await ack(text=rest, response_type="in_channel")
        else:
            await ack(rest)

    async def action(self, ack: Any, body: dict[str, Any]) -> None:  # noqa: ANN401
        """Acknowledge."""
        self.seen.append(body)
        if not self.silent:
            await ack()

    async def view(self, ack: Any, body: dict[str, Any]) -> None:  # noqa: ANN401
        """Answer as the branch says; "bad" is refused."""
        self.seen.append(body)
        branch = body["view"]["state"]["values"]["b"]["a"]["value"]
        if branch == "bad":
            await ack(response_action="errors", errors={"b": "No such branch"})
        elif branch == "clear":
            await ack(response_action="clear")
        elif branch == "new":
            await ack(response_action="update", view={**MODAL, "callback_id": "other"})
        elif branch == "broken":
            await ack(response_action="update", view={"type": "modal"})
        elif branch == "more":
            await ack(response_action="push", view=MODAL)
        else:
            await ack()

    async def options(self, ack: Any, payload: dict[str, Any]) -> None:  # noqa: ANN401
        """Offer what was typed."""
        await ack(options=[{"text": {"type": "plain_text", "text": payload["value"]}, "value": "v"}])

    async def event(self, body: dict[str, Any]) -> None:
        """Note the event."""
        self.seen.append(body)
