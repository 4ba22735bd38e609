"""`watch` alone, and the button *Edit*: open the watch form.

`bot.core.watching.watch_form` decides the form's content.
"""

from __future__ import annotations

from bot.core.model.command import WatchForm
from bot.core.text.message import Message
from bot.slack.listener_context import Call, ListenerContext
from bot.slack.views.watch_form_interactions import open_watch_form, watch_form_button

COMMANDS = (WatchForm,)


def asks(command: WatchForm) -> None:
    """Return no question for the policy, because the form asks its own."""


async def handle(context: ListenerContext, call: Call, command: WatchForm) -> Message | None:
    """Open the form. If Slack sent no trigger_id, offer a button that opens it."""
    if not call.trigger_id:
        return watch_form_button(("A form can't be opened from a message.",), command)
    context.later(open_watch_form(context, call, command), call.asker)
    return None
