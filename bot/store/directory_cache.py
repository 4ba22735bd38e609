"""Cache of people, channels and user groups from Slack, shared by all replicas.

`bot.slack.people` decides how long entries are valid.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.core.model.errors import StoreUnavailable
from bot.store.scripts import Scripts

# An answer requested before a change must not be cached after it. No call takes longer than this.
FORGOTTEN_S = 15
PEOPLE_S = 2 * 86_400
SCANNED = 1000


class DirectoryCache:
    """Implements `PeopleCache` of `bot.slack.people` and `DirectoryCache` of `bot.slack.directory`.

    Without Redis, nothing is cached.
    """

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def recall(self, name: str) -> str | None:
        """Return the text cached under a name, or None."""
        try:
            kept: str | None = await self._scripts.ask(self._scripts.redis.get(self._scripts.key("told", name)))
        except StoreUnavailable:
            return None
        return kept

    async def keep(self, name: str, text: str, for_s: float) -> None:
        """Cache a text for this many seconds, unless its name was just invalidated."""
        try:
            await self._scripts.run("cache_answer", name, text, round(for_s * 1000))
        except StoreUnavailable:
            return

    async def forget(self, name: str) -> None:
        """Invalidate a name, because its value has changed. Raises StoreUnavailable."""
        await self._scripts.run("invalidate_answer", name, FORGOTTEN_S)

    async def keep_all(self, texts: Mapping[str, str], for_s: float) -> None:
        """Cache many texts by name. Raises StoreUnavailable."""
        if texts:
            pairs = [part for pair in texts.items() for part in pair]
            await self._scripts.run("cache_answers", round(for_s * 1000), *pairs)

    # --- people: one hash, because one key per person would take four times the memory ---

    async def recall_person(self, list_name: str, user: str) -> str | None:
        """Return a person's entry in a cached list, or None."""
        key = self._scripts.key("told", list_name)
        try:
            kept: str | None = await self._scripts.ask(self._scripts.redis.hget(key, user))
        except StoreUnavailable:
            return None
        return kept

    async def people_in(self, list_name: str) -> Mapping[str, str]:
        """Return all entries of a cached list, by user id. Raises StoreUnavailable."""
        redis, key, cursor = self._scripts.redis, self._scripts.key("told", list_name), 0
        people: dict[str, str] = {}
        while True:
            cursor, found = await self._scripts.ask(redis.hscan(key, cursor, count=SCANNED))
            people |= found
            if cursor == 0:
                return people

    async def keep_people(self, list_name: str, entries: Mapping[str, str]) -> None:
        """Cache entries by user id, unless a newer one is cached.

        Each entry begins with its time in Unix seconds. Raises StoreUnavailable.
        """
        if entries:
            pairs = [part for pair in entries.items() for part in pair]
            await self._scripts.run("cache_people", list_name, PEOPLE_S, *pairs)

    async def drop_people(self, list_name: str, before: float) -> None:
        """Drop entries older than `before` (Unix seconds). Raises StoreUnavailable."""
        redis, key, cursor = self._scripts.redis, self._scripts.key("told", list_name), 0
        while True:
            cursor, found = await self._scripts.ask(redis.hscan(key, cursor, count=SCANNED))
            old = [user for user, entry in found.items() if int(entry.partition(":")[0]) < before]
            if old:
                await self._scripts.ask(redis.hdel(key, *old))
            if cursor == 0:
                return

    # --- lists that one replica reads for all ---

    async def begin_reading(self, name: str, lease_s: float) -> float:
        """Take the lock to read a list: returns 0, or the seconds until it may be read. Raises StoreUnavailable."""
        redis = self._scripts.redis
        left_ms = await self._scripts.ask(redis.pttl(self._scripts.key("told", "read", name)))
        if left_ms > 0:
            return float(left_ms) / 1000
        lock = self._scripts.key("told", "reading", name)
        is_ours = await self._scripts.ask(redis.set(lock, "1", nx=True, px=round(lease_s * 1000)))
        return 0.0 if is_ours else lease_s

    async def go_on_reading(self, name: str, lease_s: float) -> None:
        """Extend the lock on reading a list. Raises StoreUnavailable."""
        lock = self._scripts.key("told", "reading", name)
        await self._scripts.ask(self._scripts.redis.set(lock, "1", px=round(lease_s * 1000)))

    async def end_reading(self, name: str, *, good_for_s: float) -> None:
        """Release the lock. No replica reads the list again for `good_for_s` seconds. Raises StoreUnavailable."""
        redis = self._scripts.redis
        if good_for_s > 0:
            read = self._scripts.key("told", "read", name)
            await self._scripts.ask(redis.set(read, "1", px=round(good_for_s * 1000)))
        await self._scripts.ask(redis.delete(self._scripts.key("told", "reading", name)))
