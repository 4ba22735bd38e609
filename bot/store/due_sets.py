"""Due sets: work scheduled by time. Claim, renew and give back its members.

`bot.flows.lease` keeps a claim while its holder works; `bot.wiring.work_table` lists the sets and the flow of each.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from prometheus_client import Histogram

from bot.flows.lease import Lease
from bot.store.scripts import Scripts

MICROSECONDS = 1_000_000
LATE = Histogram(
    "bolt_bot_claim_late_seconds",
    "How overdue the oldest member of a claim was.",
    ("due_set",),
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 2, 5, 10, 30),
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """The result of a claim: a lease (None if nothing was due), when it was made, and when to look again.

    `at_us` is on Redis' clock. `wait_s` is the seconds from the claim until the next look, or None if nothing is
    waiting. `rows` has one row per member: its name and the requested fields.
    """

    lease: Lease | None
    at_us: int
    wait_s: float | None
    rows: tuple[tuple[str, ...], ...] = ()


class DueSet:
    """One due set, by the name that its key has in Redis.

    `gap_s` is the minimum time between two non-empty claims, across all replicas.
    """

    def __init__(self, scripts: Scripts, name: str, *, lease_s: float, gap_s: float = 0) -> None:
        self._scripts = scripts
        self.name = name
        self.lease_s = lease_s
        self._gap_s = gap_s

    async def claim(self, most: int, *, soon_s: float = 0, fields: tuple[str, ...] = ()) -> Claimed:
        """Claim up to `most` due members. If any member is due, those due within `soon_s` are claimed too."""
        began = time.monotonic()
        reply = await self._scripts.run(
            "claim_due",
            self.name,
            microseconds(self.lease_s),
            most,
            microseconds(soon_s),
            ",".join(fields),
            microseconds(self._gap_s),
        )
        at_us, token, again = int(reply[0]), int(reply[1]), reply[2]
        wait_s = max(0.0, (float(again) - at_us) / MICROSECONDS) if again else None
        width = 1 + len(fields)
        rows = tuple(tuple(reply[at : at + width]) for at in range(4, len(reply), width))
        if not rows:
            return Claimed(None, at_us, wait_s)
        LATE.labels(self.name).observe(float(reply[3]) / MICROSECONDS)
        lease = Lease(self.name, tuple(row[0] for row in rows), token, began + self.lease_s, self.lease_s)
        return Claimed(lease, at_us, wait_s, rows)

    async def renew(self, lease: Lease) -> int:
        """Renew a lease on the members that are still ours. Returns the new token."""
        return int(
            await self._scripts.run("renew_leases", self.name, lease.token, microseconds(self.lease_s), *lease.members)
        )

    async def give_back(self, lease: Lease, *, delay_s: float = 0) -> None:
        """Make the claimed members due again after a delay."""
        token = await lease.stop_renewing()
        await self._scripts.run("give_back_due", self.name, token, microseconds(delay_s), *lease.members)

    async def finish(self, lease: Lease) -> None:
        """Remove the claimed members: nothing is left to do."""
        await self._scripts.run("finish_due", self.name, await lease.stop_renewing(), *lease.members)

    async def hold(self, for_s: float) -> None:
        """Stop all replicas from claiming from this set for a while, because the service asked for it (Retry-After)."""
        await self._scripts.run("apply_retry_after", self.name, microseconds(for_s))


async def next_due(scripts: Scripts, names: Sequence[str]) -> dict[str, float]:
    """Return the seconds until the first item of each due set or lane is due; empty ones are left out."""
    waits = await scripts.run("next_due", *names)
    return {name: float(wait) / MICROSECONDS for name, wait in zip(names, waits, strict=True) if wait != ""}


def microseconds(seconds: float) -> int:
    """Convert seconds to whole microseconds."""
    return round(seconds * MICROSECONDS)


def from_microseconds(recorded: str) -> datetime:
    """Convert whole microseconds since 1970, as scripts record them by Redis' clock, to a time."""
    return datetime.fromtimestamp(int(recorded) / MICROSECONDS, UTC)
