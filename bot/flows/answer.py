"""Answering one person privately: by response_url while it lasts, else an ephemeral message, else a direct one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from bot.core.errors import SlackError, SlackRefused
from bot.core.message import Message
from bot.flows.ports import Asker, Chat

log = structlog.get_logger()


class Answers:
    """Private answers. They never wait for the posting budget, and a failure is never silent."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat

    async def privately(self, asker: Asker, message: Message) -> bool:
        """Answer the asker. False where Slack may take the answer later; where it refuses every way, that is logged."""
        ways: list[Callable[[], Awaitable[object]]] = [lambda: self._chat.direct(asker.user, message, key="answer")]
        if asker.channel:
            ways.insert(0, lambda: self._chat.whisper(asker.channel, asker.user, message))
        if asker.response_url:
            ways.insert(0, lambda: self._chat.respond(asker.response_url, message))
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
            log.error("nobody could be answered", user=asker.user, channel=asker.channel, why=why)
            return True
        log.info("an answer has to wait", user=asker.user, why=str(errors[-1]))
        return False
