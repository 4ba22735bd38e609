"""`run <schedule>`: start a run."""

from __future__ import annotations

from bot.core.command import RunCommand
from bot.core.message import Message
from bot.core.request import request_id
from bot.flows.ports import Asked
from bot.slack.desk import Call, Desk


async def handle(desk: Desk, call: Call, command: RunCommand) -> Message | None:
    """Record the start; the card follows."""
    asker = call.asker
    return await desk.ask.start(
        Asked(
            id=request_id(asker.team, call.delivery),
            team=asker.team,
            channel=asker.channel,
            user=asker.user,
            user_name=call.user_name,
            wanted=command,
            response_url=asker.response_url,
            thread=asker.thread,
        )
    )
