"""Web addresses that messages link to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.core.model.request import Request
from bot.core.model.run import CardRef


@dataclass(frozen=True, slots=True)
class Links:
    """`app_url` is the address of Bolt's pages. `card_url` gives that of a card in Slack, None if it isn't known."""

    app_url: str
    card_url: Callable[[CardRef], str | None]

    def request_card_url(self, request: Request) -> str | None:
        """The address of a start's card, None before it has one."""
        return self.card_url(request.card) if request.card else None
