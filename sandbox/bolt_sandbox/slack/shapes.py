"""Slack's JSON of messages, channels, users, files and views in replies and payloads."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bolt_sandbox.slack import grid
from bolt_sandbox.slack.model import Channel, File, Json, Message, User, UserGroup, View
from bolt_sandbox.slack.workspace import Workspace

PREVIEW_LINES = 5
ZONE_LABELS = {
    "CET": "Central European Time",
    "CEST": "Central European Summer Time",
    "GMT": "Greenwich Mean Time",
    "BST": "British Summer Time",
    "EST": "Eastern Standard Time",
    "EDT": "Eastern Daylight Time",
    "PST": "Pacific Standard Time",
    "PDT": "Pacific Daylight Time",
}
EMAIL_SCOPES = {"users:read", "users:read.email"}
PICTURES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp"}


def message_shape(ws: Workspace, message: Message, *, metadata: bool = False, thread_facts: bool = False) -> Json:
    """A message; its metadata only on request, as with `include_all_metadata`.

    `thread_facts` adds what history has about a parent: the number of replies and their authors.
    """
    user = ws.users[message.user]
    team = grid.shown_team(ws, user)
    shape: Json = {"type": "message", "user": user.id, "ts": message.ts, "text": message.text, "team": team}
    if user.bot_id:
        shape |= {"bot_id": user.bot_id, "app_id": app_of(ws, user), "bot_profile": bot_profile(ws, user)}
    if user.team:
        shape |= {"user_team": team, "source_team": team}
    if message.edited_ts:
        shape["edited"] = {"user": user.bot_id or user.id, "ts": message.edited_ts}
    if message.files:
        shape |= {"files": [file_shape(ws, ws.files[each]) for each in message.files], "upload": False}
    if message.is_reply and (parent := ws.channels[message.channel].messages.get(message.thread_ts or "")):
        shape["parent_user_id"] = parent.user
    where_set: Json = {
        "client_msg_id": message.client_msg_id,
        "subtype": message.subtype,
        "blocks": message.blocks,
        "attachments": message.attachments,
        "thread_ts": message.thread_ts,
        "metadata": message.metadata if metadata else None,
        "reactions": [{"name": name, "users": who, "count": len(who)} for name, who in message.reactions.items()],
    }
    shape |= {name: value for name, value in where_set.items() if value}
    if thread_facts and not message.is_reply:
        shape |= _thread_facts(ws, message)
    return shape


def _thread_facts(ws: Workspace, message: Message) -> Json:
    replies = ws.channels[message.channel].replies(message.ts)
    if not replies:
        return {}
    users = list(dict.fromkeys(reply.user for reply in replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users_count": len(users),
        "latest_reply": replies[-1].ts,
        "reply_users": users,
        "is_locked": False,
        "subscribed": False,
    }


def app_of(ws: Workspace, bot: User) -> str:
    """Return the app that a bot belongs to."""
    return ws.app_id if bot.id == ws.bot.id else f"A{bot.bot_id[1:]}"


def bot_profile(ws: Workspace, user: User) -> Json:
    """The profile of a bot in a message."""
    return {
        "id": user.bot_id,
        "app_id": app_of(ws, user),
        "name": user.real_name,
        "deleted": False,
        "updated": 0,
        "team_id": ws.team_id,
    }


def channel_shape(ws: Workspace, channel: Channel) -> Json:
    """A conversation, as in the bot's conversations.info and .list."""
    others = ws.other_teams(channel)
    siblings = ws.organization.siblings if ws.organization and ws.is_org_shared(channel) else ()
    shape: Json = {
        "id": channel.id,
        "created": channel.created,
        "is_channel": channel.kind == "public",
        "is_group": channel.kind in ("private", "mpim"),
        "is_im": channel.kind == "im",
        "is_mpim": channel.kind == "mpim",
        "is_private": channel.kind != "public",
        "is_archived": channel.is_archived,
        "is_org_shared": ws.is_org_shared(channel),
        "is_shared": bool(others) or ws.is_org_shared(channel),
        "is_ext_shared": bool(others),
        "is_pending_ext_shared": False,
        "shared_team_ids": [ws.team_id, *siblings, *others],
        "pending_shared": [],
        "pending_connected_team_ids": [],
        "context_team_id": ws.team_id,
        "updated": channel.created * 1000,
    }
    if channel.kind == "im":
        other = next((each for each in channel.members if each != ws.bot.id), ws.bot.id)
        return shape | {"user": other, "is_user_deleted": ws.users[other].deleted, "priority": 0}
    return shape | {
        "name": channel.name,
        "name_normalized": channel.name,
        "is_general": False,
        "is_member": ws.bot.id in channel.members,
        "creator": channel.members[0] if channel.members else "",
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "previous_names": [],
        "num_members": len(channel.members),
    }


def user_shape(ws: Workspace, user: User) -> Json:
    """A user, as in users.info. The email address is included only if the app has both scopes for it.

    Only a person from another organization can be a stranger: someone who shares no channel with the bot. In Slack's
    example, a person from another organization has no role. A role set here is included anyway, to expose an app that
    mistakes it for a role in its own workspace.
    """
    shape: Json = {
        "id": user.id,
        "team_id": grid.shown_team(ws, user),
        "name": user.name,
        "deleted": user.deleted,
        "real_name": user.real_name,
        "tz": user.tz,
        **_zone(user.tz, ws.clock()),
        "profile": {
            "real_name": user.real_name,
            "real_name_normalized": user.real_name,
            "display_name": user.name,
            "display_name_normalized": user.name,
            "team": grid.shown_team(ws, user),
        },
        "is_bot": bool(user.bot_id),
        "is_app_user": False,
        "updated": user.updated,
    }
    if user.email and ws.scopes >= EMAIL_SCOPES:
        shape["profile"]["email"] = user.email
    if user.team:
        shape["is_stranger"] = not ws.knows(user)
    if enterprise_user := grid.enterprise_user(ws, user):
        shape["enterprise_user"] = enterprise_user
    if not user.team or user.role != "member":
        shape |= _role_flags(user)
    return shape


