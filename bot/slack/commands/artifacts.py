"""`artifacts <run id>`: what each command left behind, told privately."""

from __future__ import annotations

from bot.core.model.command import ArtifactsCommand
from bot.core.model.run import RunKey
from bot.core.text.message import Message
from bot.slack.listener_context import Call, Desk


async def handle(desk: Desk, call: Call, command: ArtifactsCommand) -> Message | None:
    """Answer with what Bolt says now."""
    desk.later(_tell(desk, call, RunKey(desk.workspace, command.run_id)), call.asker)
    return None


async def _tell(desk: Desk, call: Call, key: RunKey) -> None:
    await desk.tell(call.asker, await desk.artifacts.tell(key))
