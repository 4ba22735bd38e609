"""A channel's digest: setting it, turning it off, and showing it as it would be now.

`bot.core.watching.digest_time` decides when a digest is due; `bot.flows.read_digest` reads its figures.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from bot.core.model.asker import Asker
from bot.core.model.command import DigestCommand
from bot.core.model.digest import Digest
from bot.core.text.message import Message
from bot.core.views.digest import digest_off, digest_set, digest_shown
from bot.core.watching.digest_time import last_slot, next_slot
from bot.flows.own_channel import why_cannot_post, why_not_here
from bot.flows.ports.slack import Chat, People
from bot.flows.ports.watch_store import Digests
from bot.flows.read_digest import DigestReader

log = structlog.get_logger()


class DigestSetter:
    """Answers `digest`. All methods raise StoreUnavailable."""

    def __init__(
        self,
        digests: Digests,
        reader: DigestReader,
        people: People,
        chat: Chat,
        *,
        slash_command: str,
        now: Callable[[], datetime],
    ) -> None:
        self._digests = digests
        self._reader = reader
        self._people = people
        self._chat = chat
        self._slash_command = slash_command
        self._now = now

    async def answer(self, asker: Asker, command: DigestCommand) -> Message:
        """Set, turn off or show the digest, as the command says."""
        if command.every is None:
            return await self._show(asker.channel)
        if command.every == "off":
            was_set = await self._digests.remove_digest(asker.channel)
            log.info("a digest was turned off", channel=asker.channel, user=asker.user)
            return digest_off(was_set=was_set)
        return await self._set(asker, command)

    async def _show(self, channel: str) -> Message:
        digest, now = await self._digests.load_digest(channel), self._now()
        begin = last_slot(digest, now).at if digest else now - timedelta(days=1)
        today = await self._reader.read_digest(channel, digest, begin, now, so_far=True)
        watches = await self._reader.is_watching(channel)
        return digest_shown(digest, today, self._slash_command, watches=watches)

    async def _set(self, asker: Asker, command: DigestCommand) -> Message:
        why_not = await why_not_here(self._chat, asker)
        if why_not is not None:
            return Message((why_not,))
        now = self._now()
        zone = command.time_zone or (await self._people.person(asker.user)).time_zone or "UTC"
        digest = Digest(asker.channel, asker.team, command.clock, zone, asker.user, now, command.weekday)
        was_set = await self._digests.set_digest(digest, next_slot(digest, now).at)
        log.info("a digest is set", channel=digest.channel, user=asker.user, at=digest.clock, zone=zone)
        return digest_set(
            digest,
            "changed" if was_set else "new",
            await why_cannot_post(self._chat, await self._people.channel(asker.channel)),
            self._slash_command,
            watches=await self._reader.is_watching(asker.channel),
        )
