"""URLs that messages link to.

`run_url` in `bot.core.model.run` builds the address of a run's page in Bolt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.core.model.request import Request
from bot.core.model.run import CardRef


@dataclass(frozen=True, slots=True)
class Links:
    """URLs that messages link to.

    `app_url` is the base URL of Bolt's pages. `card_url` returns a card's permalink in Slack, or None if unknown.
    """

    app_url: str
    card_url: Callable[[CardRef], str | None]

    def request_card_url(self, request: Request) -> str | None:
        """The permalink of a start's card, or None before it has one."""
        return self.card_url(request.card) if request.card else None
