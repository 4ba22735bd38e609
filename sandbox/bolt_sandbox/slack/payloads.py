"""Payloads of commands, interactions and events, with the same field names as Slack's own.

`bolt_sandbox.slack.shapes` has the JSON of messages, channels and users within them.
"""

from __future__ import annotations

import re

from bolt_sandbox.slack import grid
from bolt_sandbox.slack.model import Channel, Json, Message, Private, User, UserGroup, View
from bolt_sandbox.slack.shapes import message_shape, user_shape, usergroup_shape, view_shape
from bolt_sandbox.slack.workspace import Workspace

TOKEN = "sandbox"  # noqa: S105 - the deprecated verification token
CHANNEL_NAMES = {"private": "privategroup", "im": "directmessage"}
# An event about a larger group lists only this many of its members.
MEMBERS_TOLD = 500


def channel_name(channel: Channel) -> str:
    """Return a channel's name in payloads, where private and direct ones have generic names."""
    return CHANNEL_NAMES.get(channel.kind, channel.name)


def escaped(ws: Workspace, command: str, text: str) -> str:
    """Escape mentions in a command's text if the manifest requests it: as ids, with the names as labels.

    As recorded: `<@U012|username>` and `<#C012|name>`, without the name if the channel is private.
    """
    if not any(one.get("command") == command and one.get("should_escape") for one in ws.features.commands):
        return text
    users = {user.name: user for user in ws.users.values()}
    channels = {channel.name: channel for channel in ws.channels.values() if channel.name and channel.kind != "mpim"}

    def escape(typed: re.Match[str]) -> str:
        sign, name = typed.groups()
        if sign == "@" and name in users:
            return f"<@{users[name].id}|{name}>"
        if sign == "#" and name in channels:
            channel = channels[name]
            return f"<#{channel.id}|{name if channel.kind == 'public' else ''}>"
        return typed.group()

    return re.sub(r"(?<![^\s=])([@#])([a-z0-9][a-z0-9._-]*)(?=\s|$)", escape, text)


def slash_command(
    ws: Workspace, user: User, channel: Channel, *, command: str, text: str, trigger_id: str, response_url: str
) -> Json:
    """A slash command. All values are text, as in a form."""
    return {
        "token": TOKEN,
        "team_id": ws.team_id,
        "team_domain": ws.team_domain,
        "channel_id": channel.id,
        "channel_name": channel_name(channel),
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": escaped(ws, command, text),
        "api_app_id": ws.app_id,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
        **({"enterprise_id": ws.organization.id, "enterprise_name": ws.organization.name} if ws.organization else {}),
    }


def _interaction(ws: Workspace, kind: str, user: User, *, at_theirs: bool = False) -> Json:
    """Return the common fields. `at_theirs`: they're about a view in the person's workspace, not a message in ours."""
    where = user if at_theirs and user.team else None
    return {
        "type": kind,
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": grid.shown_team(ws, user)},
        "api_app_id": ws.app_id,
        "token": TOKEN,
        "team": grid.workspace_shape(ws, where),
        "enterprise": grid.enterprise_shape(ws, where),
        "is_enterprise_install": False,
    }


def message_source(ws: Workspace, channel: Channel, message: Message | Private) -> Json:
    """Return where an interaction happened: container, channel and, if it isn't private, the message."""
    private = isinstance(message, Private)
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": private,
    }
    if message.thread_ts and message.thread_ts != message.ts:
        container["thread_ts"] = message.thread_ts
    source: Json = {"container": container, "channel": {"id": channel.id, "name": channel_name(channel)}}
    if isinstance(message, Message):
        source["message"] = message_shape(ws, message)
    return source


def view_source(ws: Workspace, view: View, state: Json) -> Json:
    """Return where an interaction in a view happened."""
    return {"container": {"type": "view", "view_id": view.id}, "view": view_shape(ws, view, state)}


def block_actions(
    ws: Workspace,
    user: User,
    source: Json,
    action: Json,
    *,
    trigger_id: str,
    response_url: str | None,
    values: Json | None = None,
) -> Json:
    """A click or a choice. `values`: the state of the message's menus."""
    payload = _interaction(ws, "block_actions", user, at_theirs="view" in source) | source
    payload |= {"trigger_id": trigger_id, "actions": [action]}
    if response_url is not None:
        payload |= {"state": {"values": values or {}}, "response_url": response_url}
    return payload


def action_of(ws: Workspace, element: Json, block_id: str, chosen: Json) -> Json:
    """Return one entry of `actions`: the element as it was shown, and the choice."""
    shown = {
        name: element[name]
        for name in ("text", "value", "style", "confirm", "url", "placeholder", "initial_option")
        if element.get(name) is not None
    }
    action: Json = {"action_id": element["action_id"], "block_id": block_id}
    return action | shown | chosen | {"type": element["type"], "action_ts": ws.new_ts()}


