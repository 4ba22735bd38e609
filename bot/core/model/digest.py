"""The times at which a channel's digest is sent.

`bot.core.watching.digest_time` decides when a digest is due, and `bot.core.watching.digest` computes its figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Digest:
    """When a channel's digest is sent: at `clock` (HH:MM) in `zone`, every day, or on one weekday (0 is Monday).

    `made_by` is the id of the person who set it, at `made_at`.
    """

    channel: str
    team: str
    clock: str
    zone: str
    made_by: str
    made_at: datetime
    weekday: int | None = None
