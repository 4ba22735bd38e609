"""`cancel <run id>`: typing the number is the confirmation.

`bot.flows.cancel` carries the request out; `bot.flows.start_queue` removes a queued start.
"""

from __future__ import annotations

from bot.core.model.command import CancelCommand
from bot.core.model.run import RunKey
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.slack.authorization import OfRun, drop_denial
from bot.slack.cancel_wish import take_wish
from bot.slack.listener_context import Call, ListenerContext

NOT_STARTED = "This start won't go ahead. Its card says who decided that."

COMMANDS = (CancelCommand,)


def asks(command: CancelCommand) -> OfRun:
    """Return the question for the policy."""
    return OfRun(Action.CANCEL, command.run_id)


async def handle(context: ListenerContext, call: Call, command: CancelCommand) -> Message | None:
    """Record a wish to cancel, and answer with its state.

    A queued start is removed from the queue instead, and a start that is pending approval is withdrawn or denied.
    """
    if call.pending is not None:
        # The change on the card isn't visible to someone who is looking at its thread.
        return await context.approvals.decide_approval(call.asker, call.pending, yes=False) or Message((NOT_STARTED,))
    if call.queued is not None:
        why_not = await drop_denial(context, call, call.queued)
        if why_not is not None:
            return why_not
        return await context.queue.drop_start(call.asker, call.queued, clicked="")
    key, lost = RunKey(context.workspace, command.run_id), call.lost
    # Only recreate a card that still offers to cancel its run, because a run that is over would be announced again.
    if lost is not None and not lost.over and lost.run.key == key:
        return await take_wish(context, call.asker, key, facts=lost.run.facts, card=lost.card)
    return await take_wish(context, call.asker, key)
