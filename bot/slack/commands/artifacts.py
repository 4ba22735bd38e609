"""`artifacts <run id>`: list each command's artifacts privately."""

from __future__ import annotations

from bot.core.model.command import ArtifactsCommand
from bot.core.model.run import RunKey
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.slack.authorization import OfRun
from bot.slack.listener_context import Call, ListenerContext

COMMANDS = (ArtifactsCommand,)


def asks(command: ArtifactsCommand) -> OfRun:
    """Return the question for the policy."""
    return OfRun(Action.ARTIFACTS, command.run_id)


async def handle(context: ListenerContext, call: Call, command: ArtifactsCommand) -> Message | None:
    """Answer with Bolt's current list."""
    context.later(_tell(context, call, RunKey(context.workspace, command.run_id)), call.asker)
    return None


async def _tell(context: ListenerContext, call: Call, key: RunKey) -> None:
    await context.tell(call.asker, await context.artifacts.list_artifacts(key))
