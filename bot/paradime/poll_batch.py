"""Poll many runs in one request. One bad run must not hide the others, and a server may refuse a query as too large.

`bot.core.runs.poll_interval` decides how often a run is polled, and `bot.wiring.bolt_pace` decides how often Bolt is
asked.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Sequence

import structlog
from pydantic import ValidationError

from bot.core.model.bolt import RunStatus
from bot.core.model.errors import ApiError, BoltError, BoltInvalidQuery, BoltOutcomeUnknown, BoltRejected
from bot.core.model.polling import Polled
from bot.flows.cooperative import in_pieces
from bot.paradime import graphql_documents, graphql_models
from bot.paradime.classify_response import GraphqlReply, rejection

log = structlog.get_logger()

MOST = 100
# If the server takes longer, the batch shrinks, down to LEAST; below that, size isn't the cause.
SLOW_S = 3.0
LEAST = 10
GROWS_AFTER = 20
REQUESTS_MOST = 16
GRAPHQL_INT = 2**31 - 1
UNKNOWN = ApiError("There's no run with that number.")
TYPE_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]{0,99}")

Post = Callable[[str], Awaitable[GraphqlReply]]


class PollBatch:
    """Polls runs with aliases. `limit` shrinks if the server refuses a batch or slows down, and grows back slowly."""

    def __init__(self, post: Post, clock: Callable[[], float] = time.monotonic) -> None:
        self._post = post
        self._clock = clock
        self._good = 0
        # The backend's name for the type of a status: empty while unknown, or None if it doesn't support fragments.
        self._type_name: str | None = ""
        self.limit = MOST

    async def poll(self, run_ids: Sequence[int]) -> Polled:
        """Poll at most `limit` runs.

        Raises BoltError if the whole request failed; such an error doesn't split the batch.
        """
        unique = list(dict.fromkeys(int(run_id) for run_id in run_ids))[: self.limit]
        # One number outside the range of GraphQL's Int would make the whole query invalid.
        polled = Polled(failed={one: BoltRejected((UNKNOWN,)) for one in unique if not 0 < one <= GRAPHQL_INT})
        waiting = [[run_id for run_id in unique if run_id not in polled.failed]]
        for _ in range(REQUESTS_MOST):
            waiting = [batch for batch in waiting if batch]
            if not waiting:
                break
            waiting += await self._ask(waiting.pop(0), polled)
        return polled

    async def _ask(self, batch: list[int], polled: Polled) -> list[list[int]]:
        """Send one request. Returns the batches that still have to be requested."""
        began = self._clock()
        try:
            reply = await self._send(batch)
        finally:
            if self._clock() - began > SLOW_S and len(batch) > LEAST:
                self.limit, self._good = max(LEAST, min(self.limit, len(batch) // 2)), 0
        if not reply.errors:
            await self._take(batch, reply, polled)
            self._grow()
            return []
        # A run that was returned counts, whatever else went wrong: an error belongs to a run only if that run is null.
        told = [run_id for run_id in batch if reply.data and reply.data.get(f"r{run_id}") is not None]
        await self._take(told, reply, polled)
        named = _named([run_id for run_id in batch if run_id not in told], reply.errors)
        for run_id, error in named.items():
            polled.failed[run_id] = BoltRejected((error,))
        rest = [run_id for run_id in batch if run_id not in named and run_id not in told]
        return [rest] if named or told else self._split(rest, rejection(reply), polled)

    async def _send(self, batch: list[int]) -> GraphqlReply:
        """Send the query with a fragment if possible: the server parses and validates it in less than half the time."""
        if not self._type_name:
            return await self._post(graphql_documents.statuses(batch))
        reply = await self._post(graphql_documents.statuses(batch, self._type_name))
        if reply.invalid:
            reply = await self._post(graphql_documents.statuses(batch))
            if not reply.invalid:
                log.info("this backend doesn't support fragments", type=self._type_name)
                self._type_name = None
        return reply

    def _split(self, batch: list[int], error: BoltRejected, polled: Polled) -> list[list[int]]:
        """Split a batch after an error that names no run, so that it affects only one half."""
        if len(batch) == 1:
            polled.failed[batch[0]] = error
            return []
        half = len(batch) // 2
        if isinstance(error, BoltInvalidQuery):
            self.limit, self._good = max(1, half), 0
        return [batch[:half], batch[half:]]

    async def _take(self, batch: list[int], reply: GraphqlReply, polled: Polled) -> None:
        if self._type_name == "" and batch:
            self._type_name = _told_type(reply, batch[0])
        statuses = await in_pieces(batch, lambda run_id: _status(reply, run_id))
        for run_id, status in zip(batch, statuses, strict=True):
            if isinstance(status, BoltError):
                polled.failed[run_id] = status
            else:
                polled.found[run_id] = status

    def _grow(self) -> None:
        self._good += 1
        if self._good >= GROWS_AFTER and self.limit < MOST:
            self.limit, self._good = min(MOST, self.limit + max(1, self.limit // 10)), 0


def _status(reply: GraphqlReply, run_id: int) -> RunStatus | BoltError:
    found = reply.data.get(f"r{run_id}") if reply.data else None
    try:
        return graphql_models.RunStatus.model_validate(found).core()
    except ValidationError:
        return BoltOutcomeUnknown("Bolt's response doesn't have the expected format.")


def _told_type(reply: GraphqlReply, run_id: int) -> str:
    """Return the type name in a run's status, if it may be used in a query."""
    found = reply.data.get(f"r{run_id}") if reply.data else None
    name = found.get("__typename") if isinstance(found, dict) else None
    return name if isinstance(name, str) and TYPE_NAME.fullmatch(name) else ""


def _named(batch: list[int], errors: Sequence[ApiError]) -> dict[int, ApiError]:
    """Return the runs that errors name in the first step of their path."""
    aliases = {f"r{run_id}": run_id for run_id in batch}
    return {aliases[str(error.path[0])]: error for error in errors if error.path and str(error.path[0]) in aliases}
