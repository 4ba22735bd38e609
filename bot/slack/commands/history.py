"""`history <schedule>`: a picture of its last runs, for everybody here."""

from __future__ import annotations

from bot.core.model.command import HistoryCommand, canonical
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.slack.authorization import deed, unless_allowed
from bot.slack.blocks.mrkdwn import plain
from bot.slack.listener_context import Call, Desk


async def handle(desk: Desk, call: Call, command: HistoryCommand) -> Message | None:
    """Draw and post it; where nothing may be posted, whoever asked gets it in words."""

    async def post() -> None:
        about = deed(call, Action.READ, f"picture of {canonical(command)}", posts=True)
        why_not = await unless_allowed(desk, about, desk.gate.of_schedule(about, command.schedule))
        not_here = plain(why_not.text) if why_not else ""
        message = await desk.histories.post(call.asker, command, call.delivery, not_here=not_here)
        if message is not None:
            await desk.tell(call.asker, message)

    desk.later(post(), call.asker)
    return None
