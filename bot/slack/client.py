"""Wrapper of every Slack call. Implements the flows' `Chat` port.

Errors are classified by a table, outgoing texts are masked, and nothing is retried: the SDK's own handler for lost
connections would post twice. Retrying is up to the flows: see `bot.flows.post_once` and `bot.flows.edit_cards`.
`bot.store.lanes` limits posts and edits, and `bot.slack.call_limits` limits lookups of people and channels.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, cast
from urllib.parse import urlsplit

import aiohttp
import structlog
from cachetools import LRUCache
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.model.errors import (
    BotError,
    ChannelRefused,
    CredentialRefused,
    MessageGone,
    ScopeMissing,
    SlackError,
    SlackNotSent,
    SlackOutcomeUnknown,
    SlackRefused,
    SlackThrottled,
)
from bot.core.model.sent_message import MessageAbsent, MessageFound, SearchInconclusive, SlackMessage
from bot.core.text.message import Message, mapped
from bot.core.text.text import Sentence, cut, showable
from bot.core.views.buttons import without_secrets
from bot.network_failure import through
from bot.proxies import proxy_for
from bot.slack.addresses import SlackAddresses
from bot.slack.blocks.render import render, render_blocks
from bot.slack.call_limits import CallPace
from bot.slack.call_metrics import HELD_BACK, measured
from bot.slack.errors import cause_of, error_from_answer
from bot.slack.find_message import find_by_file, find_by_file_name, find_by_key, read_message
from bot.slack.scopes import REQUIRED, MissingScopes
from bot.tls import tls

log = structlog.get_logger()

EVENT_TYPE = "bolt_bot"
CALL_S = 3.3
UPLOAD_S = 20.0
DIRECTS_MOST = 10_000
ALT_TEXT = 1000
# A response_url answers with `ok`, or with a short JSON object.
ANSWER_MOST = 16_384
HOST_MOST = 100
# Methods that don't read a JSON body: their arguments are sent as parameters.
WITHOUT_JSON = frozenset(
    {
        "conversations.history",
        "conversations.replies",
        "conversations.members",
        "files.getUploadURLExternal",
        "chat.getPermalink",
        "bots.info",
        "users.conversations",
        "users.info",
        "users.list",
        "users.lookupByEmail",
        "usergroups.list",
        "conversations.info",
    }
)

Json = dict[str, Any]


class SlackChat:
    """Slack, as far as the flows need it.

    `mask` is applied to every outgoing text; file contents must already be masked.
    """

    def __init__(
        self,
        token: str,
        base_url: str,
        mask: Callable[[str], str],
        *,
        call_s: float = CALL_S,
        upload_s: float = UPLOAD_S,
        watch: Callable[[BotError | None], None] = lambda error: None,  # noqa: ARG005 - watches nothing
    ) -> None:
        self._mask = mask
        self._addresses = SlackAddresses(base_url)
        self._call_s = call_s
        self._upload_s = upload_s
        self._watch = watch
        self._session: aiohttp.ClientSession | None = None
        self._directs: LRUCache[str, str] = LRUCache(DIRECTS_MOST)
        self._scopes = MissingScopes()
        # How many seconds our clock is ahead of Slack's; None before Slack's first answer.
        self.clock_off_s: float | None = None
        # The token's scopes; None before auth.test.
        self.granted: frozenset[str] | None = None
        self.bot_user = ""
        # Counts calls across all replicas, once there's a Redis to count them in.
        self.pace = CallPace()
        # Called with each channel that the bot joins, as Slack describes it.
        self.joined: Callable[[Json], Awaitable[None]] | None = None
        self.web = AsyncWebClient(
            token=token, base_url=base_url if base_url.endswith("/") else f"{base_url}/", ssl=tls(), retry_handlers=[]
        )
        # The SDK takes one from the environment, even for hosts in NO_PROXY.
        self.web.proxy = proxy_for(base_url)

    async def open(self) -> None:
        """Open the session that all calls share."""
        if self._session is None:
            # The SDK's own timeout doesn't apply to a session that is passed to it.
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=tls()), timeout=aiohttp.ClientTimeout(total=self._upload_s)
            )
            self.web.session = self._session

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def content(self, message: Message) -> Json:
        """Render a message as Slack's arguments, masked. Acknowledgements, which this client doesn't send, use it too.

        Text is masked before rendering, because escaping breaks up secrets so that they aren't recognized, and again
        afterward, because rendering can join pieces into a secret.
        """
        text, blocks = render(mapped(message, self._clean))
        masked: Json = {"text": self._mask(text)}
        if blocks:
            masked["blocks"] = _masked(blocks, self._mask)
        return masked

    def blocks(self, message: Message, *, most: int, room: int) -> list[Json]:
        """Render a message's blocks for a view, masked: up to `most` blocks with up to `room` characters in total."""
        made = render_blocks(mapped(message, self._clean).blocks, most=most, room=room)
        return cast("list[Json]", _masked(made, self._mask))

    def _clean(self, text: str) -> str:
        """Mask a text, after removing invisible characters, which could hide a secret from the mask."""
        return self._mask(showable(text))

    def _line(self, text: str) -> str:
        """Mask a text and put it on one line."""
        return " ".join(self._clean(text).split())

    async def call(
        self, method: str, *, within_s: float | None = None, spare: bool = False, **arguments: object
    ) -> Json:
        """Call a method of the Web API once. Raises SlackError.

        Raises SlackThrottled without calling if Slack's limit is used up. `spare`: half of the limit is reserved for
        more important calls.
        """
        wait_s = await self.pace.take(method, spare=spare)
        if wait_s > 0:
            HELD_BACK.labels(method).inc()
            raise SlackThrottled(method, wait_s)
        try:
            with measured(method):
                answer = await self._call(method, within_s or self._call_s, arguments)
        except SlackError as error:
            self._watch(error)
            if isinstance(error, SlackThrottled):
                await self.pace.hold(method, error.retry_after_s)
            if isinstance(error, ScopeMissing) and error.needed:
                self._scopes.report(error.needed.split(","), method)
            raise
        self._watch(None)
        return answer

    async def _call(self, method: str, within_s: float, arguments: Json) -> Json:
        await self.open()
        given = {name: value for name, value in arguments.items() if value is not None}
        try:
            async with asyncio.timeout(within_s):
                if method in WITHOUT_JSON:
                    answer = await self.web.api_call(method, params=given)
                else:
                    answer = await self.web.api_call(method, json=given)
        except SlackApiError as error:
            self._learn_clock(getattr(error.response, "headers", None) or {})
            raise error_from_answer(method, error) from error
        except (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError, aiohttp.InvalidURL) as error:
            raise SlackNotSent(method, cause=cause_of(error), where=through(self.web.base_url)) from error
        except (aiohttp.ClientError, SlackClientError, TimeoutError, OSError, ValueError) as error:
            raise SlackOutcomeUnknown(method, cause=cause_of(error), where=through(self.web.base_url)) from error
        self._learn(method, answer.headers)
        return cast("Json", answer.data)

    def _learn(self, method: str, headers: Mapping[str, str]) -> None:
        """Learn our clock's offset and our scopes from an answer's headers."""
        told = {name.lower(): value for name, value in headers.items()}
        self._learn_clock(told)
        if method == "auth.test" and "x-oauth-scopes" in told:
            self.granted = frozenset(scope.strip() for scope in told["x-oauth-scopes"].split(","))
            self._scopes.report(REQUIRED - self.granted)

    def _learn_clock(self, headers: Mapping[str, str]) -> None:
        told = {name.lower(): value for name, value in headers.items()}.get("date")
        with contextlib.suppress(ValueError, TypeError):
            # The header is in whole seconds, so the middle of that second is used.
            self.clock_off_s = time.time() - parsedate_to_datetime(told).timestamp() - 0.5 if told else None

    # --- messages ---

    async def post_message(self, channel: str, message: Message, *, key: str, thread_ts: str | None = None) -> str:
        """Post a message, at most once.

        Returns its timestamp. After SlackOutcomeUnknown, look for it with `find_message`.
        """
        answer = await self.call(
            "chat.postMessage",
            channel=channel,
            thread_ts=thread_ts,
            metadata={"event_type": EVENT_TYPE, "event_payload": {"key": key}},
            unfurl_links=False,
            unfurl_media=False,
            parse="none",
            **self.content(message),
        )
        return str(answer["ts"])

    async def edit_message(self, channel: str, ts: str, message: Message) -> None:
        """Replace one of our messages. Safe to repeat. Slack keeps its metadata, because the edit sends none."""
        content = {"blocks": [], **self.content(message)}
        await self.call("chat.update", channel=channel, ts=ts, parse="none", **content)

    async def delete_message(self, channel: str, ts: str) -> None:
        """Delete one of our messages. If the message is already gone, that isn't an error."""
        try:
            await self.call("chat.delete", channel=channel, ts=ts)
        except MessageGone:
            return

    async def find_message(
        self, channel: str, key: str, *, since: float, thread_ts: str | None = None
    ) -> MessageFound | MessageAbsent | SearchInconclusive:
        """Find our message with this key, posted at `since` (Unix seconds, Slack's clock) or later."""
        return await find_by_key(self, channel, key, since=since, thread_ts=thread_ts, ours=self.bot_user)

    async def read_message(self, channel: str, ts: str, *, within_s: float) -> SlackMessage | None:
        """Read a message of a channel. Returns None if it doesn't exist.

        Raises SlackError, including for a missing scope.
        """
        return await read_message(self, channel, ts, ours=self.bot_user, within_s=within_s)

    async def join_channel(self, channel: str) -> None:
        """Join a public channel. Raises ChannelRefused if that isn't possible."""
        try:
            answer = await self.call("conversations.join", channel=channel)
        except CredentialRefused as refused:
            # Without the scope to join, the person can still invite the bot.
            raise ChannelRefused("conversations.join", "not_in_channel") from refused
        if self.joined is not None:
            await self.joined(answer.get("channel") or {})

    async def permalink(self, channel: str, ts: str) -> str | None:
        """Return the web address of a message, or None if Slack doesn't provide one."""
        try:
            answer = await self.call("chat.getPermalink", channel=channel, message_ts=ts)
        except SlackError:
            return None
        return str(answer.get("permalink") or "") or None

    # --- modals ---

    async def open_view(self, trigger_id: str, view: Json) -> str:
        """Open a modal. Returns its id. A trigger_id can be used only once, within 3 s."""
        answer = await self.call("views.open", trigger_id=trigger_id, view=self.view(view))
        return str(answer["view"]["id"])

    async def update_view(self, view_id: str, view: Json) -> None:
        """Replace a modal's content. Safe to repeat."""
        await self.call("views.update", view_id=view_id, view=self.view(view))

    def view(self, view: Json) -> Json:
        """Mask a modal. Acknowledgements, which don't go through this client, are masked here too."""
        masked = cast("Json", _masked(view, self._mask))
        return {**masked, **{name: view[name] for name in ("callback_id", "private_metadata") if name in view}}

    # --- files ---

    async def start_upload(self, filename: str, content: bytes, *, snippet: bool, alt: str | None = None) -> str:
        """Upload a file's bytes and return its id. The file is invisible until `share_upload`.

        `alt` is a picture's alternative text.
        """
        answer = await self.call(
            "files.getUploadURLExternal",
            filename=self._line(filename),
            length=len(content),
            snippet_type="text" if snippet else None,
            alt_txt=cut(self._line(alt), ALT_TEXT) if alt else None,
        )
        await self._put(str(answer["upload_url"]), content)
        return str(answer["file_id"])

    async def _put(self, url: str, content: bytes) -> None:
        """Send bytes to an address from Slack. Nothing is visible yet, so a lost reply does no harm."""
        if not self._addresses.allows_upload(url):
            raise _foreign("upload", url)
        with measured("upload"):
            await self._upload(url, content)

    async def _upload(self, url: str, content: bytes) -> None:
        await self.open()
        session = cast("aiohttp.ClientSession", self._session)
        try:
            async with (
                asyncio.timeout(self._upload_s),
                session.post(
                    url, data=content, allow_redirects=False, auto_decompress=False, proxy=proxy_for(url)
                ) as answer,
            ):
                if answer.status != 200:
                    raise SlackNotSent("upload")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise SlackNotSent("upload", cause=cause_of(error), where=through(url)) from error

    async def share_upload(
        self, channel: str, thread_ts: str | None, file_id: str, title: str, *, comment: Sentence = ()
    ) -> None:
        """Share an uploaded file in a thread or a channel, at most once.

        After SlackOutcomeUnknown, look for the file with `find_upload`.
        """
        await self.call(
            "files.completeUploadExternal",
            within_s=self._upload_s,
            files=[{"id": file_id, "title": self._line(title)}],
            channel_id=channel,
            thread_ts=thread_ts,
            initial_comment=self.content(Message(comment))["text"] if comment else None,
        )

    async def find_upload(
        self, channel: str, thread_ts: str | None, file_id: str, *, since: float
    ) -> MessageFound | MessageAbsent | SearchInconclusive:
        """Find the message with which an uploaded file was shared in a thread or a channel."""
        return await find_by_file(self, channel, thread_ts, file_id, since=since)

    async def find_file_named(
        self, channel: str, thread_ts: str | None, name: str, *, since: float
    ) -> MessageFound | MessageAbsent | SearchInconclusive:
        """Find our message that shares a file of this name in a thread or a channel."""
        return await find_by_file_name(self, channel, thread_ts, name, since=since, ours=self.bot_user)

    # --- private answers ---

    async def respond(self, response_url: str, message: Message, *, replace: bool = False) -> None:
        """Answer privately through a response_url. With `replace`, the answer replaces the message that was clicked.

        Only Slack's own addresses are called, without following redirects. Raises SlackError.
        """
        if not self._addresses.allows_response(response_url):
            raise _foreign("response_url", response_url)
        with measured("response_url"):
            await self._respond(
                response_url, {**self.content(message), "response_type": "ephemeral", "replace_original": replace}
            )

    async def _respond(self, response_url: str, body: Json) -> None:
        await self.open()
        session = cast("aiohttp.ClientSession", self._session)
        try:
            async with (
                asyncio.timeout(self._call_s),
                session.post(
                    response_url, json=body, allow_redirects=False, auto_decompress=False, proxy=proxy_for(response_url)
                ) as answer,
            ):
                text = await _beginning(answer.content, ANSWER_MOST)
        except (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError) as error:
            raise SlackNotSent("response_url", cause=cause_of(error), where=through(response_url)) from error
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise SlackOutcomeUnknown("response_url", cause=cause_of(error), where=through(response_url)) from error
        if answer.status != 200 or _says_no(text):
            raise SlackRefused("response_url", f"http_{answer.status}")

    async def post_ephemeral(self, channel: str, user: str, message: Message, *, thread_ts: str | None = None) -> None:
        """Show a message in a channel or a thread to one person only."""
        content = self.content(message)
        await self.call("chat.postEphemeral", channel=channel, user=user, thread_ts=thread_ts, parse="none", **content)

    async def post_direct(self, user: str, message: Message, *, key: str) -> str:
        """Post into the direct message with a person. Returns the message's timestamp."""
        return await self.post_message(await self.direct_channel(user), message, key=key)

    async def direct_channel(self, user: str) -> str:
        """Return the channel of the direct messages with a person, opening it if needed."""
        channel = self._directs.get(user)
        if channel is None:
            answer = await self.call("conversations.open", users=user)
            channel = str(answer["channel"]["id"])
            # Opening has a lower limit than posting, and the result never changes.
            self._directs[user] = channel
        return channel


