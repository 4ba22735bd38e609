"""*Bolt: run details*, in the menu of a card or of a message in its thread.

`bot.flows.status` builds the answer.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.model.errors import SlackError
from bot.core.model.run import CardRef, RunKey
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.slack.authorization import attempt_of, run_denial
from bot.slack.blocks.render import SECTION_MOST
from bot.slack.find_message import posted_message
from bot.slack.listener_context import Call, ListenerContext, click_asker

log = structlog.get_logger()

CALLBACK = "run.details"
ASKING = Message(("Asking Bolt…",))

Json = dict[str, Any]


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to the shortcut."""

    async def on_shortcut(ack: AsyncAck, body: Json) -> None:
        asker = click_asker(body, context.me.team)
        user = body.get("user") or {}
        name = user.get("name") or user.get("username") or ""
        call = Call(asker, f"details:{body.get('trigger_id') or ''}", name)
        context.later(_show(context, call, body), asker)
        await ack()

    app.message_shortcut(CALLBACK)(on_shortcut)


async def _show(context: ListenerContext, call: Call, body: Json) -> None:
    asker = call.asker
    message = body.get("message")
    if not isinstance(message, dict):
        message = {}
    ts, thread = str(message.get("ts") or ""), str(message.get("thread_ts") or "")
    asker = replace(asker, thread="" if thread == ts else thread)
    # Slack doesn't let the bot read a conversation that it isn't in, but the shortcut's payload contains the message.
    shown = None if asker.thread else posted_message(message, ours=context.me.bot_user)
    subject = await context.thread_subjects.subject_of(asker.team, CardRef(asker.channel, thread or ts), shown=shown)
    if subject.run is None:
        no_card = (
            "That message isn't a run's card. Use this shortcut on a card, or type the run's number, "
            f"as in {context.prefix} status 4711."
        )
        await context.tell(asker, Message((subject.why or no_card,)))
        return
    attempt = attempt_of(call, Action.READ, f"details of {subject.run.id}")
    why_not = await run_denial(context, attempt, subject.run)
    if why_not is not None:
        await context.tell(asker, why_not)
        return
    try:
        view_id = await context.views.open_view(body.get("trigger_id") or "", _modal(context, subject.run, ASKING))
    except SlackError as error:
        log.info("a run's details couldn't be opened", run=subject.run.id, why=str(error))
        await context.tell(asker, await context.status.run_status(subject.run, channel=asker.channel))
        return
    told = await context.status.run_status(subject.run, channel=asker.channel)
    try:
        await context.views.update_view(view_id, _modal(context, subject.run, told))
    except SlackError as error:
        # Usually because it was closed in the meantime.
        log.info("a run's details couldn't be shown", run=subject.run.id, why=str(error))


def _modal(context: ListenerContext, key: RunKey, message: Message) -> Json:
    """Convert a message to a modal with its links, but without its other buttons, which belong to the card."""
    content = context.render(message)
    blocks = [_links(block) for block in content.get("blocks") or [_section(content["text"])]]
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "title": {"type": "plain_text", "text": f"Run {key.id}", "emoji": False},
        "close": {"type": "plain_text", "text": "Close", "emoji": False},
        "blocks": [block for block in blocks if block],
    }


def _section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:SECTION_MOST], "verbatim": True}}


def _links(block: Json) -> Json | None:
    if block.get("type") != "actions":
        return block
    links = [one for one in block["elements"] if one.get("url")]
    return {**block, "elements": links} if links else None
