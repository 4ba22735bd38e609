"""Private replies: by response_url while it's valid, else by an ephemeral message, else by a direct message.

In a thread the ephemeral message comes first, because a response_url's answer would appear in the channel. In the
direct message with the bot, an ordinary message is private enough and doesn't disappear as an ephemeral one would.

Listeners answer through `tell` of `bot.slack.listener_context`, which tries again if Slack doesn't accept the answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from bot.core.model.asker import Asker
from bot.core.model.errors import SlackError, SlackRefused
from bot.core.model.request import Request
from bot.core.text.message import Message
from bot.flows.ports.slack import Chat

log = structlog.get_logger()

# The prefix of direct messages' ids. If the conversation is between other people, Slack refuses the message.
DIRECT = "D"

Way = Callable[[], Awaitable[object]]


class PrivateReplies:
    """Sends private replies. They never wait for the posting budget, and failures are never silent."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat

    async def reply_privately(self, asker: Asker, message: Message) -> bool:
        """Reply to the asker. False if Slack may accept the reply later; an error is logged if it never will."""
        return await self._by(self._ways(asker, message), asker)

    async def reply_lastingly(self, asker: Asker, message: Message) -> bool:
        """Notify a person who may be away: by direct message first, because ephemeral messages disappear."""
        ways: list[Way] = [lambda: self._chat.post_direct(asker.user, message, key="answer")]
        return await self._by([*ways, *self._ways(asker, message)], asker)

    async def _by(self, ways: list[Way], asker: Asker) -> bool:
        """Reply in the first of these ways that works."""
        errors: list[SlackError] = []
        for way in ways:
            try:
                await way()
            except SlackError as error:
                errors.append(error)
            else:
                return True
        if all(isinstance(error, SlackRefused) for error in errors):
            why = [str(error) for error in errors]
            log.error("no private reply could be delivered", user=asker.user, channel=asker.channel, why=why)
            return True
        log.info("a private reply has to wait", user=asker.user, why=str(errors[-1]))
        return False

    def _ways(self, asker: Asker, message: Message) -> list[Way]:
        """The ways to reply to this person, the best one first."""
        chat, thread = self._chat, asker.thread or None

        def here() -> Awaitable[object]:
            if asker.channel.startswith(DIRECT):
                return chat.post_message(asker.channel, message, key="answer", thread_ts=thread)
            return chat.post_ephemeral(asker.channel, asker.user, message, thread_ts=thread)

        # A click in App Home has no channel.
        ways: list[Way] = [here] if asker.channel else []
        if asker.response_url:
            ways.insert(1 if thread else 0, lambda: chat.respond(asker.response_url, message))
        return [*ways, lambda: chat.post_direct(asker.user, message, key="answer")]


def asker_of(request: Request) -> Asker:
    """The person who asked for a start, and the ways to reply to them."""
    channel = "" if request.direct else request.channel
    return Asker(request.team, request.user, channel, request.response_url, request.thread)