def block_suggestion(ws: Workspace, user: User, source: Json, *, action_id: str, block_id: str, value: str) -> Json:
    """Typing in an external select."""
    payload = _interaction(ws, "block_suggestion", user, at_theirs=True) | source
    return payload | {"action_id": action_id, "block_id": block_id, "value": value}


def view_submission(
    ws: Workspace, user: User, view: View, state: Json, *, trigger_id: str, response_urls: list[Json]
) -> Json:
    """Submitting a modal. `response_urls`: one for each conversation chosen in a menu that requests it."""
    payload = _interaction(ws, "view_submission", user, at_theirs=True)
    return payload | {
        "trigger_id": trigger_id,
        "view": view_shape(ws, view, state),
        "response_urls": response_urls,
    }


def view_closed(ws: Workspace, user: User, view: View, *, cleared: bool) -> Json:
    """Closing a modal."""
    payload = _interaction(ws, "view_closed", user, at_theirs=True)
    return payload | {"view": view_shape(ws, view), "is_cleared": cleared}


def message_shortcut(
    ws: Workspace, user: User, message: Message, callback_id: str, *, trigger_id: str, response_url: str
) -> Json:
    """A shortcut in a message's menu."""
    channel = ws.channels[message.channel]
    payload = _interaction(ws, "message_action", user)
    return payload | {
        "action_ts": ws.new_ts(),
        "callback_id": callback_id,
        "trigger_id": trigger_id,
        "response_url": response_url,
        "channel": {"id": channel.id, "name": channel_name(channel)},
        "message_ts": message.ts,
        "message": message_shape(ws, message),
    }


def global_shortcut(ws: Workspace, user: User, callback_id: str, trigger_id: str) -> Json:
    """A shortcut from the global menu: no channel, no response_url."""
    payload = _interaction(ws, "shortcut", user)
    return payload | {"action_ts": ws.new_ts(), "callback_id": callback_id, "trigger_id": trigger_id}


