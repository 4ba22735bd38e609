"""chat.* and reactions.*: messages."""

from __future__ import annotations

from bolt_sandbox.slack.args import Args
from bolt_sandbox.slack.content import UPDATE_TEXT_MOST, read_content
from bolt_sandbox.slack.model import Change, Channel, Json, Message, Refused
from bolt_sandbox.slack.shapes import message_shape
from bolt_sandbox.slack.workspace import Workspace


def seen_channel(ws: Workspace, channel_id: str) -> Channel:
    """Return a conversation that the bot can see; a private one only as a member. Raises Refused."""
    channel = ws.channels.get(channel_id)
    if channel is None or (channel.kind != "public" and ws.bot.id not in channel.members):
        raise Refused("channel_not_found")
    return channel


def post_target(ws: Workspace, where: str) -> Channel:
    """Return the conversation that the bot posts to: by id, by #name, or by a person's id.

    Raises Refused: channel_not_found, is_archived, not_in_channel.
    """
    if where in ws.users:
        if "im:write" not in ws.scopes and "chat:write" not in ws.scopes:
            raise Refused("missing_scope", needed="im:write", provided=",".join(sorted(ws.scopes)))
        return ws.direct(where)
    channel = seen_channel(ws, where if where in ws.channels else ws.channel(where).id)
    if channel.is_archived:
        raise Refused("is_archived")
    if ws.bot.id not in channel.members and "chat:write.public" not in ws.scopes:
        raise Refused("not_in_channel")
    return channel


def thread_of(channel: Channel, thread_ts: str) -> str | None:
    """Return the parent's ts for a reply; a reply's own ts is replaced with its parent's.

    Raises Refused(thread_not_found).
    """
    if not thread_ts:
        return None
    parent = channel.messages.get(thread_ts)
    if parent is None:
        raise Refused("thread_not_found")
    return parent.thread_ts if parent.is_reply else parent.ts


def post_message(ws: Workspace, args: Args) -> Json:
    """chat.postMessage."""
    channel = post_target(ws, args.need("channel"))
    content = read_content(args)
    thread_ts = thread_of(channel, args.text("thread_ts"))
    message = ws.post(
        channel,
        ws.bot,
        content.text,
        blocks=content.blocks,
        attachments=content.attachments,
        thread_ts=thread_ts,
        metadata=content.metadata or None,
        broadcast=args.flag("reply_broadcast") and thread_ts is not None,
    )
    shape = message_shape(ws, message, metadata=True)
    reply: Json = {"ok": True, "channel": channel.id, "ts": message.ts, "message": shape}
    if content.truncated:
        reply |= {"warning": "message_truncated", "response_metadata": {"warnings": ["message_truncated"]}}
    return reply


def own_message(ws: Workspace, args: Args, refusal: str) -> Message:
    """Return the bot's own message that a call names. Raises Refused: message_not_found, or `refusal` for someone else's."""
    channel = seen_channel(ws, args.need("channel"))
    message = channel.messages.get(args.need("ts"))
    if message is None or message.subtype == "tombstone":
        raise Refused("message_not_found")
    if message.user != ws.bot.id:
        raise Refused(refusal)
    return message


def update(ws: Workspace, args: Args) -> Json:
    """chat.update. Text without blocks removes the blocks; blocks without text keep the text."""
    message = own_message(ws, args, "cant_update_message")
    channel = ws.channels[message.channel]
    if channel.is_archived:
        raise Refused("is_inactive")
    if ws.edits.refused:
        raise Refused("cant_update_message")
    if ws.edits.window_s is not None and ws.clock() - float(message.ts) > ws.edits.window_s:
        raise Refused("edit_window_closed")
    content = read_content(args, text_may_be_missing="blocks" in args or "metadata" in args)
    if len(content.text) > UPDATE_TEXT_MOST:
        raise Refused("msg_too_long")
    if content.metadata is not None:
        message.metadata = content.metadata or None
    if content.given & {"text", "markdown_text", "blocks"}:
        text = content.text or message.text
        ws.edit(message, text, content.blocks, mark=not content.blocks)
    if content.given & {"attachments", "text", "markdown_text"}:
        message.attachments = content.attachments
    shape = message_shape(ws, message, metadata=True)
    return {"ok": True, "channel": channel.id, "ts": message.ts, "text": message.text, "message": shape}


def delete(ws: Workspace, args: Args) -> Json:
    """chat.delete."""
    message = own_message(ws, args, "cant_delete_message")
    ws.delete(message)
    return {"ok": True, "channel": message.channel, "ts": message.ts}


def post_ephemeral(ws: Workspace, args: Args) -> Json:
    """chat.postEphemeral: to one member of the channel."""
    where = args.need("channel")
    user_id = args.need("user")
    channel = post_target(ws, where)
    if user_id not in channel.members or ws.users[user_id].deleted:
        raise Refused("user_not_in_channel")
    content = read_content(args)
    if len(content.text) > UPDATE_TEXT_MOST:
        raise Refused("msg_too_long")
    private = ws.show_privately(
        user_id,
        channel.id,
        content.text,
        via="chat.postEphemeral",
        blocks=content.blocks,
        thread_ts=args.text("thread_ts") or None,
    )
    return {"ok": True, "message_ts": private.ts}


def get_permalink(ws: Workspace, args: Args) -> Json:
    """chat.getPermalink."""
    channel = seen_channel(ws, args.need("channel"))
    ts = args.need("message_ts")
    message = channel.messages.get(ts)
    if message is None:
        raise Refused("message_not_found")
    link = f"https://{ws.team_domain}.slack.com/archives/{channel.id}/p{ts.replace('.', '')}"
    if message.is_reply:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"ok": True, "channel": channel.id, "permalink": link}


def add_reaction(ws: Workspace, args: Args) -> Json:
    """reactions.add."""
    channel = seen_channel(ws, args.need("channel"))
    message = channel.messages.get(args.need("timestamp"))
    name = args.need("name").strip(":")
    if message is None:
        raise Refused("message_not_found")
    if channel.is_archived:
        raise Refused("is_archived")
    if ws.bot.id not in channel.members:
        raise Refused("not_in_channel")
    users = message.reactions.setdefault(name, [])
    if ws.bot.id in users:
        raise Refused("already_reacted")
    users.append(ws.bot.id)
    ws.tell(Change("edited", channel.id, message.ts))
    return {"ok": True}
