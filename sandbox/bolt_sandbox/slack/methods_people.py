"""users.*, usergroups.*, team.*, auth.* and blocks.validate."""

from __future__ import annotations

from bolt_sandbox.slack.args import Args
from bolt_sandbox.slack.methods_conversations import paged
from bolt_sandbox.slack.model import Json, Refused
from bolt_sandbox.slack.shapes import user_shape, usergroup_shape
from bolt_sandbox.slack.validate import block_problems, check_view
from bolt_sandbox.slack.workspace import Workspace


def auth_test(ws: Workspace, _args: Args) -> Json:
    """auth.test."""
    return {
        "ok": True,
        "url": f"https://{ws.team_domain}.slack.com/",
        "team": ws.team_name,
        "user": ws.bot.name,
        "team_id": ws.team_id,
        "user_id": ws.bot.id,
        "bot_id": ws.bot.bot_id,
        "is_enterprise_install": False,
        **({"enterprise_id": ws.organization.id} if ws.organization else {}),
    }


def bot_info(ws: Workspace, args: Args) -> Json:
    """bots.info: the app to which a bot belongs. The sandbox knows only the ids of other apps' bots."""
    bot = next((user for user in ws.users.values() if user.bot_id and user.bot_id == args.text("bot")), None)
    if bot is None:
        raise Refused("bot_not_found")
    shape = {
        "id": bot.bot_id,
        "deleted": False,
        "name": bot.real_name,
        "updated": bot.updated,
        "app_id": ws.app_id if bot is ws.bot else ws.other_app_id,
        "user_id": bot.id,
        "icons": {},
    }
    return {"ok": True, "bot": shape}


def user_info(ws: Workspace, args: Args) -> Json:
    """users.info."""
    user = ws.users.get(args.text("user"))
    if user is None:
        # This is also the answer if no user was given, or if the user is in a body that this method doesn't read.
        raise Refused("user_not_found")
    locale = {"locale": "en-GB"} if args.flag("include_locale") and not user.team else {}
    return {"ok": True, "user": user_shape(ws, user) | locale}


def user_by_email(ws: Workspace, args: Args) -> Json:
    """users.lookupByEmail: only people of this workspace, and not those who were deactivated."""
    email = args.need("email").strip().lower()
    for user in ws.users.values():
        if user.email.lower() == email and not (user.deleted or user.team or user.bot_id):
            return {"ok": True, "user": user_shape(ws, user)}
    raise Refused("users_not_found")


def user_list(ws: Workspace, args: Args) -> Json:
    """users.list."""
    page, cursor = paged(list(ws.users.values()), args, default=1000)
    shapes = [user_shape(ws, user) for user in page]
    return {
        "ok": True,
        "members": shapes,
        "cache_ts": int(ws.clock()),
        "response_metadata": {"next_cursor": cursor},
    }


def usergroup_list(ws: Workspace, args: Args) -> Json:
    """usergroups.list."""
    disabled = args.flag("include_disabled")
    users, count = args.flag("include_users"), args.flag("include_count")
    groups = [group for group in ws.usergroups.values() if disabled or not group.disabled]
    return {"ok": True, "usergroups": [usergroup_shape(ws, group, users=users, count=count) for group in groups]}


def usergroup_users(ws: Workspace, args: Args) -> Json:
    """usergroups.users.list."""
    group = ws.usergroups.get(args.need("usergroup"))
    if group is None or (group.disabled and not args.flag("include_disabled")):
        raise Refused("no_such_subteam")
    return {"ok": True, "users": list(group.users)}


def team_info(ws: Workspace, _args: Args) -> Json:
    """team.info."""
    team: Json = {"id": ws.team_id, "name": ws.team_name, "domain": ws.team_domain, "email_domain": "", "icon": {}}
    if ws.organization:
        team |= {"enterprise_id": ws.organization.id, "enterprise_name": ws.organization.name}
    return {"ok": True, "team": team}


def blocks_validate(_ws: Workspace, args: Args) -> Json:
    """blocks.validate: exactly one of blocks, message and view; errors have a pointer and a message."""
    given = [name for name in ("blocks", "message", "view") if name in args]
    if len(given) != 1:
        raise Refused("invalid_arguments")
    (name,) = given
    value = args.structure(name, f"invalid_{name}")
    try:
        if name == "view":
            check_view(value, "home" if isinstance(value, dict) and value.get("type") == "home" else "modal")
            return {"ok": True}
    except Refused as refused:
        messages = refused.more.get("response_metadata", {}).get("messages", [refused.code])
        raise Refused("invalid_view", errors=[_split(each) for each in messages]) from None
    blocks = value.get("blocks", []) if name == "message" and isinstance(value, dict) else value
    problems = block_problems(blocks) if isinstance(blocks, list) else ["[ERROR] must be an array"]
    if problems:
        raise Refused(f"invalid_{name}", errors=[_split(each) for each in problems])
    return {"ok": True}


def _split(problem: str) -> Json:
    words, _at, pointer = problem.removeprefix("[ERROR] ").partition(" [json-pointer:")
    return {"code": "invalid", "message": words, "pointer": pointer.removesuffix("]")}
