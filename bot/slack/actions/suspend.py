"""*Pause*, *Resume* and *Keep it …* under the question: the answer replaces it."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core import suspension
from bot.core.buttons import LEAVE, SUSPEND, read_command_value
from bot.core.command import SuspendCommand
from bot.core.errors import BadCommand
from bot.core.grammar import parse
from bot.core.message import Message
from bot.flows.ports import Asker
from bot.slack.desk import Desk, click_asker, replace_or_tell


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to the buttons."""

    async def on_click(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        asker = click_asker(body)

        async def answer() -> None:
            is_yes = action.get("action_id") == SUSPEND
            await replace_or_tell(desk, asker, await _answered(desk, asker, action.get("value") or "", is_yes=is_yes))

        await ack()
        desk.later(answer(), asker)

    app.action(SUSPEND)(on_click)
    app.action(LEAVE)(on_click)


async def _answered(desk: Desk, asker: Asker, value: str, *, is_yes: bool) -> Message:
    try:
        command = parse(read_command_value(value), desk.command)
    except BadCommand as bad:
        return Message((bad.sentence,))
    if not isinstance(command, SuspendCommand):
        return Message(("This button is from another version of me; type the command again.",))
    if not is_yes:
        return suspension.left(command)
    return await desk.suspend.confirmed(asker, command)
