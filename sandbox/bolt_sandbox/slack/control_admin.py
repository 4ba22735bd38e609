"""The control API for owners and admins, described in bolt_sandbox.slack.control."""

from __future__ import annotations

from typing import cast, get_args
from zoneinfo import available_timezones

from aiohttp import web

from bolt_sandbox.body import BadRequest, need
from bolt_sandbox.slack.admin import Admin
from bolt_sandbox.slack.control import posted
from bolt_sandbox.slack.grid import found
from bolt_sandbox.slack.model import Json, Refused, Role
from bolt_sandbox.slack.reading import group_json, person_json
from bolt_sandbox.slack.workspace import Workspace


class AdminControls:
    """Roles, user groups and shared channels of one workspace."""

    def __init__(self, ws: Workspace, admin: Admin) -> None:
        self._ws = ws
        self._admin = admin

    def routes(self) -> list[web.RouteDef]:
        """Return all routes."""
        posts = {
            "users": self.users,
            "person": self.person,
            "usergroups": self.usergroups,
            "usergroup": self.usergroup,
            "sharing": self.sharing,
            "members": self.members,
            "grid": self.grid,
        }
        return [web.post(f"/control/{name}", posted(handler)) for name, handler in posts.items()]

    async def users(self, body: Json) -> Json:
        """POST /control/users."""
        name = need(body, "name")
        if any(each.name == name for each in self._ws.users.values()):
            raise Refused("name_taken")
        plain: Role = "guest" if body.get("guest") else "member"
        user = self._ws.add_user(
            name,
            _text(body, "real_name") or "",
            role=_role(body) or plain,
            bot=bool(body.get("bot")),
            team=_text(body, "team") or "",
            letter=_text(body, "letter") or "U",
            teams=self._workspaces(body),
            shown_as=_text(body, "shown_as") or "",
            enterprise=_text(body, "enterprise") or "",
        )
        return {"user": user.id} | person_json(user)

    async def person(self, body: Json) -> Json:
        """POST /control/person."""
        tz = _text(body, "tz")
        if tz is not None and tz not in available_timezones():
            raise BadRequest("tz is the name of a time zone, such as Europe/Berlin")
        user = await self._admin.change_person(
            need(body, "user"), role=_role(body), email=_text(body, "email"), deleted=_flag(body, "deleted"), tz=tz
        )
        return {"user": user.id} | person_json(user)

    async def usergroups(self, body: Json) -> Json:
        """POST /control/usergroups."""
        handle = need(body, "handle")
        group = await self._admin.make_group(handle, _text(body, "name") or handle, self._ids(body, "users") or [])
        return {"usergroup": group.id} | group_json(group)

    async def usergroup(self, body: Json) -> Json:
        """POST /control/usergroup."""
        group = self._ws.usergroup(need(body, "usergroup"))
        users, added, removed = (self._ids(body, name) for name in ("users", "add", "remove"))
        if users is not None and (added or removed):
            raise BadRequest("users, or add and remove, but not both")
        handle, name, disabled = _text(body, "handle"), _text(body, "name"), _flag(body, "disabled")
        if users is not None or added or removed:
            gone = removed or []
            kept = [each for each in [*group.users, *(added or [])] if each not in gone]
            await self._admin.set_members(group.id, kept if users is None else users)
        if any(each is not None for each in (handle, name, disabled)):
            await self._admin.change_group(group.id, handle=handle, name=name, disabled=disabled)
        return {"usergroup": group.id} | group_json(group)

    async def members(self, body: Json) -> Json:
        """POST /control/members."""
        where, what = need(body, "channel"), need(body, "do")
        who, by = str(body.get("user", self._ws.bot.name)), str(body.get("by", "grace"))
        if what == "invite":
            channel = await self._admin.invite(where, who, by)
        elif what == "kick":
            channel = await self._admin.kick(where, who, by)
        elif what in ("archive", "unarchive"):
            channel = await self._admin.archive(where, by, archived=what == "archive")
        elif what == "change_id":
            channel = await self._admin.change_id(where)
        else:
            raise BadRequest("do is one of invite, kick, archive, unarchive, change_id")
        return {"channel": channel.id, "members": channel.members, "is_archived": channel.is_archived}

    async def sharing(self, body: Json) -> Json:
        """POST /control/sharing."""
        channel, team, what = need(body, "channel"), need(body, "team"), need(body, "do")
        if what not in ("share", "unshare"):
            raise BadRequest("do is one of share, unshare")
        change = self._admin.share if what == "share" else self._admin.unshare
        shared = await change(channel, team)
        return {"channel": shared.id, "shared_with": self._ws.other_teams(shared)}

    async def grid(self, _body: Json) -> Json:
        """POST /control/grid."""
        organization = found(self._ws)
        people = [person_json(user) for user in self._ws.users.values() if user.teams]
        return {"enterprise": organization.id, "siblings": list(organization.siblings), "people": people}

    def _workspaces(self, body: Json) -> list[str]:
        """Read workspaces of our organization. Raises BadRequest."""
        value = body.get("teams")
        if value is None:
            return []
        ours = {self._ws.team_id, *(self._ws.organization.siblings if self._ws.organization else ())}
        if not isinstance(value, list) or not value or not ours.issuperset(map(str, value)):
            raise BadRequest(f"teams are some of {', '.join(sorted(ours))}")
        return [str(each) for each in value]

    def _ids(self, body: Json, name: str) -> list[str] | None:
        value = body.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise BadRequest(f"{name} is a list of names")
        return [self._ws.user(each).id for each in value]


def _role(body: Json) -> Role | None:
    role = body.get("role")
    if role is not None and role not in get_args(Role):
        raise BadRequest(f"role is one of {', '.join(get_args(Role))}")
    return cast("Role | None", role)


def _text(body: Json, name: str) -> str | None:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise BadRequest(f"{name} is no text")
    return value


def _flag(body: Json, name: str) -> bool | None:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise BadRequest(f"{name} is true or false")
    return value
