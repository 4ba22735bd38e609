"""Answering one person privately: by response_url while it lasts, else an ephemeral message, else a direct one."""

from __future__ import annotations

import structlog

from bot.core.errors import SlackError, SlackNotSent
from bot.core.message import Message
from bot.flows.ports import Asker, Chat

log = structlog.get_logger()


class Answers:
    """Private answers. They never wait for the posting budget, and a failure is never silent."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat

    async def privately(self, asker: Asker, message: Message) -> bool:
        """Answer the asker. False where Slack cannot be reached at all; where it refuses every way, that is logged."""
        try:
            return await self._whisper_or_direct(asker, message, first=await self._respond(asker, message))
        except SlackNotSent:
            return False

    async def _respond(self, asker: Asker, message: Message) -> bool:
        if not asker.response_url:
            return False
        try:
            await self._chat.respond(asker.response_url, message)
        except SlackNotSent:
            raise
        except SlackError:
            return False
        return True

    async def _whisper_or_direct(self, asker: Asker, message: Message, *, first: bool) -> bool:
        if first:
            return True
        try:
            await self._chat.whisper(asker.channel, asker.user, message)
        except SlackNotSent:
            raise
        except SlackError as refused:
            return await self._direct(asker, message, refused)
        return True

    async def _direct(self, asker: Asker, message: Message, refused: SlackError) -> bool:
        try:
            await self._chat.direct(asker.user, message, key="answer")
        except SlackNotSent:
            raise
        except SlackError as error:
            log.error(
                "nobody could be answered", user=asker.user, channel=asker.channel, why=[str(refused), str(error)]
            )
        return True
