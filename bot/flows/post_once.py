"""Posting once, although Slack has no idempotency keys.

An attempt is recorded before it's sent. If the outcome of an attempt is unknown, the message is searched for by the key
in its metadata, once after the attempt's timeout and once more later. The message is posted again only if it's absent.
If the channel can't be read back, the caller decides which is worse: posting twice or never.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from bot.core.model.errors import SlackNotSent, SlackOutcomeUnknown, SlackThrottled
from bot.core.model.sent_message import MessageAbsent, MessageFound, SearchInconclusive
from bot.flows.claimed_post import ClaimedPost
from bot.flows.ports.store import PostLane

NOT_SENT_AGAIN_S = 2.0
LOOK_AGAIN_S = 10.0

Send = Callable[[], Awaitable[str]]
Find = Callable[[float], Awaitable[MessageFound | MessageAbsent | SearchInconclusive]]


class Unresolved(Exception):  # noqa: N818 - not one of the bot's errors: it never leaves the flows
    """The outcome of an earlier attempt can't be found out, and posting twice would be worse than not posting."""


async def post_once(
    posts: PostLane, post: ClaimedPost, *, send: Send, find: Find, settle_s: float, twice_is_better: bool
) -> str | None:
    """Post a message and return its ts, or None if it was put back for later or another replica has it now.

    `settle_s` is how long a call with a lost response may still take effect. Raises SlackRefused if `send` does, or
    Unresolved.
    """
    attempt = await posts.attempt(post)
    if attempt.word == "half":
        unsettled_s = settle_s - post.lease.since_s(datetime.fromtimestamp(attempt.at, UTC))
        if unsettled_s > 0:
            await posts.put_back(post, delay_s=unsettled_s)
            return None
        try:
            found = await find(attempt.at)
        except (SlackNotSent, SlackOutcomeUnknown, SlackThrottled) as away:
            await posts.put_back(post, delay_s=away.retry_after_s if isinstance(away, SlackThrottled) else settle_s)
            return None
        if isinstance(found, MessageFound):
            return found.ts
        if isinstance(found, MessageAbsent) and attempt.kind == "sent":
            await posts.put_back(post, delay_s=LOOK_AGAIN_S, record=f"absent:{round(attempt.at * 1e6)}")
            return None
        if isinstance(found, SearchInconclusive) and not twice_is_better:
            raise Unresolved
        attempt = await posts.attempt(post, "again")
    if attempt.word != "go":
        return None
    if not post.lease.is_valid_for(settle_s / 2):
        await posts.put_back(post, delay_s=0, record="")
        return None
    return await _send(posts, post, send, settle_s)


async def _send(posts: PostLane, post: ClaimedPost, send: Send, settle_s: float) -> str | None:
    try:
        return await send()
    except SlackNotSent:
        await posts.put_back(post, delay_s=NOT_SENT_AGAIN_S, record="")
    except SlackThrottled as throttled:
        # A limit on chat.postMessage applies to every post; another method's limit only delays this post.
        everyone = throttled.method == "chat.postMessage"
        if everyone:
            await posts.hold(throttled.retry_after_s)
        await posts.put_back(post, delay_s=0 if everyone else throttled.retry_after_s, record="")
    except SlackOutcomeUnknown:
        await posts.put_back(post, delay_s=settle_s)
    return None
