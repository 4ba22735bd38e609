"""`whoami`: show what the person may do here, and why."""

from __future__ import annotations

from bot.core.model.command import WhoamiCommand
from bot.core.policy.whoami import whoami
from bot.core.text.message import Message
from bot.slack.listener_context import Call, ListenerContext

COMMANDS = (WhoamiCommand,)


def asks(command: WhoamiCommand) -> None:
    """Return no question for the policy: everyone may see their own permissions."""


async def handle(context: ListenerContext, call: Call, command: WhoamiCommand) -> Message | None:  # noqa: ARG001 - every command has the same signature
    """Answer from the policy and from Slack's data about the person."""

    async def answer() -> None:
        person, channel_info = await context.gate.asker_and_channel(call.asker)
        await context.tell(call.asker, whoami(context.gate.policy, person, channel_info))

    context.later(answer(), call.asker)
    return None
