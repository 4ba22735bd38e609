"""Actions of the workspace's owners and admins: roles, user groups, and channels shared with other organizations.

The app receives Slack's events for each change that it has subscribed to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bolt_sandbox.slack import payloads
from bolt_sandbox.slack.delivery import Delivery
from bolt_sandbox.slack.model import Channel, Json, Refused, Role, User, UserGroup
from bolt_sandbox.slack.workspace import Workspace


class Admin:
    """Changes the workspace. Names and ids are both accepted. Raises Refused if Slack would refuse a change."""

    def __init__(self, ws: Workspace, delivery: Delivery) -> None:
        self._ws = ws
        self._delivery = delivery

    async def change_person(
        self,
        name: str,
        *,
        role: Role | None = None,
        email: str | None = None,
        deleted: bool | None = None,
        tz: str | None = None,
    ) -> User:
        """Change a person's role, time zone or email address ("" for none), or deactivate or reactivate the account.

        An address belongs to one person per team. None leaves a value unchanged.
        """
        user = self._ws.user(name)
        if user.bot_id:
            raise Refused("user_is_bot")
        if email and any(
            other.email == email and other is not user and other.team == user.team for other in self._ws.users.values()
        ):
            raise Refused("email_taken")
        user.role = user.role if role is None else role
        user.email = user.email if email is None else email
        user.tz = user.tz if tz is None else tz
        user.deleted = user.deleted if deleted is None else deleted
        user.updated = int(self._ws.clock())
        await self._tell(payloads.user_change(self._ws, user))
        return user

    async def make_group(self, handle: str, name: str, users: Sequence[str] = ()) -> UserGroup:
        """Create a user group."""
        self._check_handle(handle)
        group = self._ws.add_usergroup(handle, name, self._ids(users))
        await self._tell(payloads.subteam_event(self._ws, group, "subteam_created"))
        return group

    async def set_members(self, which: str, users: Sequence[str]) -> UserGroup:
        """Set the members of a user group. Slack doesn't allow an empty group: it has to be disabled instead."""
        group = self._ws.usergroup(which)
        members = self._ids(users)
        if not members:
            raise Refused("no_users_provided")
        before = replace(group)
        group.users = members
        if set(members) == set(before.users):
            return group
        group.updated = int(self._ws.clock())
        await self._tell(payloads.subteam_members_changed(self._ws, group, before))
        await self._tell(payloads.subteam_event(self._ws, group, "subteam_updated"))
        return group

    async def change_group(
        self, which: str, *, handle: str | None = None, name: str | None = None, disabled: bool | None = None
    ) -> UserGroup:
        """Change a user group's handle or name, or disable or enable it. None leaves a value unchanged."""
        group = self._ws.usergroup(which)
        if handle is not None and handle != group.handle:
            self._check_handle(handle)
            group.handle = handle
        group.name = group.name if name is None else name
        group.disabled = group.disabled if disabled is None else disabled
        group.updated = int(self._ws.clock())
        await self._tell(payloads.subteam_event(self._ws, group, "subteam_updated"))
        return group

    async def invite(self, where: str, who: str, by: str) -> Channel:
        """Add a person or the bot to a channel. Inviting a member has no effect."""
        channel, user = self._ws.channel(where), self._ws.user(who)
        if user.team:
            # People from another organization can only be in a channel that is shared with it.
            await self.share(channel.id, user.team)
        if user.id not in channel.members:
            channel.members.append(user.id)
            event = payloads.membership_event(self._ws, channel, user, "member_joined_channel", self._ws.user(by))
            await self._tell(event)
        return channel

    async def kick(self, where: str, who: str, by: str) -> Channel:
        """Remove a person or the bot from a channel. The bot's own removal is a different event from a person's."""
        channel, user, actor = self._ws.channel(where), self._ws.user(who), self._ws.user(by)
        if user.id in channel.members:
            channel.members.remove(user.id)
            if user is self._ws.bot:
                await self._tell(payloads.channel_event(self._ws, channel, "left", actor))
            else:
                await self._tell(payloads.membership_event(self._ws, channel, user, "member_left_channel", actor))
        return channel

    async def archive(self, where: str, by: str, *, archived: bool = True) -> Channel:
        """Archive a channel, or bring it back."""
        channel = self._ws.channel(where)
        if channel.is_archived != archived:
            channel.is_archived = archived
            what = "archive" if archived else "unarchive"
            await self._tell(payloads.channel_event(self._ws, channel, what, self._ws.user(by)))
        return channel

    async def change_id(self, where: str) -> Channel:
        """Give a private channel another id, as Slack does when it's shared."""
        channel = self._ws.channel(where)
        if channel.kind != "private":
            raise Refused("method_not_supported_for_channel_type")
        former = self._ws.move_channel(channel)
        await self._tell(payloads.channel_id_changed(self._ws, former, channel))
        return channel

    async def share(self, where: str, team: str) -> Channel:
        """Share a channel with a team of another organization. No effect if it's already shared."""
        channel = self._sharable(where)
        if team == self._ws.team_id:
            raise Refused("team_not_found")
        if team not in self._ws.other_teams(channel):
            channel.connected.append(team)
            await self._tell(payloads.channel_shared(self._ws, channel, team))
        return channel

    async def unshare(self, where: str, team: str) -> Channel:
        """Stop sharing a channel with a team, and remove its people from the channel."""
        channel = self._sharable(where)
        if team not in self._ws.other_teams(channel):
            raise Refused("team_not_found")
        channel.connected = [each for each in channel.connected if each != team]
        channel.members = [each for each in channel.members if self._ws.users[each].team != team]
        await self._tell(payloads.channel_unshared(self._ws, channel, team))
        return channel

    def _sharable(self, where: str) -> Channel:
        channel = self._ws.channel(where)
        if channel.kind not in ("public", "private"):
            raise Refused("method_not_supported_for_channel_type")
        return channel

    def _ids(self, names: Sequence[str]) -> list[str]:
        return list(dict.fromkeys(self._ws.user(name).id for name in names))

    def _check_handle(self, handle: str) -> None:
        if any(group.handle == handle for group in self._ws.usergroups.values()):
            raise Refused("handle_already_exists")

    async def _tell(self, inner: Json) -> None:
        await self._delivery.send_event(payloads.event(self._ws, inner))
