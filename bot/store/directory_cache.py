"""What Slack said of people, channels and user groups: kept for a while, for every replica."""

from __future__ import annotations

from collections.abc import Mapping

from bot.core.model.errors import StoreUnavailable
from bot.store.scripts import Scripts

# Whoever asked before something changed must not keep the old answer after it: no call takes longer than this.
FORGOTTEN_S = 15
PEOPLE_S = 2 * 86_400
SCANNED = 1000


class DirectoryCache:
    """Implements the `DirectoryCache` of `bot.slack.people`. Without Redis it remembers nothing."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def recall(self, name: str) -> str | None:
        """What is kept under a name."""
        try:
            kept: str | None = await self._scripts.ask(self._scripts.redis.get(self._scripts.key("told", name)))
        except StoreUnavailable:
            return None
        return kept

    async def keep(self, name: str, text: str, for_s: float) -> None:
        """Keep something for so many seconds, unless it was forgotten just now."""
        try:
            await self._scripts.run("keep", name, text, round(for_s * 1000))
        except StoreUnavailable:
            return

    async def forget(self, name: str) -> None:
        """It has changed. Raises StoreUnavailable."""
        await self._scripts.run("forget", name, FORGOTTEN_S)

    async def keep_all(self, texts: Mapping[str, str], for_s: float) -> None:
        """Keep many, by name. Raises StoreUnavailable."""
        if texts:
            pairs = [part for pair in texts.items() for part in pair]
            await self._scripts.run("keep_all", round(for_s * 1000), *pairs)

    # --- people: one hash, for a key each would take four times the memory ---

    async def recall_person(self, book: str, user: str) -> str | None:
        """The entry of a person in a book of people."""
        key = self._scripts.key("told", book)
        try:
            kept: str | None = await self._scripts.ask(self._scripts.redis.hget(key, user))
        except StoreUnavailable:
            return None
        return kept

    async def keep_people(self, book: str, entries: Mapping[str, str]) -> None:
        """Keep entries by user id, unless a later one is kept. Each begins with its time, in unix seconds. Raises StoreUnavailable."""
        if entries:
            pairs = [part for pair in entries.items() for part in pair]
            await self._scripts.run("keep_people", book, PEOPLE_S, *pairs)

    async def drop_people(self, book: str, before: float) -> None:
        """Drop the entries that are older than that, in unix seconds. Raises StoreUnavailable."""
        redis, key, cursor = self._scripts.redis, self._scripts.key("told", book), 0
        while True:
            cursor, found = await self._scripts.ask(redis.hscan(key, cursor, count=SCANNED))
            old = [user for user, entry in found.items() if int(entry.partition(":")[0]) < before]
            if old:
                await self._scripts.ask(redis.hdel(key, *old))
            if cursor == 0:
                return

    # --- lists that one replica reads for all ---

    async def begin_reading(self, name: str, lease_s: float) -> float:
        """0 if the list is this replica's to read now, else the seconds until it may be. Raises StoreUnavailable."""
        redis = self._scripts.redis
        left_ms = await self._scripts.ask(redis.pttl(self._scripts.key("told", "read", name)))
        if left_ms > 0:
            return float(left_ms) / 1000
        lock = self._scripts.key("told", "reading", name)
        is_ours = await self._scripts.ask(redis.set(lock, "1", nx=True, px=round(lease_s * 1000)))
        return 0.0 if is_ours else lease_s

    async def go_on_reading(self, name: str, lease_s: float) -> None:
        """Keep the list. Raises StoreUnavailable."""
        lock = self._scripts.key("told", "reading", name)
        await self._scripts.ask(self._scripts.redis.set(lock, "1", px=round(lease_s * 1000)))

    async def end_reading(self, name: str, *, good_for_s: float) -> None:
        """Let the list go; nobody reads it again for so long. Raises StoreUnavailable."""
        redis = self._scripts.redis
        if good_for_s > 0:
            read = self._scripts.key("told", "read", name)
            await self._scripts.ask(redis.set(read, "1", px=round(good_for_s * 1000)))
        await self._scripts.ask(redis.delete(self._scripts.key("told", "reading", name)))
