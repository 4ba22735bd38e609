"""Look up people by email address: users.lookupByEmail (tier 3), for the owners of schedules.

`bot.flows.find_owners` and `bot.flows.mention_owner` decide who the owner is, and whether to mention that person.
"""

from __future__ import annotations

from bot.core.model.errors import SlackRefused
from bot.slack.find_message import WebApi

METHOD = "users.lookupByEmail"
UNKNOWN = "users_not_found"


class PeopleByAddress:
    """Implements the flows' `PeopleByAddress` port."""

    def __init__(self, slack: WebApi) -> None:
        self._slack = slack

    async def user_with(self, address: str) -> str:
        """The id of the active user of our workspace with this address, or "" if there's none. Raises SlackError."""
        try:
            answer = await self._slack.call(METHOD, email=address)
        except SlackRefused as refused:
            if refused.code == UNKNOWN:
                return ""
            raise
        return str((answer.get("user") or {}).get("id") or "")
