"""conversations.*: channels, their members, and their messages."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from bolt_sandbox.slack.args import Args
from bolt_sandbox.slack.methods_chat import seen_channel
from bolt_sandbox.slack.model import Channel, ChannelKind, Json, Message, Refused
from bolt_sandbox.slack.shapes import channel_shape, message_shape
from bolt_sandbox.slack.workspace import Workspace

SCOPE_STEMS: dict[ChannelKind, str] = {"public": "channels", "private": "groups", "mpim": "mpim", "im": "im"}
LIST_TYPES: dict[str, ChannelKind] = {
    "public_channel": "public",
    "private_channel": "private",
    "mpim": "mpim",
    "im": "im",
}
Item = TypeVar("Item")
USER_PAGE_MOST = 999


def need_scope(ws: Workspace, scope: str) -> None:
    """Raise Refused(missing_scope) unless the scope was granted."""
    if scope not in ws.scopes:
        raise _missing(ws, scope)


def _missing(ws: Workspace, needed: str) -> Refused:
    return Refused("missing_scope", needed=needed, provided=",".join(sorted(ws.scopes)))


def _known(ws: Workspace, args: Args, what: str) -> Channel:
    """Return a call's conversation, checking the scope for its kind. `what` is `read` or `history`.

    Without any scope of that family, the answer doesn't reveal whether the conversation exists.
    """
    family = [f"{stem}:{what}" for stem in SCOPE_STEMS.values()]
    if ws.scopes.isdisjoint(family):
        raise _missing(ws, ",".join(family))
    channel = seen_channel(ws, args.need("channel"))
    need_scope(ws, f"{SCOPE_STEMS[channel.kind]}:{what}")
    return channel


def _readable(ws: Workspace, args: Args) -> Channel:
    channel = _known(ws, args, "history")
    if ws.bot.id not in channel.members:
        raise Refused("not_in_channel")
    return channel


def info(ws: Workspace, args: Args) -> Json:
    """conversations.info: the number of members only on request."""
    shape = channel_shape(ws, _known(ws, args, "read"))
    if not args.flag("include_num_members"):
        shape.pop("num_members", None)
    return {"ok": True, "channel": shape}


def join(ws: Workspace, args: Args) -> Json:
    """conversations.join: public channels only."""
    channel = seen_channel(ws, args.need("channel"))
    if channel.kind != "public":
        raise Refused("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise Refused("is_archived")
    reply: Json = {"ok": True}
    if ws.bot.id in channel.members:
        reply |= {"warning": "already_in_channel", "response_metadata": {"warnings": ["already_in_channel"]}}
    else:
        channel.members.append(ws.bot.id)
        text = f"<@{ws.bot.id}> has joined the channel"
        ws.post(channel, ws.bot, text, subtype="channel_join")
    return reply | {"channel": channel_shape(ws, channel)}


def open_direct(ws: Workspace, args: Args) -> Json:
    """conversations.open: a direct message with one person."""
    channel_id = args.text("channel")
    if channel_id:
        channel = seen_channel(ws, channel_id)
        if channel.kind != "im":
            raise Refused("method_not_supported_for_channel_type")
    else:
        users = [each.strip() for each in args.need("users").split(",") if each.strip()]
        if len(users) != 1 or users[0] not in ws.users:
            raise Refused("user_not_found" if len(users) == 1 else "method_not_supported_for_channel_type")
        if users[0] == ws.bot.id:
            raise Refused("invalid_user_combination")
        if ws.users[users[0]].deleted:
            raise Refused("user_disabled")
        channel = ws.direct(users[0])
    shape = channel_shape(ws, channel) if args.flag("return_im") else {"id": channel.id}
    return {"ok": True, "channel": shape}


def _kinds(ws: Workspace, args: Args) -> set[ChannelKind]:
    """Return the kinds of conversation in `types`. Raises Refused if the scope for any of them is missing."""
    types = [each.strip() for each in args.text("types", "public_channel").split(",")]
    if any(each not in LIST_TYPES for each in types):
        raise Refused("invalid_types")
    kinds = {LIST_TYPES[each] for each in types}
    for kind in sorted(kinds):
        need_scope(ws, f"{SCOPE_STEMS[kind]}:read")
    return kinds


def list_all(ws: Workspace, args: Args) -> Json:
    """conversations.list."""
    kinds = _kinds(ws, args)
    archived = not args.flag("exclude_archived")
    channels = [
        channel
        for channel in ws.channels.values()
        if channel.kind in kinds
        and (channel.kind == "public" or ws.bot.id in channel.members)
        and (archived or not channel.is_archived)
    ]
    page, cursor = paged(channels, args, default=100)
    shapes = [channel_shape(ws, channel) for channel in page]
    return {"ok": True, "channels": shapes, "response_metadata": {"next_cursor": cursor}}


def of_user(ws: Workspace, args: Args) -> Json:
    """users.conversations: a user's conversations (by default, the bot's), private ones only if the bot is in them."""
    kinds = _kinds(ws, args)
    user = args.text("user", ws.bot.id)
    if user not in ws.users:
        raise Refused("user_not_found")
    if args.number("limit", 100) > USER_PAGE_MOST:
        raise Refused("invalid_limit")
    archived = not args.flag("exclude_archived")
    channels = [
        channel
        for channel in ws.channels.values()
        if channel.kind in kinds
        and user in channel.members
        and (channel.kind == "public" or ws.bot.id in channel.members)
        and (archived or not channel.is_archived)
    ]
    page, cursor = paged(channels, args, default=100)
    shapes = [channel_shape(ws, channel) for channel in page]
    for shape in shapes:
        # This method returns neither the number of members nor whether the caller is one.
        shape.pop("num_members", None)
        shape.pop("is_member", None)
    return {"ok": True, "channels": shapes, "response_metadata": {"next_cursor": cursor}}


def members(ws: Workspace, args: Args) -> Json:
    """conversations.members."""
    channel = _known(ws, args, "read")
    page, cursor = paged(channel.members, args, default=100)
    return {"ok": True, "members": page, "response_metadata": {"next_cursor": cursor}}


def history(ws: Workspace, args: Args) -> Json:
    """conversations.history: newest first, without messages that are only in threads."""
    channel = _readable(ws, args)
    messages = [each for each in channel.messages.values() if not each.is_reply or each.broadcast]
    found = _within(messages, args)
    found.reverse()
    page, cursor = paged(found, args, default=100)
    metadata = args.flag("include_all_metadata")
    reply: Json = {
        "ok": True,
        "messages": [message_shape(ws, each, metadata=metadata, thread_facts=True) for each in page],
        "has_more": bool(cursor),
        "pin_count": 0,
        "channel_actions_ts": None,
        "channel_actions_count": 0,
    }
    return reply | ({"response_metadata": {"next_cursor": cursor}} if cursor else {})


def replies(ws: Workspace, args: Args) -> Json:
    """conversations.replies: the parent, then its replies, oldest first."""
    channel = _readable(ws, args)
    asked = channel.messages.get(args.need("ts"))
    if asked is None:
        raise Refused("thread_not_found")
    if asked.is_reply:
        parent, thread = None, [asked]
    else:
        parent, thread = asked, _within(channel.replies(asked.ts), args)
    page, cursor = paged(thread, args, default=1000)
    if parent is not None and not args.text("cursor"):
        page = [parent, *page]
    metadata = args.flag("include_all_metadata")
    reply: Json = {
        "ok": True,
        "messages": [message_shape(ws, each, metadata=metadata, thread_facts=True) for each in page],
        "has_more": bool(cursor),
    }
    return reply | ({"response_metadata": {"next_cursor": cursor}} if cursor else {})


def _within(messages: Sequence[Message], args: Args) -> list[Message]:
    oldest = _micros(args.text("oldest"), "invalid_ts_oldest")
    latest = _micros(args.text("latest"), "invalid_ts_latest")
    inclusive = args.flag("inclusive")
    found = []
    for message in messages:
        at = _micros(message.ts, "internal_error") or 0
        after = oldest is None or at > oldest or (inclusive and at == oldest)
        before = latest is None or at < latest or (inclusive and at == latest)
        if after and before:
            found.append(message)
    return found


def _micros(ts: str, error: str) -> int | None:
    if not ts:
        return None
    seconds, _dot, fraction = ts.partition(".")
    try:
        return int(seconds) * 1_000_000 + int((fraction or "0")[:6].ljust(6, "0"))
    except ValueError:
        raise Refused(error) from None


def paged(found: Sequence[Item], args: Args, *, default: int) -> tuple[list[Item], str]:
    """Return a page, and the cursor of the next one ("" at the end). Raises Refused(invalid_cursor)."""
    start = _start(args.text("cursor"))
    limit = args.page(default)
    page = list(found[start : start + limit])
    more = start + limit < len(found)
    return page, base64.b64encode(f"next:{start + limit}".encode()).decode() if more else ""


def _start(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        word, _colon, position = base64.b64decode(cursor, validate=True).decode().partition(":")
        if word != "next":
            raise Refused("invalid_cursor")
        return max(0, int(position))
    except (binascii.Error, ValueError):
        raise Refused("invalid_cursor") from None
