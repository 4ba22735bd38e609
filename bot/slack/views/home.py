"""The Home tab as a Slack view.

Its content is in `bot.core.views.home`; `bot.flows.home` decides when it's published.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.core.model.errors import SlackRefused
from bot.core.text.message import Message
from bot.core.views.buttons import home_page_value, read_home_page_value
from bot.slack.client import SlackChat

# Slack accepts a hundred blocks and 250 kB: at most twelve bytes per character, plus the surrounding JSON.
HOME_BLOCKS_MOST = 100
HOME_TEXTS_MOST = 25_000
CALLBACK = "home"

Json = dict[str, Any]


class SlackHomeTab:
    """Implements the flows' `HomeTab` port."""

    def __init__(self, slack: SlackChat) -> None:
        self._slack = slack

    async def publish(self, user: str, message: Message, *, page: int, replaces: str = "") -> bool:
        """Publish a person's Home tab. Returns False if `replaces`, the hash of the view to replace, is outdated.

        Raises SlackError.
        """
        view = home_view(self._slack.blocks(message, most=HOME_BLOCKS_MOST, room=HOME_TEXTS_MOST), page)
        try:
            await self._slack.call("views.publish", user_id=user, view=view, hash=replaces or None)
        except SlackRefused as refused:
            if refused.code == "hash_conflict":
                return False
            raise
        return True


def home_view(blocks: list[Json], page: int) -> Json:
    """Build a view with these blocks, which stores the number of its page."""
    return {"type": "home", "callback_id": CALLBACK, "private_metadata": home_page_value(page), "blocks": blocks}


def shown_page(body: Mapping[str, Any]) -> int | None:
    """Return the page of the Home tab in which a click happened, or None for a click elsewhere."""
    view = body.get("view") or {}
    return read_home_page_value(view.get("private_metadata") or "") if view.get("type") == "home" else None
