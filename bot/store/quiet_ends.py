"""The incidents of each channel that quiet hours withhold, and the messages that list them at the end.

`bot.core.watching.quiet` decides when quiet hours are and what they withhold.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.core.model.incident import QuietEnd, StoredIncident
from bot.flows.claimed_post import ClaimedPost
from bot.flows.lease import Lease
from bot.store.due_sets import MICROSECONDS
from bot.store.incidents import Incidents
from bot.store.record_json import from_json, to_json
from bot.store.scripts import Scripts


class QuietEnds:
    """Implements the flows' `QuietEnds` port."""

    def __init__(self, scripts: Scripts, incidents: Incidents) -> None:
        self._scripts = scripts
        self._incidents = incidents

    async def withheld_in(self, channel: str) -> list[StoredIncident]:
        """Load the incidents of a channel that withhold something."""
        key = self._scripts.key("incident", "withheld", channel)
        slugs = sorted(await self._scripts.ask(self._scripts.redis.smembers(key)))
        found = await self._incidents.load_incidents([(channel, slug) for slug in slugs])
        return [one for one in found if one is not None]

    async def end_quiet(
        self, lease: Lease, end: QuietEnd, after: Sequence[StoredIncident], next_at: datetime | None, waiting: int
    ) -> bool:
        """Queue the message about an end of quiet hours, and clear what its incidents withhold.

        Returns False if anything has changed.
        """
        changes = [part for one in after for part in (one.incident.schedule, one.rev, to_json(one.incident))]
        word = await self._scripts.run(
            "end_quiet",
            end.channel,
            await lease.stop_renewing(),
            end.name,
            to_json(end) if end.incidents else "",
            waiting,
            round(next_at.timestamp() * MICROSECONDS) if next_at else "",
            *changes,
        )
        return bool(word == "ok")

    async def load_end(self, channel: str, name: str) -> QuietEnd | None:
        """Load the end of quiet hours that a message is about. Returns None if there's no record of it."""
        body = await self._scripts.ask(self._scripts.redis.hget(self._scripts.key("quiet", channel, name), "body"))
        return from_json(QuietEnd, body) if body else None

    async def end_posted(self, post: ClaimedPost, name: str, outcome: str) -> str:
        """Record the message. Returns `ok`, or `done:<ts>` if another process has posted it."""
        lease = post.lease
        return str(
            await self._scripts.run(
                "finish_quiet_end", name, post.urgency, post.channel, lease.member, lease.token, outcome
            )
        )
