"""Request the newest runs of many schedules at once. One bad schedule must not hide the others.

`bot.flows.discover_schedules` decides which schedules are asked for.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence

from pydantic import ValidationError

from bot.core.model.bolt import RunSummary
from bot.core.model.errors import ApiError, BoltError, BoltInvalidQuery, BoltOutcomeUnknown, BoltRejected
from bot.flows.cooperative import in_pieces
from bot.paradime import graphql_models
from bot.paradime.classify_response import GraphqlReply, rejection

MOST = 100
REQUESTS_MOST = 24
NOT_LISTED = ApiError("Bolt didn't list the schedule's runs and gave no reason.")
TYPE_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]{0,99}")

# Sends the query for these slugs, with the name of the type of a page of runs, or an empty string if it's unknown.
Ask = Callable[[Sequence[str], str], Awaitable[GraphqlReply]]


class RunBatch:
    """Requests with aliases. `limit` shrinks if the server refuses a request as too large."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        # The backend's name for the type of a page of runs: empty while unknown, or None if it doesn't support
        # fragments.
        self._type_name: str | None = ""
        self.limit = MOST

    async def newest_runs(self, slugs: Sequence[str]) -> dict[str, list[RunSummary] | BoltError]:
        """Return the newest runs by schedule, or the error of each. Raises BoltError if a whole request failed."""
        unique = list(dict.fromkeys(slugs))
        waiting = [unique[at : at + self.limit] for at in range(0, len(unique), self.limit)]
        found: dict[str, list[RunSummary] | BoltError] = {}
        for _ in range(REQUESTS_MOST + len(waiting)):
            if not waiting:
                break
            batch = waiting.pop(0)
            reply = await self._send(batch)
            waiting += await self._take(batch, reply, found)
        return found

    async def _send(self, batch: Sequence[str]) -> GraphqlReply:
        """Send the query with a fragment if possible, because the server validates it in less than half the time."""
        if not self._type_name:
            return await self._ask(batch, "")
        reply = await self._ask(batch, self._type_name)
        if reply.invalid:
            reply = await self._ask(batch, "")
            if not reply.invalid:
                self._type_name = None
        return reply

    async def _take(
        self, batch: list[str], reply: GraphqlReply, found: dict[str, list[RunSummary] | BoltError]
    ) -> list[list[str]]:
        """Take the runs from a reply. Returns the batches that still have to be requested."""
        data = reply.data or {}
        told = [number for number in range(len(batch)) if data.get(f"s{number}") is not None]
        if self._type_name == "" and told:
            self._type_name = _type_of(data[f"s{told[0]}"])
        pages = await in_pieces(told, lambda number: _page(data[f"s{number}"]))
        found |= {batch[number]: page for number, page in zip(told, pages, strict=True)}
        named = {str(error.path[0]): error for error in reply.errors if error.path}
        for number, slug in enumerate(batch):
            if slug not in found and f"s{number}" in named:
                found[slug] = BoltRejected((named[f"s{number}"],))
        rest = [slug for slug in batch if slug not in found]
        if not rest or len(rest) < len(batch):
            return [rest] if rest else []
        error = rejection(reply)
        if len(rest) == 1:
            found[rest[0]] = error
            return []
        half = len(rest) // 2
        if isinstance(error, BoltInvalidQuery):
            self.limit = max(1, half)
        return [rest[:half], rest[half:]]


def _page(page: object) -> list[RunSummary] | BoltError:
    try:
        parsed = graphql_models.RunPage.model_validate(page)
    except ValidationError:
        return BoltOutcomeUnknown("Bolt's response doesn't have the expected format.")
    # If an error were treated as no runs, every older run would look as if it had been started since.
    return [run.core() for run in parsed.runs] if parsed.ok or parsed.runs else BoltRejected((NOT_LISTED,))


def _type_of(page: object) -> str:
    name = page.get("__typename") if isinstance(page, dict) else None
    return name if isinstance(name, str) and TYPE_NAME.fullmatch(name) else ""
