"""*Pause*, *Resume* and *Keep it …* below the confirmation question, which is replaced by the outcome.

`bot.flows.pause_schedule` carries them out.
"""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.commands.grammar import parse
from bot.core.model.command import PauseCommand
from bot.core.model.errors import BadCommand
from bot.core.text.message import Message
from bot.core.views import pause_question
from bot.core.views.buttons import PAUSE_NO, PAUSE_YES, read_command_value
from bot.slack.commands import command_denial
from bot.slack.listener_context import Call, ListenerContext, click_call, replace_or_tell


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to the buttons."""

    async def on_click(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        call = click_call(body, action, context.me.team)

        async def answer() -> None:
            is_yes = action.get("action_id") == PAUSE_YES
            told = await _answered(context, call, action.get("value") or "", is_yes=is_yes)
            await replace_or_tell(context, call.asker, told)

        await ack()
        context.later(answer(), call.asker)

    app.action(PAUSE_YES)(on_click)
    app.action(PAUSE_NO)(on_click)


async def _answered(context: ListenerContext, call: Call, value: str, *, is_yes: bool) -> Message:
    try:
        command = parse(read_command_value(value), context.prefix)
    except BadCommand as bad:
        return Message((bad.sentence,))
    if not isinstance(command, PauseCommand):
        return Message(("This button is from another version of this bot. Type the command again.",))
    if not is_yes:
        return pause_question.left(command)
    return await command_denial(context, call, command) or await context.pause.pause_or_resume(call.asker, command)
