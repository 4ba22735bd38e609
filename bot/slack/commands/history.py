"""`history <schedule>`: post a chart of its last runs to the channel.

`bot.flows.history` posts it, and `bot.core.commands.verbs` decides how many runs may be asked for.
"""

from __future__ import annotations

from bot.core.model.command import HistoryCommand, canonical
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.slack.authorization import OfSchedule, attempt_of, denial
from bot.slack.blocks.mrkdwn import plain
from bot.slack.listener_context import Call, ListenerContext

COMMANDS = (HistoryCommand,)


def asks(command: HistoryCommand) -> OfSchedule:
    """Return the question for the policy."""
    return OfSchedule(Action.READ, command.schedule_text)


async def handle(context: ListenerContext, call: Call, command: HistoryCommand) -> Message | None:
    """Draw and post the chart. If it can't be posted, answer the person in words."""

    async def post() -> None:
        attempt = attempt_of(call, Action.READ, f"post chart for {canonical(command)}", posts=True)
        why_not = await denial(context, attempt, context.gate.decide_on_schedule(attempt, command.schedule_text))
        not_here = plain(why_not.text) if why_not else ""
        message = await context.histories.post_history(call.asker, command, call.delivery, not_here=not_here)
        if message is not None:
            await context.tell(call.asker, message)

    context.later(post(), call.asker)
    return None
