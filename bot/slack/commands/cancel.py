"""`cancel <run id>`: typing the number is the confirmation."""

from __future__ import annotations

from bot.core.model.command import CancelCommand
from bot.core.model.run import RunKey
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.slack.authorization import OfRun, drop_denial
from bot.slack.cancel_wish import take_wish
from bot.slack.listener_context import Call, ListenerContext

NOT_STARTED = "It won't be started. Its card says who decided that."

COMMANDS = (CancelCommand,)


def asks(command: CancelCommand) -> OfRun:
    """What the policy is asked before."""
    return OfRun(Action.CANCEL, command.run_id)


async def handle(context: ListenerContext, call: Call, command: CancelCommand) -> Message | None:
    """Keep the wish, and answer what is known of it.

    A start that waits is taken out of the queue instead, and one that is waiting for approval is taken back, or denied.
    """
    if call.pending is not None:
        # Whoever looks at a thread does not see what changes beside it.
        return await context.approvals.decide_approval(call.asker, call.pending, yes=False) or Message((NOT_STARTED,))
    if call.waiting is not None:
        why_not = await drop_denial(context, call, call.waiting)
        if why_not is not None:
            return why_not
        return await context.queue.drop_start(call.asker, call.waiting, clicked="")
    key, lost = RunKey(context.workspace, command.run_id), call.lost
    # Only a card that still offers to cancel its run is made anew: one of a run that is over would be told again.
    if lost is not None and not lost.over and lost.run.key == key:
        return await take_wish(context, call.asker, key, facts=lost.run.facts, card=lost.card)
    return await take_wish(context, call.asker, key)