def event(ws: Workspace, inner: Json) -> Json:
    """Wrap an event in its envelope, with the acting person's workspace (ours for a mention) and the installation's."""
    channel = ws.channels.get(str(inner.get("channel")))
    acting = ws.users.get(str(inner.get("user")))
    shared = channel is not None and ws.is_shared(channel)
    enterprise = ws.organization.id if ws.organization else None
    at_ours = acting is None or inner.get("type") == "app_mention"
    theirs = enterprise if acting is None or at_ours else grid.enterprise_of(ws, acting)
    return {
        "token": TOKEN,
        "team_id": ws.team_id if acting is None or at_ours else grid.workspace_of(ws, acting),
        **({"enterprise_id": theirs} if theirs else {}),
        "context_team_id": ws.team_id,
        "context_enterprise_id": enterprise,
        "api_app_id": ws.app_id,
        "event": inner,
        "type": "event_callback",
        "event_id": ws.new_id("Ev"),
        "event_time": int(ws.clock()),
        "authorizations": [
            {
                "enterprise_id": enterprise,
                "team_id": ws.team_id,
                "user_id": ws.bot.id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": shared,
        "event_context": ws.new_id("4-", 60),
    }


def message_event(ws: Workspace, message: Message, kind: str) -> Json:
    """`app_mention`, or `message` in a direct conversation. A person's text is included as rich text too.

    A mention has our workspace as its `team`; if Slack reports another team for the writer, that is added as
    `user_team`.
    """
    channel, user = ws.channels[message.channel], ws.users[message.user]
    inner = message_shape(ws, message) | {
        "type": kind,
        "channel": channel.id,
        "event_ts": message.edited_ts or message.ts,
    }
    own = grid.shown_team(ws, user)
    if kind == "app_mention" and own != ws.team_id:
        inner |= {"team": ws.team_id, "user_team": own, "source_team": own, "user_profile": _profile(user, own)}
    if not ws.users[message.user].bot_id:
        inner["blocks"] = [_rich_text(message.text)]
    return inner | ({"channel_type": "im"} if kind == "message" else {})


def _profile(user: User, team: str) -> Json:
    return {
        "display_name": user.name,
        "first_name": user.real_name.partition(" ")[0],
        "is_restricted": False,
        "is_ultra_restricted": False,
        "name": user.name,
        "real_name": user.real_name,
        "team": team,
    }


def _rich_text(text: str) -> Json:
    """Convert a line as Slack's composer does: mentions become elements of their own, and the rest is text."""
    elements: list[Json] = []
    for part in re.split(r"(<@\w+>)", text):
        if part.startswith("<@") and part.endswith(">"):
            elements.append({"type": "user", "user_id": part[2:-1]})
        elif part:
            elements.append({"type": "text", "text": part})
    section = {"type": "rich_text_section", "elements": elements}
    return {"type": "rich_text", "block_id": "r1ch", "elements": [section]}


def changed_event(ws: Workspace, message: Message) -> Json:
    """`message` with the subtype message_changed, in a direct conversation: the new content and the previous one."""
    now = message_shape(ws, message)
    before = message.earlier[-1]
    at = ws.new_ts()
    return {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "channel": message.channel,
        "channel_type": "im",
        "message": now,
        "previous_message": now | {"text": before.text, "blocks": before.blocks},
        "ts": at,
        "event_ts": at,
    }


def home_opened(ws: Workspace, user: User, channel: Channel, tab: str, view: View | None) -> Json:
    """`app_home_opened`, with the current Home tab."""
    inner: Json = {
        "type": "app_home_opened",
        "user": user.id,
        "channel": channel.id,
        "tab": tab,
        "event_ts": ws.new_ts(),
    }
    return inner | ({"view": view_shape(ws, view)} if view is not None else {})


def subteam_event(ws: Workspace, group: UserGroup, kind: str) -> Json:
    """`subteam_created` or `subteam_updated`: the whole group, with its first 500 members."""
    shape = usergroup_shape(ws, group, users=True, count=True)
    shape["users"] = shape["users"][:MEMBERS_TOLD]
    return {"type": kind, "subteam": shape, "event_ts": ws.new_ts()}


def subteam_members_changed(ws: Workspace, group: UserGroup, before: UserGroup) -> Json:
    """`subteam_members_changed`: the members added and removed since `before`.

    The counts are numbers, as in Slack's own types (@slack/types); the example on the event's page has them as text.
    """
    added = [each for each in group.users if each not in before.users]
    removed = [each for each in before.users if each not in group.users]
    return {
        "type": "subteam_members_changed",
        "subteam_id": group.id,
        "team_id": ws.team_id,
        "date_previous_update": before.updated,
        "date_update": group.updated,
        "added_users": added,
        "added_users_count": len(added),
        "removed_users": removed,
        "removed_users_count": len(removed),
        "event_ts": ws.new_ts(),
    }


def channel_shared(ws: Workspace, channel: Channel, team: str) -> Json:
    """`channel_shared`: the channel is now also shared with a team of another organization."""
    return {"type": "channel_shared", "connected_team_id": team, "channel": channel.id, "event_ts": ws.new_ts()}


def channel_unshared(ws: Workspace, channel: Channel, team: str) -> Json:
    """`channel_unshared`: the channel is no longer shared with a team.

    `is_ext_shared`: it's still shared with others.
    """
    return {
        "type": "channel_unshared",
        "previously_connected_team_id": team,
        "channel": channel.id,
        "is_ext_shared": ws.is_shared(channel),
        "event_ts": ws.new_ts(),
    }


def channel_event(ws: Workspace, channel: Channel, what: str, by: User) -> Json:
    """An event about a channel: `what` is `archive`, `unarchive` or `left` (the app has left), and `by` is the actor.

    Events of private channels begin with `group_`. As in @slack/types, the actor is the `user` only if a public
    channel is archived or unarchived, or a private one is archived; and only archiving has `is_moved`.
    """
    kind = "channel" if channel.kind == "public" else "group"
    is_user = what == "archive" or (what, kind) == ("unarchive", "channel")
    inner: Json = {"type": f"{kind}_{what}", "channel": channel.id, "user" if is_user else "actor_id": by.id}
    return inner | ({"is_moved": 0} if what == "archive" else {}) | {"event_ts": ws.new_ts()}


def membership_event(ws: Workspace, channel: Channel, user: User, kind: str, by: User) -> Json:
    """`member_joined_channel` or `member_left_channel`. If somebody else added the person, that's the `inviter`."""
    inner: Json = {
        "type": kind,
        "user": user.id,
        "channel": channel.id,
        "channel_type": "C" if channel.kind == "public" else "G",
        "team": grid.shown_team(ws, user),
        "event_ts": ws.new_ts(),
    }
    return inner | ({"inviter": by.id} if kind == "member_joined_channel" and by is not user else {})


def channel_id_changed(ws: Workspace, old_id: str, channel: Channel) -> Json:
    """`channel_id_changed`: a private channel has a new id, because it was shared."""
    return {
        "type": "channel_id_changed",
        "old_channel_id": old_id,
        "new_channel_id": channel.id,
        "event_ts": ws.new_ts(),
    }


def user_change(ws: Workspace, user: User) -> Json:
    """`user_change`: a person, as in users.info."""
    return {
        "type": "user_change",
        "user": user_shape(ws, user),
        "cache_ts": int(ws.clock()),
        "event_ts": ws.new_ts(),
    }
