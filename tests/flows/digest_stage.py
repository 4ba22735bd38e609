"""Digests with a real Redis, from counting runs to posting."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot.core.commands.grammar import parse
from bot.core.model.asker import Asker
from bot.core.model.command import DigestCommand
from bot.core.text.message import Message
from bot.flows.post_digest import DigestPoster
from bot.flows.post_digest_picture import DigestPicturePoster
from bot.flows.queue_digest import DigestClock
from bot.flows.read_digest import DigestReader
from bot.flows.set_digest import DigestSetter
from bot.store.digests import Digests
from bot.store.due_sets import DueSet
from tests.flows.fakes import FakeCharts
from tests.flows.incident_stage import IncidentStage
from tests.flows.stage import ADA, APP, CHANNEL, asker

MONDAY = datetime(2026, 11, 30, 7, tzinfo=UTC)


@dataclass
class DigestStage(IncidentStage):
    """A stage where it's Monday, 7:00 UTC."""

    at: datetime = MONDAY

    def __post_init__(self) -> None:
        """Build the flows."""
        super().__post_init__()
        self.digests = Digests(self.scripts)
        self.due["reports"] = DueSet(self.scripts, "reports", lease_s=60)
        self.reader = DigestReader(
            self.watches,
            self.discovery,
            self.incidents,
            self.tallies,
            self.permissions,
            hints=lambda: {"missing_column": "The query names a column that doesn't exist."},
            app_url=APP,
            slash_command="/bolt",
            mask=str,
        )
        self.charts = FakeCharts()
        self.pictures = DigestPicturePoster(self.chat, self.posts, self.reader, self.charts, settle_s=self.settle_s)
        self.digest_setter = DigestSetter(
            self.digests, self.reader, self.people, self.chat, slash_command="/bolt", now=lambda: self.at
        )
        self.digest_poster = DigestPoster(
            self.message_poster,
            self.posts,
            self.digests,
            self.reader,
            self.authorizer,
            self.pictures,
            now=lambda: self.at,
        )
        self.others["report"] = self.digest_poster.post_digest
        self.steps["reports"] = self.clock().queue_digest

    def clock(self) -> DigestClock:
        """A new clock, as each process has its own."""
        return DigestClock(self.digests, self.discovery, self.due["reports"], now=lambda: self.at)

    async def type(self, text: str, *, user: str = ADA, channel: str = CHANNEL) -> Message:
        """Somebody types a command; return the answer."""
        command = parse(text)
        assert isinstance(command, DigestCommand)
        who: Asker = replace(asker(user), channel=channel)
        return await self.digest_setter.answer(who, command)

    async def until(self, when: datetime, *, listed: bool = True) -> None:
        """Let time pass. Schedules are listed meanwhile, unless Bolt is away, and digests are queued and posted."""
        self.at = self.bolt.clock = when
        if listed:
            await self.discover()
        await self.queue_digests()
        await self.settle()

    async def queue_digests(self) -> None:
        """Queue the digests that are due by the stage's clock."""
        key = self.scripts.key("due", "reports")
        for member in await self.redis.zrange(key, 0, -1):
            score = await self.redis.zscore(key, str(member))
            if score is not None and score <= self.at.timestamp() * 1e6:
                await self.redis.zadd(key, {str(member): 1})
                claimed = await self.due["reports"].claim(1)
                assert claimed.lease is not None
                await self.clock().queue_digest(claimed.lease)
