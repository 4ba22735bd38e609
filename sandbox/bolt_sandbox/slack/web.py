"""The workspace over HTTP: Web API, uploads, response_urls and the sockets' handshake.

The methods are in the modules `methods_…`, the rate limits in `limits`, and faults in `faults`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bolt_sandbox.slack import methods_chat as chat
from bolt_sandbox.slack import methods_conversations as conversations
from bolt_sandbox.slack import methods_files as files
from bolt_sandbox.slack import methods_people as people
from bolt_sandbox.slack import methods_views as views
from bolt_sandbox.slack.args import Args
from bolt_sandbox.slack.delivery import Delivery
from bolt_sandbox.slack.faults import Fault
from bolt_sandbox.slack.model import Json, Refused
from bolt_sandbox.slack.responses import respond
from bolt_sandbox.slack.workspace import Workspace

BODY_MOST = 64 * 1024 * 1024
SHOWN_ARGUMENTS = (
    "channel",
    "ts",
    "thread_ts",
    "user",
    "user_id",
    "users",
    "channel_id",
    "filename",
    "trigger_id",
    "text",
)
SHOWN_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the Web API. Without a `scope`, any bot token is accepted, or the method checks the scopes itself.

    `json`: whether it reads a JSON body. If not, Slack ignores such a body and answers as if no argument had been
    given, as observed in 2026 for users.info, users.list and files.getUploadURLExternal. For other methods, it's
    taken from the methods' pages of 2018 (github.com/HubSpot/slack-client, SlackMethods); today's pages list both types
    for all.
    """

    run: Callable[[Workspace, Args], Json]
    scope: str | None = None
    json: bool = True


METHODS: dict[str, Method] = {
    "auth.test": Method(people.auth_test),
    "blocks.validate": Method(people.blocks_validate),
    "bots.info": Method(people.bot_info, "users:read", json=False),
    "chat.delete": Method(chat.delete, "chat:write"),
    "chat.getPermalink": Method(chat.get_permalink, json=False),
    "chat.postEphemeral": Method(chat.post_ephemeral, "chat:write"),
    "chat.postMessage": Method(chat.post_message, "chat:write"),
    "chat.update": Method(chat.update, "chat:write"),
    "conversations.history": Method(conversations.history, json=False),
    "conversations.info": Method(conversations.info, json=False),
    "conversations.join": Method(conversations.join, "channels:join"),
    "conversations.list": Method(conversations.list_all, json=False),
    "conversations.members": Method(conversations.members, json=False),
    "conversations.open": Method(conversations.open_direct, "im:write"),
    "conversations.replies": Method(conversations.replies, json=False),
    "files.completeUploadExternal": Method(files.complete_upload, "files:write"),
    "files.getUploadURLExternal": Method(files.get_upload_url, "files:write", json=False),
    "files.info": Method(files.file_info, "files:read", json=False),
    "reactions.add": Method(chat.add_reaction, "reactions:write"),
    "team.info": Method(people.team_info, "team:read", json=False),
    "usergroups.list": Method(people.usergroup_list, "usergroups:read", json=False),
    "usergroups.users.list": Method(people.usergroup_users, "usergroups:read", json=False),
    "users.conversations": Method(conversations.of_user, json=False),
    "users.info": Method(people.user_info, "users:read", json=False),
    "users.lookupByEmail": Method(people.user_by_email, "users:read.email", json=False),
    "users.list": Method(people.user_list, "users:read", json=False),
    "views.open": Method(views.open_view),
    "views.publish": Method(views.publish),
    "views.push": Method(views.push_view),
    "views.update": Method(views.update_view),
}
CONNECT = "apps.connections.open"
NO_TOKEN = {"blocks.validate"}


