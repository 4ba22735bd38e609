"""Shared parts of all posts: fallback to text if Slack refuses blocks, unreachable channels, and duplicates.

`bot.slack.errors` tells Slack's errors apart.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from bot.core.model.errors import ChannelRefused, ContentRefused, CredentialRefused, SlackError, SlackRefused
from bot.core.model.run import CardRef
from bot.core.text.message import Message, without_blocks
from bot.flows.claimed_post import ClaimedPost
from bot.flows.ports.slack import Chat
from bot.flows.ports.store import PostLane
from bot.flows.post_once import post_once

log = structlog.get_logger()

UNREACHABLE_S = 600.0
CREDENTIAL_AGAIN_S = 30.0
# Slack cuts longer texts, and escaping makes a text longer.
TEXT_SHOWN = 2_900


class MessagePoster:
    """Posts and removes messages, and remembers which channels refuse them.

    `settle_s`: how long a call with a lost response may still take effect.
    """

    def __init__(self, chat: Chat, posts: PostLane, *, settle_s: float) -> None:
        self._chat = chat
        self._posts = posts
        self._settle_s = settle_s

    async def post_message_once(
        self,
        post: ClaimedPost,
        message: Message,
        key: str,
        thread: str | None = None,
        *,
        least: Message | None = None,
        sent: list[str] | None = None,
        twice_is_better: bool = True,
    ) -> str | None:
        """Post a claimed message as `post_once` does; an earlier attempt is found by `key`.

        `least` is sent if Slack refuses the message in every form. The ts of a message that had to be sent, because
        none was found, is added to `sent`.
        """

        async def send() -> str:
            try:
                ts = await self.post_with_fallback(post.channel, message, key, thread)
            except ContentRefused as refused:
                if least is None:
                    raise
                log.error(
                    "Slack refused a message in every form; posting a message that says so instead",
                    key=key,
                    why=refused.code,
                )
                ts = await self._chat.post_message(post.channel, least, key=key, thread_ts=thread)
            if sent is not None:
                sent.append(ts)
            return ts

        return await post_once(
            self._posts,
            post,
            send=send,
            find=lambda since: self._chat.find_message(post.channel, key, since=since, thread_ts=thread),
            settle_s=self._settle_s,
            twice_is_better=twice_is_better,
        )

    async def post_with_fallback(self, channel: str, message: Message, key: str, thread: str | None) -> str:
        """Post a message; if Slack refuses its blocks, post them as plain text, and finally its sentence alone.

        Raises SlackError.
        """
        try:
            return await self._chat.post_message(channel, message, key=key, thread_ts=thread)
        except ContentRefused as refused:
            log.error("Slack refused a post's blocks; posting it as text", key=key, why=refused.code)
        plain = without_blocks(message, TEXT_SHOWN)
        try:
            return await self._chat.post_message(channel, plain, key=key, thread_ts=thread)
        except ContentRefused as refused:
            log.error("Slack refused a post's text; posting only its summary", key=key, why=refused.code)
            return await self._chat.post_message(channel, Message(message.text), key=key, thread_ts=thread)

    async def check_reachable(self, channel: str) -> None:
        """Raise ChannelRefused if the channel is known to be unreachable."""
        why = await self._posts.unreachable_why(channel)
        if why is not None:
            raise ChannelRefused("chat.postMessage", why)

    async def mark_unreachable(self, channel: str, refused: ChannelRefused) -> None:
        """For a while, skip a channel that refuses posts, so that it doesn't use up other channels' slots."""
        if await self._posts.unreachable_why(channel) is None:
            log.warning(
                "a channel is unreachable; the ends of its runs will be sent to the people who asked for them",
                channel=channel,
                why=refused.code,
            )
            await self._posts.mark_unreachable(channel, refused.code, for_s=UNREACHABLE_S)

    async def try_to_post(
        self, post: ClaimedPost, send: Callable[[], Awaitable[None]], *, even_if_unreachable: bool = False
    ) -> str | None:
        """Send a claimed post with `send`, or put it back if the bot's token or the channel is refused.

        `even_if_unreachable`: try even if the channel has refused another post lately. Returns Slack's code if Slack
        refuses the post itself; the caller then gives up on it.
        """
        if not even_if_unreachable and await self._posts.unreachable_why(post.channel) is not None:
            # The post isn't tried now. An earlier attempt may have posted it, so the record of that attempt stays.
            await self._posts.put_back_refused(post, record=None)
            return None
        try:
            await send()
        except CredentialRefused as refused:
            await self.wait_for_token(post, refused)
        except ChannelRefused as refused:
            # The post stays queued until the channel accepts messages again, and then shows the state at that time.
            await self.mark_unreachable(post.channel, refused)
            await self._posts.put_back_refused(post)
        except SlackRefused as refused:
            return refused.code
        return None

    async def wait_for_token(self, post: ClaimedPost, refused: CredentialRefused) -> None:
        """Put a post back because Slack refuses the bot's token, which may be accepted again."""
        log.error("Slack refuses my token", why=refused.code, method=refused.method)
        await self._posts.put_back(post, delay_s=CREDENTIAL_AGAIN_S, record="")

    async def remove_unless_recorded(self, message: CardRef, recorded: str) -> None:
        """Delete a message unless it's the one on record. `recorded` is the result of recording it."""
        if recorded not in {"ok", f"done:{message.ts}"}:
            await self.remove_duplicate(message)

    async def remove_duplicate(self, message: CardRef) -> None:
        """Delete a message that was posted twice."""
        try:
            await self._chat.delete_message(message.channel, message.ts)
        except SlackError as error:
            log.error("a duplicate message couldn't be removed", ts=message.ts, why=str(error))
