"""Reads who is in the workspace and which channels the bot is in, once a day, by one replica for all.

Methods: users.list (tier 2) and users.conversations of the bot itself (tier 3), both by pages. Of people their roles are kept, and the
domain of their address if the policy names one; of channels the name, the kind, and whether they are shared. So a command needs no
question to Slack, however many people begin to use the bot within a minute.
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
from bot.slack.directory_entries import BOOK, channel_entry, known_channel, person_entry
from bot.slack.find_message import WebApi
from bot.slack.people import KEPT_S, known_person

log = structlog.get_logger()

# Read again before what is kept is too old.
READ_AGAIN_S = 0.95 * KEPT_S
# Slack takes "fewer than 1000" for users.list, 999 for users.conversations.
PAGE = 999
# A page of so many people is 2 MB.
PAGE_S = 10.0
LEASE_S = 15.0
RENEW_S = 5.0
# How soon a replica looks again whether a list is to be read, a failed call is made again, and a refused list is tried again.
LOOK_S = 60.0
CALL_AGAIN_S = 5.0
REFUSED_S = 1800.0
KINDS = ("public_channel", "private_channel")

Json = dict[str, Any]


class DirectoryCache(Protocol):
    """Keeps what is read, for all replicas. Each may raise StoreUnavailable."""

    async def keep_people(self, book: str, entries: Mapping[str, str]) -> None:
        """Keep entries by user id, unless a later one is kept."""

    async def drop_people(self, book: str, before: float) -> None:
        """Drop the entries that are older than that, in unix seconds."""

    async def keep_all(self, texts: Mapping[str, str], for_s: float) -> None:
        """Keep texts by name, unless they were forgotten just now."""

    async def begin_reading(self, name: str, lease_s: float) -> float:
        """0 if the list is ours to read now, else the seconds until it may be."""

    async def go_on_reading(self, name: str, lease_s: float) -> None:
        """Keep the list."""

    async def end_reading(self, name: str, *, good_for_s: float) -> None:
        """Let the list go; nobody reads it again for so long."""


class Directory:
    """Reads both lists again and again. `domains`: the policy names e-mail addresses. `incident` logs an unexpected fault."""

    def __init__(
        self,
        slack: WebApi,
        cache: DirectoryCache,
        *,
        installation: Installation,
        domains: bool,
        incident: Callable[[str, BaseException], str],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._slack = slack
        self._cache = cache
        self._installation = installation
        self._domains = domains
        self._incident = incident
        self._now = now

    async def run(self) -> None:
        """Read until cancelled."""
        # Addresses are read only where they are needed, so a list without them does not do for a policy that names some.
        people = f"{BOOK}:domains" if self._domains else BOOK
        await asyncio.gather(self._repeat("channels", self._read_channels), self._repeat(people, self._read_people))

    async def _repeat(self, name: str, read: Callable[[str], Awaitable[int]]) -> None:
        while True:
            try:
                wait_s = await self._cache.begin_reading(name, LEASE_S)
                if wait_s <= 0:
                    wait_s = await self._read(name, read)
            except StoreUnavailable:
                wait_s = CALL_AGAIN_S
            except Exception as error:  # noqa: BLE001 - whatever it is, it is logged, and the list is read again
                self._incident(f"reading {name}", error)
                wait_s = LOOK_S
            await asyncio.sleep(min(wait_s, LOOK_S))

    async def _read(self, name: str, read: Callable[[str], Awaitable[int]]) -> float:
        """Read one list; when to look again. What a process leaves behind, another one begins after the lease. Raises StoreUnavailable."""
        good_for_s, began = 0.0, time.monotonic()
        try:
            count = await read(name)
        except ScopeMissing as missing:
            log.warning("a list of Slack's can't be read: a scope is missing", what=name, method=missing.method)
            good_for_s = REFUSED_S
        except SlackError as error:
            log.warning("a list of Slack's can't be read", what=name, why=str(error))
            good_for_s = LOOK_S
        else:
            log.info("read a list of Slack's", what=name, count=count, seconds=round(time.monotonic() - began, 1))
            good_for_s = READ_AGAIN_S
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
            known = {str(one["id"]): known_person(one, self._installation, at, domains=self._domains) for one in people}
            await self._cache.keep_people(BOOK, {user: person_entry(one) for user, one in known.items()})
            count += len(known)
        await self._cache.drop_people(BOOK, began - KEPT_S)
        return count

    async def _pages(
        self, name: str, method: str, what: str, **arguments: object
    ) -> AsyncIterator[tuple[float, list[Json]]]:
        """Each page with when it was asked for. Raises SlackRefused and StoreUnavailable."""
        cursor = None
        while True:
            at = self._now()
            page = await self._page(name, method, limit=PAGE, cursor=cursor, **arguments)
            yield at, [one for one in page.get(what) or [] if one.get("id")]
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return

    async def _page(self, name: str, method: str, **arguments: Any) -> Json:  # noqa: ANN401 - Slack's arguments
        """One page, as soon as Slack gives it."""
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
