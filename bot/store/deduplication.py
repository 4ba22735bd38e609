"""Deduplicate deliveries, so that no copy is handled twice. Each kind of delivery has its own key and lifetimes.

`bot.slack.admission` explains which copies are replays.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.model.delivery import DeliveryState
from bot.core.model.request import request_id
from bot.store.scripts import Scripts

# The previous version stored the delivery of a picture as this one word. It's still read, because that version may be
# running side by side with this one.
OLD_WORDS = {"1": DeliveryState.DONE}


@dataclass(frozen=True, slots=True)
class DeliveryKind:
    """A kind of delivery, stored under one key for `begun_s` seconds from its start and `done_s` seconds from its end.

    `hashed`: stored under a short hash, because names may have any length.
    """

    key: str
    begun_s: float
    done_s: float
    hashed: bool = True

    def name(self, delivery: str) -> str:
        """Return the part of a key that identifies a delivery."""
        return request_id("", delivery) if self.hashed else delivery


# Slack's signature on a command or a click is valid for five minutes before and after its time.
PERSON_REQUESTS = DeliveryKind("seen", begun_s=600, done_s=600)
# A message takes less than ten seconds to handle; if the process dies, Slack's next delivery is handled. Slack retries
# after one and five minutes, and for a day if the app asks for it.
MESSAGES = DeliveryKind("heard", begun_s=10, done_s=86_400, hashed=False)
# A picture that everyone sees. Slack repeats a command within a minute.
PICTURES = DeliveryKind("delivered", begun_s=600, done_s=600)


class Deduplication:
    """Implements the flows' `Deduplication` port for one kind of delivery."""

    def __init__(self, scripts: Scripts, kind: DeliveryKind) -> None:
        self._scripts = scripts
        self._kind = kind

    async def begin(self, delivery: str) -> DeliveryState:
        """Begin to handle a delivery, unless a copy was seen before. Raises StoreUnavailable."""
        name, for_ms = self._kind.name(delivery), round(self._kind.begun_s * 1000)
        word = str(await self._scripts.run("begin_delivery", self._kind.key, name, for_ms))
        return OLD_WORDS.get(word) or DeliveryState(word)

    async def done(self, delivery: str) -> None:
        """Record that a delivery was handled: further copies are ignored. Raises StoreUnavailable."""
        key = self._scripts.key(self._kind.key, self._kind.name(delivery))
        await self._scripts.ask(self._scripts.redis.set(key, DeliveryState.DONE, px=round(self._kind.done_s * 1000)))
