"""Guard against people from other organizations: they're refused unless the policy mentions them.

It's middleware for commands, clicks, forms, shortcuts and type-ahead. Mentions, direct messages and App Home call it
themselves, because events are delivered again and must be refused once.

`bot.slack.affiliation` decides who belongs to another organization.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from slack_bolt.response import BoltResponse

from bot.core.model.person import Role
from bot.flows.ports.slack import People
from bot.slack.affiliation import (
    Affiliation,
    Installation,
    Standing,
    affiliation_in_payload,
    is_for_installation,
    standing,
)
from bot.slack.listener_app import Middleware, Tell, answer_request
from bot.slack.payload_shapes import record_in, text_in

log = structlog.get_logger()

# Slack is asked only if the payload doesn't say where a person belongs. This call and the work after it have to fit
# into the 3 s that Slack waits.
ASK_S = 0.8

OTHER_TEAM = "I belong to another workspace, so I can't do that here. Nothing was done."
OUTSIDE = (
    "I don't take requests from people in other organizations, so nothing was done. "
    "Ask someone in the organization that runs this bot."
)
UNSURE = "I couldn't check in time whether you belong to this organization, so nothing was done. Try again in a minute."

Json = dict[str, Any]


class ExternalGuard:
    """Decide who is refused. The policy decides instead if it has rules for other organizations (`admits_external`)."""

    def __init__(self, installation: Installation, people: People, *, admits_external: Callable[[], bool]) -> None:
        self._installation = installation
        self._people = people
        self._admits_external = admits_external

    def is_for_us(self, body: Json) -> bool:
        """Whether a request is for our installation."""
        return is_for_installation(self._installation, body)

    async def why_not(self, user: str, affiliation: Affiliation) -> str:
        """Return why a person is refused, or "" if not. Slack is asked only if `affiliation` doesn't settle it."""
        if self._admits_external():
            return ""
        found = standing(self._installation, affiliation)
        why = UNSURE
        if found is Standing.UNKNOWN:
            found, why = await self._ask(user)
        if found is Standing.NATIVE:
            return ""
        named = sorted((affiliation.teams | {affiliation.enterprise}) - {""})
        log.warning("someone from another organization was turned away", user=user, standing=found, of=named)
        return OUTSIDE if found is Standing.FOREIGN else why

    async def _ask(self, user: str) -> tuple[Standing, str]:
        """Ask users.info. Returns the standing, and the reason if it's unknown."""
        try:
            async with asyncio.timeout(ASK_S):
                person = await self._people.person(user)
        except TimeoutError:
            return Standing.UNKNOWN, UNSURE
        if person.roles is None:
            return Standing.UNKNOWN, f"{person.why}. Nothing was done." if person.why else UNSURE
        return Standing.FOREIGN if Role.EXTERNAL in person.roles else Standing.NATIVE, ""


def external_guard_middleware(guard: ExternalGuard, tell: Tell) -> Middleware:
    """Return the middleware that refuses requests from people in other organizations, except events."""

    async def middleware(body: Json, next_: Callable[[], Awaitable[Any]]) -> BoltResponse | None:
        if not guard.is_for_us(body):
            log.warning("a request for another installation was refused", kind=body.get("type") or "command")
            return answer_request(body, OTHER_TEAM, tell)
        user = text_in(record_in(body, "user"), "id") or text_in(body, "user_id")
        if user and body.get("type") != "event_callback":
            why_not = await guard.why_not(user, affiliation_in_payload(body))
            if why_not:
                return answer_request(body, why_not, tell)
        await next_()
        return None

    return middleware
