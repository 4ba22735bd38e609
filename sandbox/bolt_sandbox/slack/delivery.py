"""Deliver payloads to the app: through one of its open sockets, or by a signed request to its address.

If an address is set (`Workspace.request_url`), HTTP is used, otherwise Socket Mode: an app uses only one of them.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

import aiohttp

from bolt_sandbox.slack.model import Json
from bolt_sandbox.slack.sockets import Answer, Sockets
from bolt_sandbox.slack.workspace import Workspace

Kind = Literal["slash_commands", "interactive", "events_api"]
EVENT_RETRIES_S = (0.0, 60.0, 300.0)
# Scopes that events need besides their subscription.
EVENT_SCOPES = {
    "app_mention": "app_mentions:read",
    "message.im": "im:history",
    "subteam_created": "usergroups:read",
    "subteam_members_changed": "usergroups:read",
    "subteam_updated": "usergroups:read",
    "user_change": "users:read",
}
# Events that need the scope for the channel's kind. If the channel is private, only apps in it get them, except for the
# events that say that the app has left.
CHANNEL_EVENTS = {
    "channel_archive",
    "channel_id_changed",
    "channel_left",
    "channel_shared",
    "channel_unarchive",
    "channel_unshared",
    "group_archive",
    "group_left",
    "group_unarchive",
    "member_joined_channel",
    "member_left_channel",
}
# Events that reach only apps that are in the channel, whatever its kind.
MEMBERSHIP = {"member_joined_channel", "member_left_channel"}
USER_AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"


@dataclass(frozen=True, slots=True)
class Retry:
    """The number of a repeated delivery of an event, and its reason."""

    number: int
    reason: str


class Delivery:
    """Delivers commands, interactions and events to the app, and waits `ack_timeout_s` for its answer.

    Only events are delivered again, after each of `event_retries_s`.
    """

    def __init__(
        self,
        ws: Workspace,
        *,
        ack_timeout_s: float = 3.0,
        event_retries_s: Sequence[float] = EVENT_RETRIES_S,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._ws = ws
        self._first = ack_timeout_s, event_retries_s
        self.ack_timeout_s, self.event_retries_s = self._first
        self._sleep = sleep
        self.sockets = Sockets(ws, sleep)
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[object]] = set()

    @property
    def busy(self) -> bool:
        """Whether a delivery or a retry is pending in the background."""
        return bool(self._tasks)

    async def reset(self) -> None:
        """Cancel pending deliveries, and restore the initial timeouts."""
        self.ack_timeout_s, self.event_retries_s = self._first
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        """Close all connections."""
        await self.reset()
        await self.sockets.close()
        if self._session is not None:
            await self._session.close()

    async def send(self, kind: Kind, payload: Json, *, answerable: bool = False, retry: Retry | None = None) -> Answer:
        """Deliver once and wait for the acknowledgement. `answerable`: the acknowledgement may have a payload."""
        started = self._ws.clock()
        if self._ws.request_url is not None:
            answer = await self._send_http(self._ws.request_url, kind, payload, retry)
        else:
            number, reason = (retry.number, retry.reason) if retry else (0, "")
            answer = await self.sockets.send(
                kind, payload, answerable=answerable, timeout_s=self.ack_timeout_s, retry=(number, reason)
            )
        self._ws.log(
            f"{kind}:{payload.get('command') or payload.get('type')}",
            "to_app",
            answer.problem or "acknowledged",
            seconds=round(self._ws.clock() - started, 3),
            **({"retry": retry.number} if retry else {}),
        )
        return answer

    async def send_event(self, payload: Json, *, times: int = 1) -> Answer:
        """Deliver an event. If it isn't acknowledged, deliver it again later in the background.

        Events that the app hasn't subscribed to, or lacks a scope for, aren't sent. `times` delivers this many copies
        at once.
        """
        if not self._hears(payload["event"]):
            return Answer("")
        answers = await asyncio.gather(*(self.send("events_api", payload) for _time in range(times)))
        for answer in answers:
            if answer.problem and not answer.no_retry:
                self._start(self._send_again(payload, answer.problem))
        return answers[-1]

    def send_event_soon(self, payload: Json) -> None:
        """Deliver an event in the background."""
        self._start(self.send_event(payload))

    def _start(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _hears(self, event: Json) -> bool:
        name = f"message.{event['channel_type']}" if event["type"] == "message" else str(event["type"])
        return name in self._ws.features.events and self._may_hear(name, event)

    def _may_hear(self, name: str, event: Json) -> bool:
        if name in CHANNEL_EVENTS:
            channel = self._ws.channels[str(event.get("channel") or event["new_channel_id"])]
            is_public = channel.kind == "public"
            if ("channels:read" if is_public else "groups:read") not in self._ws.scopes:
                return False
            if name.endswith("_left") or (is_public and name not in MEMBERSHIP):
                return True
            return self._ws.bot.id in channel.members
        scope = EVENT_SCOPES.get(name)
        return scope is None or scope in self._ws.scopes

    async def _send_again(self, payload: Json, problem: str) -> None:
        for number, wait_s in enumerate(self.event_retries_s, start=1):
            await self._sleep(wait_s)
            reason = "http_timeout" if problem == "operation_timeout" else "http_error"
            if self._ws.request_url is None:
                reason = "timeout"
            answer = await self.send("events_api", payload, retry=Retry(number, reason))
            if not answer.problem or answer.no_retry:
                return
            problem = answer.problem

    async def verify_url(self, url: str) -> bool:
        """Request the challenge from a request URL, as Slack does before it accepts the address."""
        challenge = self._ws.new_id("", 32)
        body = json.dumps({"token": "sandbox", "challenge": challenge, "type": "url_verification"}).encode()
        answer = await self._post(url, body, "application/json", {})
        return challenge in json.dumps(answer.payload)

    async def _send_http(self, url: str, kind: Kind, payload: Json, retry: Retry | None) -> Answer:
        if kind == "events_api":
            body, content_type = json.dumps(payload).encode(), "application/json"
        else:
            form = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
            body, content_type = urlencode(form).encode(), "application/x-www-form-urlencoded"
        headers = {"X-Slack-Retry-Num": str(retry.number), "X-Slack-Retry-Reason": retry.reason} if retry else {}
        return await self._post(url, body, content_type, headers)

    async def _post(self, url: str, body: bytes, content_type: str, headers: dict[str, str]) -> Answer:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        timestamp = str(int(self._ws.clock()))
        signed = {
            "Content-Type": content_type,
            "User-Agent": USER_AGENT,
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": sign(self._ws.signing_secret, timestamp, body),
            **headers,
        }
        timeout = aiohttp.ClientTimeout(total=self.ack_timeout_s)
        try:
            async with self._session.post(
                url, data=body, headers=signed, timeout=timeout, allow_redirects=False
            ) as reply:
                text = await reply.text()
                no_retry = reply.headers.get("X-Slack-No-Retry") == "1"
                problem = "" if reply.status == 200 else "dispatch_failed"
                return Answer(problem, _read_reply(text, reply.content_type), no_retry)
        except TimeoutError:
            return Answer("operation_timeout")
        except aiohttp.ClientError:
            return Answer("dispatch_failed")


def _read_reply(text: str, content_type: str) -> Json | None:
    if not text.strip():
        return None
    if content_type != "application/json":
        return {"text": text}
    try:
        payload = json.loads(text)
    except ValueError:
        return None
    return payload if isinstance(payload, dict) else None


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Return Slack's v0 signature: an HMAC-SHA256 over `v0:<timestamp>:<body>`."""
    base = b":".join((b"v0", timestamp.encode(), body))
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
