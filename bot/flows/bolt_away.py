"""Giving back claimed work because Bolt can't be read now.

`unread` in `bot.flows.find_schedule` has the sentence that people get if Bolt can't be read. `bot.service_outage`
decides when Bolt counts as unavailable.
"""

from __future__ import annotations

from bot.core.model.errors import BoltError, BoltThrottled
from bot.flows.lease import Lease
from bot.flows.ports.store import Due

AWAY_S = 5.0


async def give_back_while_away(due: Due, lease: Lease, away: BoltError, *, away_s: float = AWAY_S) -> None:
    """Give back a claim for `away_s`. If Bolt throttles us, it says for how long, and the whole due set waits."""
    if isinstance(away, BoltThrottled):
        await due.hold(away.retry_after_s)
        away_s = away.retry_after_s
    await due.give_back(lease, delay_s=away_s)