def _zone(name: str, now: float) -> Json:
    """Return a zone's name and its offset in seconds now, with daylight saving time."""
    local = datetime.fromtimestamp(now, ZoneInfo(name))
    offset = local.utcoffset() or timedelta()
    return {"tz_label": ZONE_LABELS.get(local.tzname() or "", local.tzname()), "tz_offset": int(offset.total_seconds())}


def _role_flags(user: User) -> Json:
    """Return the role's flags: an owner is also an admin, and a single-channel guest is also a guest."""
    return {
        "is_admin": user.role in ("admin", "owner", "primary_owner"),
        "is_owner": user.role in ("owner", "primary_owner"),
        "is_primary_owner": user.role == "primary_owner",
        "is_restricted": user.is_guest,
        "is_ultra_restricted": user.role == "single_channel_guest",
    }


def usergroup_shape(ws: Workspace, group: UserGroup, *, users: bool, count: bool) -> Json:
    """A user group, with its members and their number on request."""
    shape: Json = {
        "id": group.id,
        "team_id": ws.team_id,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name,
        "handle": group.handle,
        "description": "",
        "is_external": False,
        "date_create": group.created,
        "date_update": group.updated,
        "date_delete": group.updated if group.disabled else 0,
        "auto_type": None,
        "auto_provision": False,
        "enterprise_subteam_id": "",
        "created_by": "USLACKBOT",
        "updated_by": "USLACKBOT",
        "deleted_by": "USLACKBOT" if group.disabled else None,
        "prefs": {"channels": [], "groups": []},
        "channel_count": 0,
    }
    shape |= {"users": list(group.users)} if users else {}
    return shape | ({"user_count": len(group.users)} if count else {})


def file_shape(ws: Workspace, file: File) -> Json:
    """A file, as in files.info and in a message."""
    content = file.content or b""
    shape: Json = {
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.title or file.name,
        "mimetype": media_type(file),
        "alt_txt": file.alt_text,
        "filetype": file.snippet_type or file.name.rpartition(".")[2] or "binary",
        "user": file.user,
        "user_team": ws.team_id,
        "size": len(content),
        "mode": "snippet" if file.snippet_type else "hosted",
        "is_external": False,
        "is_public": any(ws.channels[channel].kind == "public" for channel, _ts in file.shares),
        "url_private": f"{ws.base_url}/control/files/{file.id}",
        "url_private_download": f"{ws.base_url}/control/files/{file.id}",
        "permalink": f"{ws.base_url}/control/files/{file.id}",
        "channels": [channel for channel, _ts in file.shares if ws.channels[channel].kind == "public"],
        "groups": [channel for channel, _ts in file.shares if ws.channels[channel].kind == "private"],
        "ims": [channel for channel, _ts in file.shares if ws.channels[channel].kind == "im"],
    }
    if file.snippet_type:
        lines = content.decode(errors="replace").splitlines()
        shape |= {"lines": len(lines), "lines_more": max(0, len(lines) - PREVIEW_LINES)}
        shape["preview"] = "\n".join(lines[:PREVIEW_LINES])
    return shape


def media_type(file: File) -> str:
    """Return the media type: a picture's by its name, or else text. Never a type that a browser would run."""
    return PICTURES.get(file.name.rpartition(".")[2].lower(), "text/plain")


def file_shares(ws: Workspace, file: File) -> Json:
    """Return where a file was shared, as in files.info: the message's ts, by channel."""
    shares: Json = {}
    for channel_id, ts in file.shares:
        channel = ws.channels[channel_id]
        side = shares.setdefault("public" if channel.kind == "public" else "private", {})
        message = channel.messages.get(ts)
        entry = {"ts": ts, "channel_name": channel.name, "team_id": ws.team_id, "share_user_id": file.user}
        if message is not None and message.thread_ts:
            entry["thread_ts"] = message.thread_ts
        side.setdefault(channel_id, []).append(entry)
    return shares


def view_shape(ws: Workspace, view: View, state: Json | None = None) -> Json:
    """A view in replies and payloads. `state` is the person's input."""
    empty = {"type": "plain_text", "text": "", "emoji": True}
    content = view.content
    return {
        "id": view.id,
        "team_id": ws.users[view.user].team or ws.team_id,
        "type": view.kind,
        "blocks": content["blocks"],
        "private_metadata": content.get("private_metadata", ""),
        "callback_id": content.get("callback_id", ""),
        "state": {"values": state or {}},
        "hash": view.hash,
        "title": content.get("title", empty),
        "clear_on_close": bool(content.get("clear_on_close")),
        "notify_on_close": bool(content.get("notify_on_close")),
        "close": content.get("close"),
        "submit": content.get("submit"),
        "previous_view_id": view.previous,
        "root_view_id": view.root,
        "app_id": ws.app_id,
        "external_id": content.get("external_id", ""),
        "app_installed_team_id": ws.team_id,
        "bot_id": ws.bot.bot_id,
    }
