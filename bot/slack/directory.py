"""Read the workspace's people and the bot's channels from Slack once a day, by one replica for all.

The list of channels is read sooner if many channels that aren't in it have to be looked up: one page has 999 of them,
while Slack answers only about 45 single lookups a minute.

Methods: users.list (tier 2) and the bot's own users.conversations (tier 3), both paged. For people it keeps their
roles, and the domain of their address if the policy names one; for channels the name, the kind, and whether they're
shared. So a command needs no call to Slack, however many people begin to use the bot within a minute.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Protocol

import structlog

from bot.core.model.errors import (
    ScopeMissing,
    SlackError,
    SlackNotSent,
    SlackOutcomeUnknown,
    SlackRefused,
    SlackThrottled,
    StoreUnavailable,
)
from bot.slack.affiliation import Installation
from bot.slack.directory_entries import PEOPLE_LIST, channel_entry, known_channel, person_entry
from bot.slack.find_message import WebApi
from bot.slack.people import KEPT_S, known_person

log = structlog.get_logger()

# Read again before the cached entries are too old.
READ_AGAIN_S = 0.95 * KEPT_S
# Slack accepts "fewer than 1000" for users.list, and 999 for users.conversations.
PAGE = 999
# How long one page may take: with this many people, it's 2 MB.
PAGE_S = 10.0
LEASE_S = 15.0
RENEW_S = 5.0
# How often a replica checks whether a list is due.
LOOK_S = 60.0
# The lock for reading the channels ahead of schedule, and how long it prevents another such read.
SOONER, SOONER_AGAIN_S = "channels-sooner", 300.0
# The name of the list that includes email domains: they're read only if the policy needs them.
WITH_DOMAINS = f"{PEOPLE_LIST}:domains"
# How long to wait before retrying a failed call, and before retrying a list that Slack refused.
CALL_AGAIN_S = 5.0
REFUSED_S = 1800.0
KINDS = ("public_channel", "private_channel")

Json = dict[str, Any]
# Reads a whole list, under the name of its lock, and returns how many entries it had.
Read = Callable[[str], Awaitable[int]]


class DirectoryCache(Protocol):
    """Caches the lists for all replicas. Every method may raise StoreUnavailable."""

    async def keep_people(self, list_name: str, entries: Mapping[str, str]) -> None:
        """Cache entries by user id, unless a newer one is cached."""

    async def drop_people(self, list_name: str, before: float) -> None:
        """Drop entries older than `before` (Unix seconds)."""

    async def keep_all(self, texts: Mapping[str, str], for_s: float) -> None:
        """Cache texts by name, unless they were just invalidated."""

    async def begin_reading(self, name: str, lease_s: float) -> float:
        """Take the lock to read a list: returns 0, or the seconds until it may be read."""

    async def go_on_reading(self, name: str, lease_s: float) -> None:
        """Extend the lock on reading a list."""

    async def end_reading(self, name: str, *, good_for_s: float) -> None:
        """Release the lock. No replica reads the list again for `good_for_s` seconds."""


class Directory:
    """Read both lists regularly. `domains`: whether the policy names email addresses.

    `report_fault` logs an unexpected error.
    """

    def __init__(
        self,
        slack: WebApi,
        cache: DirectoryCache,
        *,
        installation: Installation,
        domains: Callable[[], bool],
        report_fault: Callable[[str, BaseException], str],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._slack = slack
        self._cache = cache
        self._installation = installation
        self._domains = domains
        self._report_fault = report_fault
        self._now = now
        self._wanted = asyncio.Event()

    def want_channels(self) -> None:
        """Read the list of channels sooner, because channels that aren't in it have to be looked up."""
        self._wanted.set()

    async def run(self) -> None:
        """Read until cancelled."""
        await asyncio.gather(
            self._repeat(lambda: "channels", self._read_channels),
            self._repeat(self._people_list, self._read_people),
            self._read_sooner(),
        )

    def _people_list(self) -> str:
        return WITH_DOMAINS if self._domains() else PEOPLE_LIST

    async def _repeat(self, list_name: Callable[[], str], read: Read) -> None:
        while True:
            wait_s = await self._read_if_due(list_name(), read, READ_AGAIN_S)
            await asyncio.sleep(min(wait_s, LOOK_S))

    async def _read_sooner(self) -> None:
        while True:
            await self._wanted.wait()
            await self._read_if_due(SOONER, self._read_channels, SOONER_AGAIN_S)
            # Requests that came in the meantime are satisfied too, because they find the list that was just read.
            self._wanted.clear()

    async def _read_if_due(self, name: str, read: Read, fresh_for_s: float) -> float:
        """Read a list unless it's still fresh. Returns the seconds until the next check."""
        try:
            wait_s = await self._cache.begin_reading(name, LEASE_S)
            return wait_s if wait_s > 0 else await self._read(name, read, fresh_for_s)
        except StoreUnavailable:
            return CALL_AGAIN_S
        except Exception as error:  # noqa: BLE001 - any error is logged, and the list is read again
            self._report_fault(f"reading {name}", error)
            return LOOK_S

    async def _read(self, name: str, read: Read, fresh_for_s: float) -> float:
        """Read one list and return when to look again. Raises StoreUnavailable.

        If a process dies, another one starts over once the lease has expired.
        """
        good_for_s, began = 0.0, time.monotonic()
        try:
            count = await read(name)
        except ScopeMissing as missing:
            log.warning("a list couldn't be read from Slack: a scope is missing", what=name, method=missing.method)
            good_for_s = REFUSED_S
        except SlackError as error:
            log.warning("a list couldn't be read from Slack", what=name, why=str(error))
            good_for_s = LOOK_S
        else:
            log.info("read a list from Slack", what=name, count=count, seconds=round(time.monotonic() - began, 1))
            good_for_s = fresh_for_s
        finally:
            await self._cache.end_reading(name, good_for_s=good_for_s)
        return good_for_s

    async def _read_channels(self, name: str) -> int:
        count = 0
        missing: ScopeMissing | None = None
        for kind in KINDS:
            try:
                async for at, channels in self._pages(
                    name, "users.conversations", "channels", types=kind, exclude_archived=True, spare=True
                ):
                    found = {
                        f"place:{one['id']}": channel_entry(known_channel(one, at, is_ours=True)) for one in channels
                    }
                    await self._cache.keep_all(found, KEPT_S)
                    count += len(found)
            except ScopeMissing as error:
                missing = error
        if missing is not None and not count:
            raise missing
        return count

    async def _read_people(self, name: str) -> int:
        count, began = 0, self._now()
        async for at, people in self._pages(name, "users.list", "members"):
            known = {
                str(one["id"]): known_person(one, self._installation, at, domains=name == WITH_DOMAINS)
                for one in people
            }
            await self._cache.keep_people(PEOPLE_LIST, {user: person_entry(one) for user, one in known.items()})
            count += len(known)
        await self._cache.drop_people(PEOPLE_LIST, began - KEPT_S)
        return count

    async def _pages(
        self, name: str, method: str, what: str, **arguments: object
    ) -> AsyncIterator[tuple[float, list[Json]]]:
        """Iterate over the pages, each with the time of its request. Raises SlackRefused and StoreUnavailable."""
        cursor = None
        while True:
            at = self._now()
            page = await self._page(name, method, limit=PAGE, cursor=cursor, **arguments)
            yield at, [one for one in page.get(what) or [] if one.get("id")]
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return

    async def _page(self, name: str, method: str, **arguments: Any) -> Json:  # noqa: ANN401 - Slack's arguments
        """Read one page, retrying until Slack returns it."""
        while True:
            await self._cache.go_on_reading(name, LEASE_S)
            try:
                return await self._slack.call(method, within_s=PAGE_S, **arguments)
            except SlackRefused:
                raise
            except (SlackThrottled, SlackNotSent, SlackOutcomeUnknown) as away:
                wait_s = away.retry_after_s if isinstance(away, SlackThrottled) else CALL_AGAIN_S
            while wait_s > 0:
                await asyncio.sleep(min(wait_s, RENEW_S))
                await self._cache.go_on_reading(name, LEASE_S)
                wait_s -= RENEW_S