def _foreign(method: str, url: str) -> SlackRefused:
    """Log a foreign address, and return the refusal. Only its host is logged: the rest is a secret."""
    log.warning("an address isn't Slack's and wasn't used", method=method, host=_host(url))
    return SlackRefused(method, "foreign_address")


def _host(url: str) -> str:
    try:
        return cut(urlsplit(url).hostname or "", HOST_MOST)
    except ValueError:
        return ""


async def _beginning(content: aiohttp.StreamReader, most: int) -> str:
    """Read the first bytes of a body as text and ignore the rest."""
    parts: list[bytes] = []
    room = most
    while room > 0 and (part := await content.read(room)):
        parts.append(part)
        room -= len(part)
    return b"".join(parts).decode(errors="replace")


def _says_no(text: str) -> bool:
    """Whether a response_url's answer is `{"ok": false, …}`; otherwise it's `ok`, or empty."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(body, dict) and body.get("ok") is False


def _masked(value: object, mask: Callable[[str], str]) -> object:
    """Mask every text in a tree of blocks.

    A button's address is ours and stays as it is; in its value, only secrets are masked.
    """
    match value:
        case str():
            return mask(value)
        case list():
            return [_masked(one, mask) for one in value]
        case dict():
            kept = {"value", "url", "type", "action_id", "block_id", "style"}
            made = {name: one if name in kept else _masked(one, mask) for name, one in value.items()}
            carried = made.get("value")
            return made | {"value": without_secrets(carried, mask)} if isinstance(carried, str) else made
        case _:
            return value
