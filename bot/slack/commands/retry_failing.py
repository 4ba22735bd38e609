"""`retry --failing`: ask first whether to retry what is failing in this channel.

`bot.core.views.retry_failing` decides which runs are offered, and how many at most.
"""

from __future__ import annotations

from bot.core.model.command import RetryFailingCommand
from bot.core.model.errors import StoreUnavailable
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.core.views.store_unavailable import database
from bot.slack.authorization import OfChannel, retry_refusals
from bot.slack.listener_context import Call, ListenerContext

COMMANDS = (RetryFailingCommand,)


def asks(command: RetryFailingCommand) -> OfChannel:  # noqa: ARG001 - every command has the same signature
    """Return the question for the policy, which then decides on each run, and again once the person confirms."""
    return OfChannel(Action.READ)


async def handle(context: ListenerContext, call: Call, command: RetryFailingCommand) -> Message | None:  # noqa: ARG001 - every command has the same signature
    """Ask for confirmation privately."""

    async def answer() -> None:
        try:
            incidents = await context.incidents.find_failing(call.asker.channel)
            if incidents:
                asked = context.incidents.ask_to_retry(incidents, await retry_refusals(context, call, incidents))
            else:
                asked = await context.failing.nothing_to_retry(call.asker.channel)
        except StoreUnavailable as away:
            asked = Message((f"{database(away)} Nothing was started.",))
        await context.tell(call.asker, asked)

    context.later(answer(), call.asker)
    return None
