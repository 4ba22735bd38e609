"""The stored record of a card."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.model.run import CardRef, RunKey


@dataclass(frozen=True, slots=True)
class Card:
    """The stored record of a card. `id` is its name in the lanes.

    `incident`, `outage` or `gap` is set instead of `run` and `request` if the message is one's: its channel, and the
    schedule, or the number of the outage or gap. So is `notice`: its channel and name.
    """

    id: str
    team: str
    ref: CardRef
    run: RunKey | None = None
    request: str | None = None
    file_id: str | None = None
    follower: str | None = None
    incident: str | None = None
    outage: str | None = None
    gap: str | None = None
    notice: str | None = None
