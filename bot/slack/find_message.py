"""Read messages back: by metadata key or file after a lost reply, by timestamp after a lost record.

`bot.flows.post_once` decides when to search, and whether to post again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from bot.core.model.errors import MessageGone, SlackRefused
from bot.core.model.sent_message import MessageAbsent, MessageButton, MessageFound, SearchInconclusive, SlackMessage
from bot.slack.payload_shapes import record_in, records, text_in

# Our clock and Slack's may differ slightly.
MARGIN_S = 10.0
PAGE = 100
PAGES_MOST = 5

Json = dict[str, Any]


class WebApi(Protocol):
    """Calls methods of the Web API."""

    async def call(
        self, method: str, *, within_s: float | None = None, spare: bool = False, **arguments: object
    ) -> Json:
        """Call once. `spare`: the call is optional (see `bot.slack.call_limits`). Raises SlackError."""


async def find_by_key(
    slack: WebApi, channel: str, key: str, *, since: float, thread_ts: str | None, ours: str
) -> MessageFound | MessageAbsent | SearchInconclusive:
    """Find our message whose metadata has this key, in a channel or a thread."""

    def is_it(message: Json) -> bool:
        return _key(message) == key and (not ours or message.get("user") in (ours, None))

    return await _find(slack, channel, thread_ts, since, is_it)


def _key(message: Json) -> str:
    """Return the key in a message's metadata."""
    return text_in(record_in(record_in(message, "metadata"), "event_payload"), "key")


async def find_by_file(
    slack: WebApi, channel: str, thread_ts: str | None, file_id: str, *, since: float
) -> MessageFound | MessageAbsent | SearchInconclusive:
    """Find the message with which a file was shared in a thread or a channel."""

    def is_it(message: Json) -> bool:
        return any(file.get("id") == file_id for file in message.get("files") or [])

    return await _find(slack, channel, thread_ts, since, is_it)


async def find_by_file_name(
    slack: WebApi, channel: str, thread_ts: str | None, name: str, *, since: float, ours: str
) -> MessageFound | MessageAbsent | SearchInconclusive:
    """Find our message that shared a file of this name, in a channel or a thread."""

    def is_it(message: Json) -> bool:
        named = any(file.get("name") == name for file in message.get("files") or [])
        return named and (not ours or message.get("user") in (ours, None))

    return await _find(slack, channel, thread_ts, since, is_it)


async def read_message(slack: WebApi, channel: str, ts: str, *, ours: str, within_s: float) -> SlackMessage | None:
    """Read a message with its buttons. Returns None if it doesn't exist. Raises SlackError."""
    try:
        page = await slack.call(
            "conversations.replies",
            within_s=within_s,
            channel=channel,
            ts=ts,
            limit=1,
            include_all_metadata=True,
        )
    except MessageGone:
        return None
    found = next((one for one in page.get("messages") or [] if one.get("ts") == ts), None)
    return posted_message(found, ours=ours) if found is not None else None


def posted_message(message: Json, *, ours: str) -> SlackMessage:
    """Convert a message from Slack's JSON, with its buttons."""
    elements = [
        element
        for block in records(message.get("blocks"))
        for element in [*records(block.get("elements")), record_in(block, "accessory")]
        if element.get("type") == "button"
    ]
    buttons = (MessageButton(*(text_in(one, name) for name in ("action_id", "value", "url"))) for one in elements)
    return SlackMessage(bool(ours) and message.get("user") == ours, tuple(buttons), _key(message))


async def _find(
    slack: WebApi, channel: str, thread_ts: str | None, since: float, is_it: Callable[[Json], bool]
) -> MessageFound | MessageAbsent | SearchInconclusive:
    """Search back to the attempt. Inconclusive if Slack refuses the search, or there are too many messages.

    Raises SlackNotSent, SlackOutcomeUnknown and SlackThrottled: search again later.
    """
    method = "conversations.replies" if thread_ts else "conversations.history"
    cursor = None
    for _ in range(PAGES_MOST):
        try:
            page = await slack.call(
                method,
                channel=channel,
                ts=thread_ts,
                oldest=f"{since - MARGIN_S:.6f}",
                limit=PAGE,
                cursor=cursor,
                include_all_metadata=True,
            )
        except SlackRefused:
            return SearchInconclusive()
        for message in page.get("messages") or []:
            if is_it(message):
                return MessageFound(str(message["ts"]))
        cursor = (page.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            return MessageAbsent()
    return SearchInconclusive()