class Front:
    """The HTTP side of one workspace."""

    def __init__(self, ws: Workspace, delivery: Delivery) -> None:
        self._ws = ws
        self._delivery = delivery

    def routes(self, prefix: str) -> list[web.RouteDef]:
        """Return the routes under `prefix`."""
        return [
            web.route("*", f"{prefix}/api/{{method}}", self.call),
            web.post(f"{prefix}/upload/{{ticket}}", self.upload),
            web.post(f"{prefix}/response/{{token:.+}}", self.response_url),
            web.get(f"{prefix}/socket", self.socket),
        ]

    async def call(self, request: web.Request) -> web.StreamResponse:
        """Handle one call of the Web API."""
        name = request.match_info["method"]
        if not self._ws.base_url:
            self._ws.base_url = f"{request.scheme}://{request.host}"
        values, unreadable = await read_values(request, reads_json=name not in METHODS or METHODS[name].json)
        token = bearer(request) or str(values.pop("token", "") or "")
        values.pop("token", None)
        args = Args(values)

        def answer() -> web.Response:
            if unreadable:
                return self._refuse(name, args, Refused(unreadable))
            return self._answer(name, args, token)

        return await self._with_fault(request, name, answer)

    async def _with_fault(
        self, request: web.Request, name: str, answer: Callable[[], web.Response]
    ) -> web.StreamResponse:
        fault = None if self._ws.faults.away else self._ws.faults.take(name)
        if self._ws.faults.away or (fault is not None and fault.kind == "drop_before"):
            self._ws.log(name, "from_app", "dropped before")
            return cut(request)
        if fault is None:
            return answer()
        if fault.kind == "slow":
            self._ws.log(name, "from_app", f"slow by {fault.delay_s} s")
            await asyncio.sleep(fault.delay_s)
            return answer()
        if fault.kind == "drop_after":
            answer()
            self._ws.log(name, "from_app", "dropped after")
            return cut(request)
        self._ws.log(name, "from_app", f"fault {fault.kind}")
        return _faulty(fault)

    def _answer(self, name: str, args: Args, token: str) -> web.Response:
        try:
            self._check_token(name, token)
            wait_s = self._ws.rates.take(name, args.text("channel"))
            if wait_s is not None:
                self._log(name, args, f"ratelimited for {wait_s} s")
                return throttled(wait_s)
            body = self._run(name, args, token)
        except Refused as refused:
            return self._refuse(name, args, refused)
        self._log(name, args, "ok", ts=str(body.get("ts", "")))
        return web.json_response(body, headers=self._headers(name))

    def _refuse(self, name: str, args: Args, refused: Refused) -> web.Response:
        self._log(name, args, refused.code)
        return web.json_response(refused.body(), headers=self._headers(name))

    def _run(self, name: str, args: Args, token: str) -> Json:
        if name == CONNECT:
            app_id = self._ws.app_id if token == self._ws.app_token else self._ws.other_app_id
            return {"ok": True, "url": self._delivery.sockets.open_url(app_id)}
        method = METHODS[name]
        if method.scope is not None:
            conversations.need_scope(self._ws, method.scope)
        return method.run(self._ws, args)

    def _check_token(self, name: str, token: str) -> None:
        if name not in METHODS and name != CONNECT:
            raise Refused("unknown_method", req_method=name)
        if name in NO_TOKEN:
            return
        if not token:
            raise Refused("not_authed")
        if token in self._ws.revoked_tokens:
            raise Refused("token_revoked")
        app_tokens = (self._ws.app_token, self._ws.other_app_token)
        if token not in (self._ws.bot_token, *app_tokens):
            raise Refused("invalid_auth")
        if (token in app_tokens) != (name == CONNECT):
            raise Refused("not_allowed_token_type")
        if name == CONNECT and "connections:write" not in self._ws.app_scopes:
            raise Refused("missing_scope", needed="connections:write", provided=",".join(self._ws.app_scopes))

    def _headers(self, name: str) -> dict[str, str]:
        scopes = self._ws.app_scopes if name == CONNECT else self._ws.scopes
        needed = METHODS[name].scope if name in METHODS else None
        headers = {"x-oauth-scopes": ",".join(sorted(scopes)), "x-slack-req-id": self._ws.new_id("", 32).lower()}
        return headers | ({"x-accepted-oauth-scopes": needed} if needed else {})

    def _log(self, name: str, args: Args, outcome: str, **more: str) -> None:
        shown = {each: args.text(each)[:SHOWN_CHARACTERS] for each in SHOWN_ARGUMENTS if each in args}
        self._ws.log(name, "from_app", outcome, **(shown | {key: value for key, value in more.items() if value}))

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """Receive the bytes of a file, raw or as the first part of a multipart form."""
        content = await _uploaded_bytes(request)

        def answer() -> web.Response:
            try:
                text = files.take_upload(self._ws, request.match_info["ticket"], content)
            except Refused as refused:
                return web.Response(status=404, text=refused.code)
            self._ws.log("upload", "from_app", "ok", size=len(content))
            return web.Response(text=text)

        return await self._with_fault(request, "upload", answer)

    async def response_url(self, request: web.Request) -> web.StreamResponse:
        """Handle a post to a response_url. The post needs no token: the address is the capability."""
        values, unreadable = await read_values(request)

        def answer() -> web.Response:
            status = 404
            try:
                record = self._ws.use_response_url(request.match_info["token"])
                status = 400
                if unreadable:
                    raise Refused(unreadable)  # noqa: TRY301 - one way out for all refusals
                respond(self._ws, record, values)
            except Refused as refused:
                self._ws.log("response_url", "from_app", refused.code)
                return web.json_response(refused.body(), status=status)
            self._ws.log("response_url", "from_app", "ok", text=str(values.get("text", ""))[:SHOWN_CHARACTERS])
            return web.json_response({"ok": True})

        return await self._with_fault(request, "response_url", answer)

    async def socket(self, request: web.Request) -> web.StreamResponse:
        """Handle a socket's handshake."""
        fault = None if self._ws.faults.away else self._ws.faults.take("socket")
        if self._ws.faults.away or fault is not None:
            return cut(request)
        return await self._delivery.sockets.handle(request)


def throttled(wait_s: int) -> web.Response:
    """Return 429 with Retry-After."""
    return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": str(wait_s)})


def _faulty(fault: Fault) -> web.Response:
    if fault.kind == "ratelimited":
        return throttled(fault.retry_after_s)
    if fault.kind == "http_500":
        return web.Response(status=500, text="Internal Server Error")
    return web.json_response({"ok": False, "error": fault.code})


def cut(request: web.Request) -> web.Response:
    """Close the connection without a reply."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def bearer(request: web.Request) -> str:
    """Return the token of the Authorization header, or "" if there is none."""
    kind, _space, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


async def read_values(request: web.Request, *, reads_json: bool = True) -> tuple[dict[str, Any], str]:
    """Return a call's arguments from query and body, and the error code if they can't be parsed."""
    values: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        if not reads_json:
            return values, ""
        try:
            body = await request.json()
        except json.JSONDecodeError:
            return values, "invalid_json"
        if not isinstance(body, dict):
            return values, "json_not_object"
        return values | body, ""
    form: Mapping[str, Any] = await request.post()
    if isinstance(form.get("payload"), str):
        try:
            form = json.loads(form["payload"])
        except ValueError:
            return values, "invalid_payload"
    return values | dict(form), ""


async def _uploaded_bytes(request: web.Request) -> bytes:
    if request.content_type != "multipart/form-data":
        return await request.read()
    part = await (await request.multipart()).next()
    return bytes(await part.read()) if part is not None and hasattr(part, "read") else b""
