"""`/bolt run <schedule>`: start a run."""

from __future__ import annotations

from slack_bolt.async_app import AsyncAck

from bot.core.command import RunCommand
from bot.core.request import request_id
from bot.flows.ports import Asked
from bot.slack.desk import Desk, Payload


async def handle(desk: Desk, command: RunCommand, body: Payload, ack: AsyncAck) -> None:
    """Record the start and acknowledge; the card follows. A repeated delivery has the same trigger_id."""
    delivery = body.get("trigger_id") or f"{body['user_id']}:{body.get('response_url', '')}"
    asked = Asked(
        id=request_id(body["team_id"], delivery),
        team=body["team_id"],
        channel=body["channel_id"],
        user=body["user_id"],
        user_name=body.get("user_name", ""),
        wanted=command,
        response_url=body.get("response_url", ""),
    )
    answer = await desk.ask.start(asked)
    if answer is None:
        await ack()
    else:
        await ack(**desk.render(answer))
