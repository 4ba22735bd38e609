"""Read the workspace as the control API's JSON."""

from __future__ import annotations

from dataclasses import asdict
from itertools import islice

from bolt_sandbox.slack.model import Channel, Json, Message, Private, User, UserGroup
from bolt_sandbox.slack.shapes import channel_shape, message_shape, view_shape
from bolt_sandbox.slack.workspace import Workspace
from bolt_sandbox.terminal import Viewer, message_lines


def viewer(ws: Workspace) -> Viewer:
    """Return the names by id, and the current time."""
    names = {user.id: user.name for user in ws.users.values()}
    names |= {channel.id: channel.name for channel in ws.channels.values() if channel.name}
    names |= {group.id: group.handle for group in ws.usergroups.values()}
    return Viewer(names, now=ws.clock())


def message_json(ws: Workspace, message: Message) -> Json:
    """Return a message as Slack does, with its metadata, its author's name, its lines, and its earlier texts."""
    shape = message_shape(ws, message, metadata=True, thread_facts=True)
    return shape | {
        "user_name": ws.users[message.user].name,
        "lines": message_lines(shape, viewer(ws)),
        "edits": len(message.earlier),
        "earlier": [version.text for version in message.earlier],
    }


def channel_json(ws: Workspace, channel: Channel) -> Json:
    """Return a channel and its messages, oldest first, each with its replies."""
    messages = []
    for message in channel.messages.values():
        if message.is_reply:
            continue
        replies = [message_json(ws, reply) for reply in channel.replies(message.ts)]
        messages.append(message_json(ws, message) | {"replies": replies})
    return {"channel": channel_shape(ws, channel), "members": channel.members, "messages": messages}


def private_json(ws: Workspace, private: Private) -> Json:
    """Return a message shown to one person; `deleted` once it's gone."""
    shape = {"text": private.text, "blocks": private.blocks}
    return {
        **shape,
        "ts": private.ts,
        "kind": private.kind,
        "via": private.via,
        "channel": private.channel,
        "channel_name": ws.channels[private.channel].name if private.channel in ws.channels else "",
        "thread_ts": private.thread_ts,
        "deleted": private.deleted,
        "edits": len(private.earlier),
        "lines": message_lines(shape, viewer(ws)),
    }


def privates_json(ws: Workspace, user: User, channel: Channel) -> list[Json]:
    """Return what a person currently sees privately in a channel."""
    shown = (each for each in ws.privates if each.user == user.id and each.channel == channel.id and not each.deleted)
    return [private_json(ws, each) for each in shown]


def user_json(ws: Workspace, user: User) -> Json:
    """Return what only that person sees: ephemerals and notices, the direct conversation, the open views."""
    direct = next((each for each in ws.channels.values() if each.kind == "im" and user.id in each.members), None)
    views = [
        # Slack doesn't tell an app which conversation the person was in, but menus may start with it.
        view_shape(ws, view) | {"current_conversation": view.channel}
        for view in ws.views.values()
        if view.user == user.id and view.open
    ]
    return {
        "user": {"id": user.id, "name": user.name},
        "private": [private_json(ws, each) for each in ws.privates if each.user == user.id],
        "direct": channel_json(ws, direct)["messages"] if direct is not None else [],
        "views": views,
    }


def person_json(user: User) -> Json:
    """Return a person or a bot."""
    return {
        "id": user.id,
        "name": user.name,
        "real_name": user.real_name,
        "guest": user.is_guest,
        "bot": bool(user.bot_id),
        "role": user.role,
        "email": user.email,
        "tz": user.tz,
        "deleted": user.deleted,
        "team": user.team,
        "teams": user.teams,
        "shown_as": user.shown_as,
        "enterprise": user.enterprise,
    }


def group_json(group: UserGroup) -> Json:
    """Return a user group."""
    return {
        "id": group.id,
        "handle": group.handle,
        "name": group.name,
        "users": group.users,
        "disabled": group.disabled,
    }


def state_json(ws: Workspace) -> Json:
    """Return an overview of the workspace."""
    return {
        "team": ws.team_id,
        "team_name": ws.team_name,
        "enterprise": ws.organization.id if ws.organization else None,
        "bot": ws.bot.id,
        "commands": ws.features.commands,
        "shortcuts": ws.features.shortcuts,
        "home_tab_enabled": ws.features.home_tab,
        "messages_tab_read_only": ws.features.messages_tab_read_only,
        "users": [person_json(user) for user in ws.users.values()],
        "usergroups": [group_json(group) for group in ws.usergroups.values()],
        "channels": [
            {
                "id": channel.id,
                "name": channel.name,
                "kind": channel.kind,
                "members": [ws.users[each].name for each in channel.members],
                "is_archived": channel.is_archived,
                "shared_with": ws.other_teams(channel),
                "messages": len(channel.messages),
            }
            for channel in ws.channels.values()
        ],
        "request_url": ws.request_url,
        "scopes": sorted(ws.scopes),
        "rates": {"enabled": ws.rates.enabled, "strict": ws.rates.strict, "limits": ws.rates.limits},
        "edits": asdict(ws.edits),
        "away": ws.faults.away,
        "faults": [asdict(fault) for fault in ws.faults.active],
        "calls": ws.logged,
    }


def calls_json(ws: Workspace, after: int, what: str) -> Json:
    """Return the log after its first `after` entries, as far as it's stored, and the `after` for the next request."""
    dropped = ws.logged - len(ws.calls)
    calls = islice(ws.calls, max(after - dropped, 0), None)
    return {"calls": [asdict(call) for call in calls if not what or call.what == what], "next": ws.logged}
