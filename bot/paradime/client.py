"""The Bolt API client: every operation of the API, typed. Implements the flows' `Bolt` port.

The queries are in `graphql_documents`, HTTP in `transport`, the API key in `credentials`, repeats in `retrying`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

import httpx
import structlog
from cachetools import LRUCache
from pydantic import ValidationError

from bot.core.model import bolt
from bot.core.model.errors import (
    ApiError,
    BoltError,
    BoltInvalidQuery,
    BoltOutcomeUnknown,
    BoltRejected,
)
from bot.core.model.polling import Polled
from bot.paradime import graphql_documents, graphql_models
from bot.paradime.activity_rows import ActivityRows
from bot.paradime.classify_response import GraphqlReply, Json
from bot.paradime.credentials import Credentials
from bot.paradime.poll_batch import PollBatch
from bot.paradime.retrying import Post, RequestSender, RetryLimits
from bot.paradime.run_batch import RunBatch
from bot.paradime.transport import Now, Transport, Watch, utc_now

log = structlog.get_logger()

W = TypeVar("W", bound=graphql_models.Wire)

PAGE = 1000
# The API's limit. Such a page is still small, because only a few fields of each schedule are read.
ACTIVITY_PAGE = 10_000
NEWEST_RUNS = 20
PAGES_MOST = 50
COMMANDS_AT_ONCE = 40
SPLITS_MOST = 24
# One entry per followed run, about 100 bytes each.
COMMANDS_REMEMBERED = 20_000
NEW_SPELLING, OLD_SPELLING = "slug", "scheduleName"
LONGEST_TIMEOUT_S = 20.0
UNEXPECTED_FORMAT = "Bolt's response doesn't have the expected format."
NO_SCHEDULE = ApiError("That schedule isn't in Bolt.")
NOT_LISTED = ApiError("Bolt didn't list the schedule's runs and gave no reason.")
NOT_OK = ApiError("Bolt declined the request and gave no reason.")


@dataclass(frozen=True, slots=True)
class ClientLimits:
    """Times in seconds, sizes in bytes. Raises ValueError unless `timeout_s` is above 0 and at most 20.

    `timeout_s` is a request's total time. `retry` limits the attempts at a query.
    """

    timeout_s: float = 10
    body_most: int = 32 * 1024 * 1024
    retry: RetryLimits = field(default_factory=RetryLimits)

    def __post_init__(self) -> None:
        """Check the timeout: the search for a lost start relies on its upper bound."""
        if not 0 < self.timeout_s <= LONGEST_TIMEOUT_S:
            raise ValueError("timeout_s should be above 0 and at most 20.")


class BoltClient:
    """One workspace's API. Queries are retried and mutations sent once, as bot/paradime/retrying.py describes.

    The exception: if the backend rejects a mutation's *spelling*, the mutation wasn't executed, so it's sent again in
    the older spelling, which is used from then on.
    """

    def __init__(
        self,
        endpoint: str,
        credentials: Credentials,
        limits: ClientLimits | None = None,
        *,
        watch: Watch = lambda error: None,  # noqa: ARG005 - does nothing
        transport: httpx.AsyncBaseTransport | None = None,
        now: Now = utc_now,
    ) -> None:
        limits = limits or ClientLimits()
        self._transport = Transport(
            endpoint,
            credentials.headers(),
            timeout_s=limits.timeout_s,
            body_most=limits.body_most,
            watch=watch,
            transport=transport,
            now=now,
        )
        self._sender = RequestSender(self._transport.post, limits.retry, timeout_s=limits.timeout_s)
        self._spelling = NEW_SPELLING
        self._schedules_document = graphql_documents.SCHEDULES
        self._activity_document = graphql_documents.ACTIVITY
        self._activity_rows = ActivityRows()
        self._now = now
        self._batch = PollBatch(self._transport.post)
        self._run_batch = RunBatch(self._newest_runs)
        self._run_of: LRUCache[int, int] = LRUCache(COMMANDS_REMEMBERED)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def check(self) -> None:
        """Make the cheapest authenticated read, without retries. Raises BoltError."""
        _object(await self._sender.once(graphql_documents.CHECK, {}), "listBoltSchedules")

    # --- queries ---

    async def schedules(self, *, inactive: bool = False, suspended: bool | None = None) -> list[bolt.Schedule]:
        """Return every active schedule, or every inactive one instead, from all pages.

        `suspended` selects only the suspended schedules, or only the others. Older backends don't support it.
        """
        filters: Json = {"inactive": inactive, "filter": None if suspended is None else {"suspended": suspended}}
        found: dict[int, bolt.Schedule] = {}
        offset = 0
        for _ in range(PAGES_MOST):
            page = await self._schedule_page({**filters, "offset": offset, "limit": PAGE})
            # A server may return fewer schedules than requested, so the next page begins after the last one returned.
            offset += len(page.schedules)
            before = len(found)
            found |= {one.id: one.core() for one in page.schedules}
            if len(found) == before or (page.total_count is not None and offset >= page.total_count):
                return list(found.values())
        log.warning("there are more schedules than the bot reads", read=len(found))
        return list(found.values())

    async def _schedule_page(self, variables: Json) -> graphql_models.SchedulePage:
        document = self._schedules_document
        older = {name: value for name, value in variables.items() if name != "filter"}
        try:
            reply = await self._sender.read(
                document, older if document == graphql_documents.OLD_SCHEDULES else variables
            )
        except BoltInvalidQuery:
            if document == graphql_documents.OLD_SCHEDULES:
                raise
            reply = await self._sender.read(graphql_documents.OLD_SCHEDULES, older)
            if self._schedules_document != graphql_documents.OLD_SCHEDULES:
                log.info("this backend supports only the older query for schedules")
            self._schedules_document = graphql_documents.OLD_SCHEDULES
        return _parsed(graphql_models.SchedulePage, reply, "listBoltSchedules")

    @property
    def clock_ahead(self) -> timedelta | None:
        """Return how far the API's clock is ahead of ours, or None until the API has sent its time."""
        return self._transport.clock_ahead

    def time(self) -> datetime:
        """Return the time by the API's clock, or by ours until the API has sent its time."""
        ahead = self.clock_ahead
        return self._now() if ahead is None else self._now() + ahead

    async def activity(self) -> list[bolt.ScheduleActivity]:
        """Return when each active schedule last ran and next runs: in one request if possible, and without retries."""
        rows: list[Any] = []
        for _ in range(PAGES_MOST):
            page = await self._activity_page({"inactive": False, "offset": len(rows), "limit": ACTIVITY_PAGE})
            rows += page.schedules
            if not page.schedules or page.total_count is None or len(rows) >= page.total_count:
                break
        try:
            return self._activity_rows.read(rows)
        except ValidationError as error:
            raise BoltOutcomeUnknown(UNEXPECTED_FORMAT) from error

    async def _activity_page(self, variables: Json) -> graphql_models.ActivityPage:
        try:
            reply = await self._sender.once(self._activity_document, variables)
        except BoltInvalidQuery:
            if self._activity_document == graphql_documents.OLD_ACTIVITY:
                raise
            reply = await self._sender.once(graphql_documents.OLD_ACTIVITY, variables)
            self._activity_document = graphql_documents.OLD_ACTIVITY
        return _parsed(graphql_models.ActivityPage, reply, "listBoltSchedules")

    async def newest_runs(self, slugs: Sequence[str]) -> dict[str, list[bolt.RunSummary] | BoltError]:
        """Return the newest runs of many schedules, newest first, or the error of each. No retries."""
        return await self._run_batch.newest_runs(slugs)

    async def _newest_runs(self, slugs: Sequence[str], type_name: str) -> GraphqlReply:
        named: Json = {f"s{number}": slug for number, slug in enumerate(slugs)}

        try:
            return await self._spelled(
                lambda spelling: graphql_documents.newest_runs(spelling, len(slugs), type_name),
                {**named, "offset": 0, "limit": NEWEST_RUNS},
                self._validated,
            )
        except BoltInvalidQuery as error:
            # Rejected in both spellings, so the cause is the fragment or the size: the batch finds out which.
            return GraphqlReply(None, error.errors, invalid=True)

    async def _validated(self, document: str, variables: Json) -> GraphqlReply:
        reply = await self._transport.post(document, variables)
        if reply.invalid:
            raise BoltInvalidQuery(reply.errors)
        return reply

    async def schedule(self, slug: str) -> bolt.ScheduleDetails:
        """Return one schedule. Raises BoltRejected if there's none with that slug."""
        reply = await self._spelled(graphql_documents.schedule, {"slug": slug}, self._sender.read)
        details = _parsed(graphql_models.ScheduleDetails, reply, "boltScheduleName")
        if not details.ok:
            raise BoltRejected((NO_SCHEDULE,))
        return details.core()

    async def runs(self, slug: str, limit: int, offset: int = 0) -> list[bolt.RunSummary]:
        """Return the newest runs of a schedule, newest first."""
        variables: Json = {"slug": slug, "limit": limit, "offset": offset}
        reply = await self._spelled(graphql_documents.runs, variables, self._sender.read)
        page = _parsed(graphql_models.RunPage, reply, "listBoltRuns")
        # If an error were treated as no runs, every older run would look as if it had been started since.
        if not page.ok and not page.runs:
            raise BoltRejected((NOT_LISTED,))
        return [run.core() for run in page.runs]

    @property
    def batch_limit(self) -> int:
        """Return how many runs one poll may currently request, 1 to 100."""
        return self._batch.limit

    async def poll(self, run_ids: Sequence[int]) -> Polled:
        """Poll the statuses of many runs, in one request if possible. Without retries."""
        polled = await self._batch.poll(run_ids)
        for run_id, status in polled.found.items():
            if status.commands:
                self._remember(min(command.id for command in status.commands), run_id)
        return polled

    async def status(self, run_id: int) -> bolt.RunStatus:
        """Return one run's status. Raises BoltRejected if Bolt doesn't know the run."""
        reply = await self._sender.read(graphql_documents.statuses([run_id]), {})
        return _parsed(graphql_models.RunStatus, reply, f"r{run_id}").core()

    async def command_output(self, command_id: int) -> bolt.CommandOutput:
        """Return a command with its whole output. Raises BoltTooLarge above the memory limit."""
        reply = await self._sender.read(graphql_documents.COMMAND, {"id": command_id})
        return _parsed(graphql_models.CommandOutput, reply, "boltCommand").output()

    async def run_of_command(self, command_id: int) -> int | None:
        """Return the run that a command belongs to, or None if Bolt doesn't say. The output isn't requested."""
        reply = await self._sender.read(graphql_documents.RUN_OF_COMMAND, {"id": command_id})
        run_id = _parsed(graphql_models.CommandRun, reply, "boltCommand").schedule_run_id
        if run_id is not None:
            self._remember(command_id, run_id)
        return run_id

    def known_run_of(self, first_command_id: int) -> int | None:
        """Return the run whose first command this is, or None if no recent poll or query has returned it."""
        return self._run_of.get(first_command_id)

    def _remember(self, first_command_id: int, run_id: int) -> None:
        self._run_of[first_command_id] = run_id

    async def command_log(self, command_id: int, cursor: str = "0:0") -> bolt.LogPage:
        """Return a part of a command's live log."""
        reply = await self._sender.read(graphql_documents.LOGS, {"id": command_id, "cursor": cursor})
        return _parsed(graphql_models.LogPage, reply, "boltCommandLogs").core()

    async def resource_url(self, resource_id: int) -> str | None:
        """Return a short-lived download address, for immediate use by a person: never store or log it."""
        reply = await self._sender.read(graphql_documents.RESOURCE_URL, {"id": resource_id})
        found = _parsed(graphql_models.ResourceUrl, reply, "boltResourceUrl")
        return found.url if found.ok else None

    async def resources(self, command_ids: Sequence[int]) -> dict[int, tuple[bolt.Resource, ...]]:
        """Return the artifacts of commands, never their output. Commands that Bolt doesn't know are left out."""
        found: dict[int, tuple[bolt.Resource, ...]] = {}
        waiting = [list(command_ids[at : at + COMMANDS_AT_ONCE]) for at in range(0, len(command_ids), COMMANDS_AT_ONCE)]
        for _ in range(len(waiting) + SPLITS_MOST):
            if not waiting:
                break
            batch = waiting.pop(0)
            try:
                reply = await self._sender.read(graphql_documents.resources(batch), {})
            except BoltRejected:
                # The others must not be hidden by one bad command or by a server that rejects long queries.
                if len(batch) > 1:
                    waiting += [batch[: len(batch) // 2], batch[len(batch) // 2 :]]
                continue
            found |= {one: _parsed(graphql_models.CommandResources, reply, f"c{one}").files() for one in batch}
        return found

    # --- mutations ---

    async def trigger(self, trigger: bolt.Trigger) -> int:
        """Start a run and return its id. Sent at most once; after BoltOutcomeUnknown, the run may have started."""
        variables: Json = {
            "slug": trigger.slug,
            "commands": list(trigger.commands) or None,
            "branch": trigger.branch,
            "prNumber": trigger.pull_request,
            "reason": trigger.reason,
            "continueOnError": trigger.continue_on_error,
        }
        return _started(
            await self._spelled(graphql_documents.trigger, variables, self._sender.change), "triggerBoltRun"
        )

    async def cancel(self, run_id: int) -> None:
        """Request a run's cancellation. The status becomes CANCELED once it has ended."""
        _done(await self._sender.change(graphql_documents.CANCEL, {"id": run_id}), "cancelBoltRun")

    async def retry(self, run_id: int) -> int:
        """Start a run of another run's failed commands and return the new id. Sent at most once."""
        return _started(await self._sender.change(graphql_documents.RETRY, {"id": run_id}), "retryBoltRun")

    async def retry_all(self, run_id: int) -> int:
        """Start a run of all of another run's commands and return the new id. Sent at most once."""
        return _started(await self._sender.change(graphql_documents.RETRY_ALL, {"id": run_id}), "retryAllBoltRun")

    async def suspend(self, slug: str, *, suspend: bool) -> None:
        """Pause or resume a schedule that isn't defined in a YAML file."""
        variables: Json = {"slug": slug, "suspend": suspend}
        _done(await self._spelled(graphql_documents.suspend, variables, self._sender.change), "suspendBoltSchedule")

    # --- how they are sent ---

    async def _spelled(self, document: Callable[[str], str], variables: Json, send: Post) -> GraphqlReply:
        """Use the newer spelling of the slug's argument, or the older one if the backend doesn't know it."""
        spelling = self._spelling
        try:
            return await send(document(spelling), variables)
        except BoltInvalidQuery:
            if spelling == OLD_SPELLING:
                raise
        reply = await send(document(OLD_SPELLING), variables)
        if self._spelling != OLD_SPELLING:
            log.info("this backend's name for the slug argument is scheduleName")
        self._spelling = OLD_SPELLING
        return reply


def _object(reply: GraphqlReply, name: str) -> Json:
    found = reply.data.get(name) if reply.data else None
    if not isinstance(found, dict):
        raise BoltOutcomeUnknown("Bolt's response doesn't contain what was requested.")
    return found


def _parsed(kind: type[W], reply: GraphqlReply, name: str) -> W:
    try:
        return kind.model_validate(_object(reply, name))
    except ValidationError as error:
        raise BoltOutcomeUnknown(UNEXPECTED_FORMAT) from error


def _started(reply: GraphqlReply, name: str) -> int:
    """Return the new run's id. A run with an id exists, whatever `ok` says."""
    started = _parsed(graphql_models.RunStarted, reply, name)
    if started.run_id > 0:
        return started.run_id
    if started.ok:
        raise BoltOutcomeUnknown("Bolt started a run but didn't say which one.")
    raise BoltRejected((NOT_OK,))


def _done(reply: GraphqlReply, name: str) -> None:
    if not _parsed(graphql_models.Done, reply, name).ok:
        raise BoltRejected((NOT_OK,))
