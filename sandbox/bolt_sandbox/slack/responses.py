"""Answers outside the Web API: the visible effects of an acknowledgement or a post to a response_url."""

from __future__ import annotations

from bolt_sandbox.slack.args import Args
from bolt_sandbox.slack.content import Content, read_content
from bolt_sandbox.slack.model import Change, Json, Private, Refused, ResponseUrl, Version
from bolt_sandbox.slack.workspace import Workspace


def show_ack(ws: Workspace, record: ResponseUrl, command: str, payload: Json) -> None:
    """Show a slash command's acknowledgement, in the channel or only to the person.

    An acknowledgement without content shows nothing. Raises Refused if its blocks aren't valid.
    """
    content = read_content(Args(payload), text_may_be_missing=True)
    if payload.get("response_type") == "in_channel":
        channel = ws.channels[record.channel]
        ws.post(channel, ws.users[record.user], command)
        if content.text or content.blocks:
            ws.post(channel, ws.bot, content.text, blocks=content.blocks, attachments=content.attachments)
    elif content.text or content.blocks or content.attachments:
        private = ws.show_privately(record.user, record.channel, content.text, via="ack", blocks=content.blocks)
        record.original = private.ts


def respond(ws: Workspace, record: ResponseUrl, body: Json) -> None:
    """Carry out a post to a response_url: show, replace or delete. Raises Refused."""
    args = Args(body)
    if args.flag("delete_original"):
        _delete(ws, record)
        return
    content = read_content(args)
    if args.flag("replace_original") and record.original is not None and _replace(ws, record, content):
        return
    channel = ws.channels[record.channel]
    thread_ts = args.text("thread_ts") or None
    if args.text("response_type") == "in_channel":
        ws.post(
            channel,
            ws.bot,
            content.text,
            blocks=content.blocks,
            attachments=content.attachments,
            thread_ts=thread_ts,
            metadata=content.metadata or None,
        )
        return
    private = ws.show_privately(
        record.user, channel.id, content.text, via="response_url", blocks=content.blocks, thread_ts=thread_ts
    )
    if record.ephemeral:
        record.original = private.ts


def _delete(ws: Workspace, record: ResponseUrl) -> None:
    private = ws.private(record.original or "")
    if private is not None:
        private.deleted = True
        ws.tell(Change("deleted", private.channel, private.ts, private.user))
        return
    message = ws.channels[record.channel].messages.get(record.original or "")
    if message is None:
        raise Refused("message_not_found")
    ws.delete(message)


def _replace(ws: Workspace, record: ResponseUrl, content: Content) -> bool:
    private = ws.private(record.original or "")
    if private is not None:
        _replace_private(ws, private, content)
        return True
    message = ws.channels[record.channel].messages.get(record.original or "")
    if message is None or message.user != ws.bot.id:
        return False
    ws.edit(message, content.text, content.blocks, mark=not content.blocks)
    return True


def _replace_private(ws: Workspace, private: Private, content: Content) -> None:
    private.earlier.append(Version(private.text, private.blocks, ws.clock()))
    private.text, private.blocks = content.text, ws.with_ids(content.blocks)
    ws.tell(Change("private", private.channel, private.ts, private.user))
