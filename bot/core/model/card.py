"""The stored record of a card.

The card's content is in `bot.core.views.card`, and `bot.flows.edit_cards` keeps the message up to date.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.model.run import CardRef, RunKey


@dataclass(frozen=True, slots=True)
class Card:
    """The stored record of a card. `id` is the card's name in the lanes.

    If the message belongs to an incident, an outage, a gap or a notice, `run` and `request` aren't set. Instead,
    `incident`, `outage`, `gap` or `notice` is set to the channel together with the incident's schedule, the number of
    the outage or gap, or the notice's name.
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
