"""Retry requests to Bolt: reads after temporary errors, but never mutations, such as starts.

A reply's error is named in `bot.paradime.classify_response`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import stamina

from bot.core.model.errors import BoltNotSent, BoltOutcomeUnknown, BoltThrottled, BoltTooLarge
from bot.paradime.classify_response import GraphqlReply, Json, rejection

Post = Callable[[str, Json], Awaitable[GraphqlReply]]


@dataclass(frozen=True, slots=True)
class RetryLimits:
    """How often a read is tried: up to `attempts` times within `for_s` seconds in total.

    The wait before the second attempt is `first_wait_s`, with jitter, and grows from then on.
    """

    attempts: int = 3
    for_s: float = 15
    first_wait_s: float = 0.3


class RequestSender:
    """Sends documents with `post`: `read` retries a query, `once` sends it once, and `change` sends a mutation once.

    `timeout_s` is a request's total time: a read may take that long even if its retries have to end sooner.
    """

    def __init__(self, post: Post, limits: RetryLimits, *, timeout_s: float) -> None:
        self._post = post
        self._limits = limits
        self._timeout_s = timeout_s

    async def once(self, document: str, variables: Json) -> GraphqlReply:
        """Send a query once. Raises BoltError, even if the reply has data besides its errors."""
        reply = await self._post(document, variables)
        if reply.errors:
            raise rejection(reply)
        return reply

    async def change(self, document: str, variables: Json) -> GraphqlReply:
        """Send a mutation once. Errors in the reply count as a refusal only if nothing can have been executed."""
        try:
            reply = await self._post(document, variables)
        except BoltTooLarge as error:
            raise BoltOutcomeUnknown from error
        if reply.errors and not any((reply.data or {}).values()):
            # The path is below the mutation itself: it was executed, and only returning its result failed.
            if any(len(error.path) > 1 for error in reply.errors):
                raise BoltOutcomeUnknown("Bolt carried out the request but didn't return the result.")
            raise rejection(reply)
        return reply

    async def read(self, document: str, variables: Json) -> GraphqlReply:
        """Send a query, and retry it after a temporary error, because reading twice does no harm."""
        limits = self._limits
        deadline_s = time.monotonic() + limits.for_s
        attempts = stamina.retry_context(
            on=lambda error: wait_to_read_again(error, deadline_s - time.monotonic()),
            attempts=limits.attempts,
            timeout=limits.for_s,
            wait_initial=limits.first_wait_s,
            wait_jitter=limits.first_wait_s,
            wait_max=limits.for_s / 3,
        )
        try:
            async with asyncio.timeout(max(limits.for_s, self._timeout_s)):
                async for attempt in attempts:
                    with attempt:
                        return await self.once(document, variables)
        except TimeoutError as error:
            raise BoltOutcomeUnknown from error
        raise BoltOutcomeUnknown  # pragma: no cover - the last attempt has raised


def wait_to_read_again(error: Exception, left_s: float) -> bool | float:
    """Return whether a read is retried after this error, or how many seconds to wait first.

    The read isn't retried if Bolt asks for a longer wait than the time that is left: the answer would come too late.
    """
    if isinstance(error, BoltThrottled):
        return error.retry_after_s if error.retry_after_s < left_s else False
    return isinstance(error, (BoltNotSent, BoltOutcomeUnknown))
