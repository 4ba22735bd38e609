"""`run` alone: open the run form.

`bot.core.schedules.run_form` has the form's content.
"""

from __future__ import annotations

from bot.core.model.command import RunForm
from bot.core.text.message import Message
from bot.slack.listener_context import Call, ListenerContext
from bot.slack.views.run_form_interactions import form_button, open_form

COMMANDS = (RunForm,)


def asks(command: RunForm) -> None:
    """Return no question for the policy, because the form asks its own."""


async def handle(context: ListenerContext, call: Call, command: RunForm) -> Message | None:  # noqa: ARG001 - every command has the same signature
    """Open the form. If Slack sent no trigger_id, offer a button that opens the form."""
    if not call.trigger_id:
        return form_button(("A form can't be opened from a message.",))
    context.later(open_form(context, call), call.asker)
    return None
