"""The control API, with which a test, a script or a person with curl controls the workspace. JSON in, JSON out.

The API asks for no credentials, so it must be served only on the loopback interface. It accepts only bodies of the type
application/json, which a foreign web page can't send here. Names can be used instead of ids everywhere (`ada`,
`data-eng`), and `dm` is the person's direct conversation with the bot. A request that Slack itself would refuse is
answered with 409 and Slack's own error code, and an invalid body is answered with 400.

What people do (answered once the app has acknowledged it, or after 3 s):

POST /control/slash      {user, channel, text, command?="/bolt", times?=1}   `times` repeats the same delivery
POST /control/click      {user, channel, action_id | label, ts?, block_id?, value?, times?=1}
                         without `ts`: on the newest message that has it. The response includes the confirm dialog, if any.
                         A menu's label is its placeholder, and `value` is the value or the text of an option
POST /control/say        {user, channel, text, thread_ts?, times?=1}   a message; in `dm` the app gets message.im
POST /control/mention    {user, channel, text, thread_ts?, times?=1}      "@bolt text"
POST /control/edit       {user, channel, ts, text}      edits the user's own message; the app gets it again
POST /control/delete     {user, channel, ts}            deletes the user's own message, or for an admin, anyone's
POST /control/home       {user, tab?="home"}
POST /control/shortcut   {user, callback_id, channel?, ts?}
                         with `ts`: a message's shortcut; otherwise a global one, with `channel` open
POST /control/view       {view_id, do: submit | close | click | suggest, values?, action_id?, value?, all?, times?=1}
                         `values`: the inputs so far, {block_id: {action_id: value}}

Reading:

GET  /control/state               people, channels, sockets, scopes, limits, faults
GET  /control/channels/<channel>  its current messages, each with its replies, lines of text and edit count;
                                  ?as=<user> adds what only that person sees there, and `dm` is a channel too
GET  /control/users/<user>        what only that person sees: ephemerals, notices of Slack, direct messages, views
GET  /control/events?as=<user>    changes, as server-sent events: see bolt_sandbox.slack.feed
GET  /control/calls               the log; ?after=<n> skips n entries, ?what=chat.update selects one kind
GET  /control/files/<id>          a file's bytes; ?download=1 as a download

Faults and settings:

POST /control/faults     {kind: ratelimited | http_500 | error | slow | drop_before | drop_after, method?="*",
                         count?=1 (null: always), skip?, retry_after_s?, delay_s?, code?} or {away: true | false}
DELETE /control/faults   deactivates all faults; the app has to reopen its sockets itself
POST /control/sockets    {do: disconnect | drop | deaf, reason?="refresh_requested", close_after_s?=10}
POST /control/rates      {enabled?, strict?, limits?: {method: calls a minute}}   `limits` override the methods' tiers
POST /control/app        {request_url?: address | null, verify?, revoked?, scopes?, socket_mode?}
                         an address means HTTP delivery; `socket_mode`: false refuses new sockets, as the app's toggle does
POST /control/edits      {window_s?, refused?}   for how long a message can be edited (null: always), or not at all:
                         chat.update is refused with edit_window_closed or cant_update_message
POST /control/channels   {name, kind?="public", members?}      `kind`: public, private, or mpim, a group direct message
POST /control/reset      {}    resets both worlds, Bolt's too: no messages, no faults; the bot stays connected
POST /control/crowd      {people, channels}    adds person-1 … and crowd-1 … up to these numbers, with the bot in each
                         channel; person-1 is in crowd-1

What owners and admins do (the app gets Slack's events about it if it has subscribed to them):

POST /control/users      {name, real_name?, role?="member", guest?, bot?, team?, enterprise?, teams?, shown_as?,
                         letter?="U"}
                         `bot`: another app's; `team`: of another organization, with the id `enterprise` on Grid;
                         `teams`: workspaces of our own organization; `shown_as`: the person's team as Slack reports it
POST /control/grid       {}    the workspace joins an Enterprise Grid organization with a sibling workspace, and
                         gets three people: edda, reported with the organization; sven, reported with the sibling;
                         sila, only in the sibling. A running bot doesn't notice until it restarts
POST /control/person     {user, role?, email?, tz?, deleted?}   `deleted`: true deactivates the account;
                         `role`: primary_owner, owner, admin, member, guest, single_channel_guest
POST /control/usergroups {handle, name?, users?}              a new user group
POST /control/usergroup  {usergroup, users? | add?, remove?, handle?, name?, disabled?}
POST /control/sharing    {channel, team, do: share | unshare}   with another organization
POST /control/members    {channel, user?="bolt", do: invite | kick | archive | unarchive | change_id, by?="grace"}
                         `change_id`: a private channel gets another id, as when it's shared
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import cast, get_args
from urllib.parse import quote

from aiohttp import web

from bolt_sandbox.body import BadRequest, need, read_body
from bolt_sandbox.slack.delivery import Delivery
from bolt_sandbox.slack.faults import KINDS, Fault
from bolt_sandbox.slack.feed import Feed
from bolt_sandbox.slack.model import ChannelKind, Json, Message, Refused
from bolt_sandbox.slack.people import Outcome, People
from bolt_sandbox.slack.reading import calls_json, channel_json, privates_json, state_json, user_json
from bolt_sandbox.slack.shapes import media_type
from bolt_sandbox.slack.sockets import DisconnectReason
from bolt_sandbox.slack.workspace import Workspace

Handler = Callable[[Json], Awaitable[Json]]
TIMES_MOST = 100
CROWD_MOST = 200_000
DIGITS_MOST = 15
FAULT_NUMBERS = ("skip", "retry_after_s", "delay_s")


class Controls:
    """The control API of one workspace."""

    def __init__(self, ws: Workspace, delivery: Delivery, people: People) -> None:
        self._ws = ws
        self.feed = Feed(ws)
        self._delivery = delivery
        self._people = people

    def routes(self) -> list[web.RouteDef]:
        """Return all routes."""
        posts: dict[str, Handler] = {
            "slash": self.slash,
            "click": self.click,
            "say": self.say,
            "mention": self.mention,
            "edit": self.edit,
            "home": self.home,
            "shortcut": self.shortcut,
            "view": self.view,
            "faults": self.faults,
            "sockets": self.sockets,
            "rates": self.rates,
            "app": self.app,
            "edits": self.edits,
            "delete": self.delete,
            "channels": self.channels,
            "crowd": self.crowd,
        }
        return [
            *(web.post(f"/control/{name}", posted(handler)) for name, handler in posts.items()),
            web.get("/control", self.help),
            web.get("/control/state", self.get_state),
            web.get("/control/channels/{channel}", self.get_channel),
            web.get("/control/users/{user}", self.get_user),
            web.get("/control/events", self.get_events),
            web.get("/control/calls", self.get_calls),
            web.get("/control/files/{file}", self.get_file),
            web.delete("/control/faults", self.delete_faults),
        ]

    # People's actions

    async def slash(self, body: Json) -> Json:
        """POST /control/slash."""
        outcome = await self._people.slash(
            need(body, "user"),
            need(body, "channel"),
            str(body.get("command", "/bolt")),
            str(body.get("text", "")),
            times=_times(body),
        )
        return outcome.as_json()

    async def click(self, body: Json) -> Json:
        """POST /control/click."""
        action_id, label, block_id = body.get("action_id"), body.get("label"), body.get("block_id")
        if action_id is None and label is None:
            raise BadRequest("action_id or label is missing")
        user, channel = need(body, "user"), need(body, "channel")
        ts = (
            str(body["ts"])
            if body.get("ts")
            else self._people.newest_with(user, channel, action_id=action_id, label=label, block_id=block_id)
        )
        outcome = await self._people.click(
            user,
            channel,
            ts,
            action_id=action_id,
            label=label,
            block_id=block_id,
            value=body.get("value"),
            times=_times(body),
        )
        return outcome.as_json() | {"ts": ts}

    async def say(self, body: Json) -> Json:
        """POST /control/say."""
        return await self._write(self._people.say, body)

    async def mention(self, body: Json) -> Json:
        """POST /control/mention."""
        return await self._write(self._people.mention, body)

    async def _write(self, write: Callable[..., Awaitable[Message]], body: Json) -> Json:
        message = await write(
            need(body, "user"),
            need(body, "channel"),
            need(body, "text"),
            thread_ts=body.get("thread_ts"),
            times=_times(body),
        )
        return {"ts": message.ts, "channel": message.channel}

    async def edit(self, body: Json) -> Json:
        """POST /control/edit."""
        message = await self._people.edit(
            need(body, "user"), need(body, "channel"), need(body, "ts"), need(body, "text")
        )
        return {"ts": message.ts, "channel": message.channel}

    async def home(self, body: Json) -> Json:
        """POST /control/home."""
        return (await self._people.open_home(need(body, "user"), str(body.get("tab", "home")))).as_json()

    async def shortcut(self, body: Json) -> Json:
        """POST /control/shortcut."""
        user, callback_id = need(body, "user"), need(body, "callback_id")
        if body.get("ts"):
            outcome = await self._people.message_shortcut(user, need(body, "channel"), str(body["ts"]), callback_id)
        else:
            outcome = await self._people.shortcut(user, callback_id, str(body.get("channel") or ""))
        return outcome.as_json()

    async def view(self, body: Json) -> Json:
        """POST /control/view."""
        return (await self._do_in_view(need(body, "view_id"), need(body, "do"), body)).as_json()

    async def _do_in_view(self, view_id: str, what: str, body: Json) -> Outcome:
        if what == "submit":
            return await self._people.submit(view_id, body.get("values") or {}, times=_times(body))
        if what == "close":
            return await self._people.close_view(view_id, all_of_them=bool(body.get("all")))
        if what == "click":
            return await self._people.click_in_view(
                view_id, need(body, "action_id"), body.get("value"), filled=body.get("values") or {}
            )
        if what == "suggest":
            return await self._people.suggest(view_id, need(body, "action_id"), str(body.get("value", "")))
        raise BadRequest("do is one of submit, close, click, suggest")

    # Reading

    async def help(self, _request: web.Request) -> web.Response:
        """GET /control: this page."""
        return web.Response(text=__doc__ or "")

    async def get_state(self, _request: web.Request) -> web.Response:
        """GET /control/state."""
        return web.json_response(state_json(self._ws) | {"sockets": len(self._delivery.sockets.connections)})

    async def get_channel(self, request: web.Request) -> web.Response:
        """GET /control/channels/<channel>."""
        name, viewer = request.match_info["channel"], request.query.get("as")
        try:
            if viewer is None:
                return web.json_response(channel_json(self._ws, self._ws.channel(name)))
            user, channel = self._ws.user(viewer), self._people.channel_named(viewer, name)
            if channel.kind != "public" and user.id not in channel.members:
                raise Refused("channel_not_found")  # noqa: TRY301 - answered like a channel that doesn't exist
        except Refused as refused:
            return web.json_response(refused.body(), status=404)
        return web.json_response(channel_json(self._ws, channel) | {"private": privates_json(self._ws, user, channel)})

    async def get_user(self, request: web.Request) -> web.Response:
        """GET /control/users/<user>."""
        try:
            user = self._ws.user(request.match_info["user"])
        except Refused as refused:
            return web.json_response(refused.body(), status=404)
        return web.json_response(user_json(self._ws, user))

    async def get_events(self, request: web.Request) -> web.StreamResponse:
        """GET /control/events."""
        try:
            user = self._ws.user(request.query.get("as", ""))
        except Refused as refused:
            return web.json_response(refused.body(), status=404)
        return await self.feed.stream(request, user)

    async def get_calls(self, request: web.Request) -> web.Response:
        """GET /control/calls."""
        after = request.query.get("after", "0")
        if not after.isdecimal() or len(after) > DIGITS_MOST:
            return web.json_response({"error": "after is not a number"}, status=400)
        calls = calls_json(self._ws, int(after), request.query.get("what", ""))
        return web.json_response(calls, dumps=partial(json.dumps, default=str))

    async def get_file(self, request: web.Request) -> web.Response:
        """GET /control/files/<id>."""
        file = self._ws.files.get(request.match_info["file"])
        if file is None or file.content is None:
            return web.json_response({"ok": False, "error": "file_not_found"}, status=404)
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'"}
        if request.query.get("download"):
            headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"
        return web.Response(body=file.content, content_type=media_type(file), headers=headers)

    # Faults and settings

    async def faults(self, body: Json) -> Json:
        """POST /control/faults."""
        if "away" in body:
            if not isinstance(body["away"], bool):
                raise BadRequest("away is true or false")
            self._ws.faults.away = body["away"]
            return {"away": self._ws.faults.away, "dropped": self._delivery.sockets.drop() if body["away"] else 0}
        if body.get("kind") not in KINDS:
            raise BadRequest(f"kind is one of {', '.join(KINDS)}")
        count = body.get("count", 1)
        fault = Fault(body["kind"], str(body.get("method", "*")), None if count is None else int(count))
        for name in FAULT_NUMBERS:
            if name in body:
                if float(body[name]) < 0:
                    raise BadRequest(f"{name} is less than nothing")
                setattr(fault, name, float(body[name]) if name == "delay_s" else int(body[name]))
        fault.code = str(body.get("code", fault.code))
        self._ws.faults.add(fault)
        return {"faults": len(self._ws.faults.active)}

    async def delete_faults(self, _request: web.Request) -> web.Response:
        """DELETE /control/faults."""
        self._ws.faults.clear()
        return web.json_response({"ok": True})

    async def sockets(self, body: Json) -> Json:
        """POST /control/sockets."""
        what, sockets = need(body, "do"), self._delivery.sockets
        if what == "drop":
            return {"connections": sockets.drop()}
        if what == "deaf":
            return {"connections": sockets.deafen()}
        reason = body.get("reason", "refresh_requested")
        if what != "disconnect" or reason not in get_args(DisconnectReason):
            raise BadRequest("do is one of disconnect, drop, deaf; reason is one of Slack's")
        close_after_s = float(body.get("close_after_s", 10.0))
        return {"connections": await sockets.disconnect(reason, close_after_s=close_after_s)}

    async def rates(self, body: Json) -> Json:
        """POST /control/rates."""
        rates = self._ws.rates
        rates.enabled = bool(body.get("enabled", rates.enabled))
        rates.strict = bool(body.get("strict", rates.strict))
        if "limits" in body:
            rates.limits = {str(method): int(limit) for method, limit in body["limits"].items()}
        rates.clear()
        return {"enabled": rates.enabled, "strict": rates.strict, "limits": rates.limits}

    async def app(self, body: Json) -> Json:
        """POST /control/app."""
        if body.get("request_url") is not None and body.get("verify"):
            url = str(body["request_url"])
            if not await self._delivery.verify_url(url):
                raise Refused("url_verification_failed")
        if "request_url" in body:
            self._ws.request_url = None if body["request_url"] is None else str(body["request_url"])
        if "revoked" in body:
            tokens = {self._ws.bot_token, self._ws.app_token}
            self._ws.revoked_tokens = tokens if body["revoked"] else set()
        if "scopes" in body:
            self._ws.scopes = {str(each) for each in body["scopes"]}
        if "socket_mode" in body:
            self._ws.socket_mode = bool(body["socket_mode"])
        return {"request_url": self._ws.request_url, "scopes": sorted(self._ws.scopes)}

    async def edits(self, body: Json) -> Json:
        """POST /control/edits."""
        edits = self._ws.edits
        if "window_s" in body:
            edits.window_s = None if body["window_s"] is None else float(body["window_s"])
        edits.refused = bool(body.get("refused", edits.refused))
        return {"window_s": edits.window_s, "refused": edits.refused}

    async def delete(self, body: Json) -> Json:
        """POST /control/delete."""
        self._people.delete(need(body, "user"), need(body, "channel"), need(body, "ts"))
        return {"ok": True}

    async def channels(self, body: Json) -> Json:
        """POST /control/channels."""
        kind = body.get("kind", "public")
        if kind not in ("public", "private", "mpim"):
            raise BadRequest("kind is one of public, private, mpim")
        if any(each.name == body.get("name") for each in self._ws.channels.values()):
            raise Refused("name_taken")
        members = [self._ws.user(str(each)).id for each in body.get("members", ("ada", "grace"))]
        channel = self._ws.add_channel(need(body, "name"), cast("ChannelKind", kind), members)
        return {"channel": channel.id}

    async def crowd(self, body: Json) -> Json:
        """POST /control/crowd."""
        people, channels = int(body.get("people", 0)), int(body.get("channels", 0))
        if not (0 <= people <= CROWD_MOST and 0 <= channels <= CROWD_MOST):
            raise BadRequest(f"people and channels are 0 to {CROWD_MOST}")
        self._ws.add_crowd(people, channels)
        return {"people": len(self._ws.users), "channels": len(self._ws.channels)}


def _times(body: Json) -> int:
    times = int(body.get("times", 1))
    if not 1 <= times <= TIMES_MOST:
        raise BadRequest(f"times is 1 to {TIMES_MOST}")
    return times


def posted(handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Wrap a handler of JSON bodies as a request handler: refusals and invalid bodies have their own status codes."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.content_type != "application/json":
            return web.json_response({"error": "send JSON, with its content type"}, status=415)
        try:
            return web.json_response(await handler(read_body(await request.read())))
        except Refused as refused:
            return web.json_response(refused.body(), status=409)
        except (ValueError, TypeError, AttributeError, OverflowError) as error:
            return web.json_response({"error": str(error)}, status=400)

    return answer
