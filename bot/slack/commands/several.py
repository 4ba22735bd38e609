"""`cancel` and `status` of several runs: answer for each run.

`bot.core.commands.given` decides how many runs may be named.
"""

from __future__ import annotations

import asyncio

from bot.core.model.command import CancelCommand, SeveralCommand, StatusCommand
from bot.core.model.run import RunKey
from bot.core.text.message import Block, Buttons, Message, Paragraph
from bot.core.text.text import Span
from bot.core.views.buttons import command_button
from bot.slack import commands
from bot.slack.listener_context import Call, ListenerContext

COMMANDS = (SeveralCommand,)


def asks(command: SeveralCommand) -> None:  # noqa: ARG001 - every command has the same signature
    """Return no question for the policy: `handle` asks the policy about each run."""
    return


async def handle(context: ListenerContext, call: Call, command: SeveralCommand) -> Message | None:
    """Cancel each run before the acknowledgement.

    For `status`, read the runs afterward and show them in one message.
    """
    cancels = [one for one in command.commands if isinstance(one, CancelCommand)]
    if cancels:
        answers = await asyncio.gather(*(commands.handle(context, call, one) for one in cancels))
        return _joined([one for one in answers if one is not None])
    reads = [one for one in command.commands if isinstance(one, StatusCommand)]

    async def answer() -> None:
        found = await asyncio.gather(*(_status(context, call, one) for one in reads))
        await context.tell(call.asker, _joined(found) or Message(("There's nothing to show.",)))

    context.later(answer(), call.asker)
    return None


async def _status(context: ListenerContext, call: Call, command: StatusCommand) -> Message:
    why_not = await commands.command_denial(context, call, command)
    if why_not is not None:
        return why_not
    run_id = command.run_id or 0
    found = await context.status.run_status(RunKey(context.workspace, run_id), channel=call.asker.channel)
    if not found.blocks:
        return found
    details = command_button("Details", command, number=run_id, spoken=f"Details of run {run_id}")
    return Message(found.text, (Paragraph((*found.text, f" (run {run_id})")), Buttons((details,))))


def _joined(messages: list[Message]) -> Message | None:
    """Join several answers into one message. Returns None if there are none."""
    if not messages:
        return None
    spans: list[Span] = []
    blocks: list[Block] = []
    for at, one in enumerate(messages):
        spans += [" " if at else "", *one.text]
        blocks += one.blocks or (Paragraph(one.text),)
    return Message(tuple(spans), tuple(blocks))
