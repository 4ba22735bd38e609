"""The Bolt API client: every operation of the contract, typed. Implements the flows' `Bolt` port."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
import stamina
import structlog
from pydantic import ValidationError

from bot.core import bolt
from bot.core.errors import BoltInvalidQuery, BoltLost, BoltNotSent, BoltThrottled, BotError
from bot.flows.ports import Polled
from bot.paradime import documents, models
from bot.paradime.batch import Batch
from bot.paradime.credentials import Credentials
from bot.paradime.transport import Json, Reply, Transport, rejection

log = structlog.get_logger()

W = TypeVar("W", bound=models.Wire)

PAGE = 1000
PAGES_MOST = 50
NEW_SPELLING, OLD_SPELLING = "slug", "scheduleName"


@dataclass(frozen=True, slots=True)
class ClientLimits:
    """Times in seconds, sizes in bytes. `timeout_s` is a request's whole time; queries are tried `attempts` times."""

    timeout_s: float = 10
    body_most: int = 32 * 1024 * 1024
    attempts: int = 3
    retry_for_s: float = 15
    first_wait_s: float = 0.3


class BoltClient:
    """One workspace's API. Queries repeat a passing fault with backoff; a mutation is sent once.

    The exception: a mutation whose *spelling* the backend rejects was not executed, so it is asked once more in the
    older spelling, which is remembered then.
    """

    def __init__(
        self,
        endpoint: str,
        credentials: Credentials,
        limits: ClientLimits | None = None,
        *,
        watch: Callable[[BotError | None], None] = lambda error: None,  # noqa: ARG005 - watches nothing
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._limits = limits or ClientLimits()
        self._transport = Transport(
            endpoint,
            credentials.headers(),
            timeout_s=self._limits.timeout_s,
            body_most=self._limits.body_most,
            watch=watch,
            transport=transport,
        )
        self._spelling = NEW_SPELLING
        self._schedules_document = documents.SCHEDULES
        self._batch = Batch(self._transport.post)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def check(self) -> None:
        """The cheapest authenticated read. Not repeated. Raises BoltError."""
        _object(await self._transport.post(documents.CHECK), "listBoltSchedules")

    # --- queries ---

    async def schedules(self) -> list[bolt.Schedule]:
        """Every active schedule, all pages."""
        found: dict[int, bolt.Schedule] = {}
        for number in range(PAGES_MOST):
            page = await self._schedule_page(number * PAGE)
            found |= {one.id: one.core() for one in page.schedules}
            if not page.schedules or len(found) >= page.total_count:
                break
        return list(found.values())

    async def _schedule_page(self, offset: int) -> models.SchedulePage:
        variables: Json = {"offset": offset, "limit": PAGE}
        try:
            reply = await self._read(self._schedules_document, variables)
            return _parsed(models.SchedulePage, reply, "listBoltSchedules")
        except BoltInvalidQuery:
            if self._schedules_document == documents.OLD_SCHEDULES:
                raise
            log.info("this backend lists schedules in the older way")
            self._schedules_document = documents.OLD_SCHEDULES
        reply = await self._read(self._schedules_document, variables)
        return _parsed(models.SchedulePage, reply, "listBoltSchedules")

    async def schedule(self, slug: str) -> bolt.ScheduleDetails:
        """One schedule. Raises BoltRejected where there is none of that slug."""
        reply = await self._spelled(documents.schedule, {"slug": slug}, self._read)
        return _parsed(models.ScheduleDetails, reply, "boltScheduleName").core()

    async def runs(self, slug: str, limit: int, offset: int = 0) -> list[bolt.RunSummary]:
        """The newest runs of a schedule, newest first."""
        variables: Json = {"slug": slug, "limit": limit, "offset": offset}
        reply = await self._spelled(documents.runs, variables, self._read)
        return [run.core() for run in _parsed(models.RunPage, reply, "listBoltRuns").runs]

    @property
    def batch_limit(self) -> int:
        """How many runs one poll may ask for at present, 1 to 100."""
        return self._batch.limit

    async def poll(self, run_ids: Sequence[int]) -> Polled:
        """The statuses of many runs, in one request where that works. Not repeated."""
        return await self._batch.poll(run_ids)

    async def status(self, run_id: int) -> bolt.RunStatus:
        """One run's status. Raises BoltRejected where Bolt does not know the run."""
        reply = await self._read(documents.statuses([run_id]), {})
        return _parsed(models.RunStatus, reply, f"r{run_id}").core()

    async def command_output(self, command_id: int) -> bolt.CommandOutput:
        """A command with its whole output. Raises BoltTooLarge above the bound on memory."""
        reply = await self._read(documents.COMMAND, {"id": command_id})
        return _parsed(models.CommandOutput, reply, "boltCommand").output()

    async def command_log(self, command_id: int, cursor: str = "0:0") -> bolt.LogPage:
        """A part of a command's live log."""
        reply = await self._read(documents.LOGS, {"id": command_id, "cursor": cursor})
        return _parsed(models.LogPage, reply, "boltCommandLogs").core()

    async def resource_url(self, resource_id: int) -> str | None:
        """A short-lived download address: for a person at once, never stored or logged."""
        reply = await self._read(documents.RESOURCE_URL, {"id": resource_id})
        found = _parsed(models.ResourceUrl, reply, "boltResourceUrl")
        return found.url if found.ok else None

    # --- mutations ---

    async def trigger(self, trigger: bolt.Trigger) -> int:
        """Start a run and return its id. Sent at most once; BoltLost means that nobody knows."""
        variables: Json = {
            "slug": trigger.slug,
            "commands": list(trigger.commands) or None,
            "branch": trigger.branch,
            "prNumber": trigger.pull_request,
            "reason": trigger.reason,
            "continueOnError": trigger.continue_on_error,
        }
        reply = await self._spelled(documents.trigger, variables, self._once)
        return _parsed(models.RunStarted, reply, "triggerBoltRun").run_id

    async def cancel(self, run_id: int) -> None:
        """Ask for a run's end. Bolt says CANCELED in the status when it has come."""
        _parsed(models.Done, await self._once(documents.CANCEL, {"id": run_id}), "cancelBoltRun")

    async def retry(self, run_id: int) -> int:
        """Start a run of the failed commands of another; the new id. Sent at most once."""
        return _parsed(models.RunStarted, await self._once(documents.RETRY, {"id": run_id}), "retryBoltRun").run_id

    async def retry_all(self, run_id: int) -> int:
        """Start a run of every command of another; the new id. Sent at most once."""
        reply = await self._once(documents.RETRY_ALL, {"id": run_id})
        return _parsed(models.RunStarted, reply, "retryAllBoltRun").run_id

    async def retry_from_failure(self, slug: str) -> int:
        """Like `retry`, for the schedule's latest failed run. Sent at most once."""
        reply = await self._once(documents.RETRY_FROM_FAILURE, {"slug": slug})
        return _parsed(models.RunStarted, reply, "retryBoltRunFromFailure").run_id

    async def suspend(self, slug: str, *, suspend: bool) -> None:
        """Pause or resume a schedule that no YAML file defines."""
        variables: Json = {"slug": slug, "suspend": suspend}
        _parsed(models.Done, await self._spelled(documents.suspend, variables, self._once), "suspendBoltSchedule")

    # --- how they are sent ---

    async def _once(self, document: str, variables: Json) -> Reply:
        reply = await self._transport.post(document, variables)
        if reply.errors:
            raise rejection(reply)
        return reply

    async def _read(self, document: str, variables: Json) -> Reply:
        """A query, repeated after a passing fault: nothing is done twice by asking twice."""
        limits = self._limits
        async for attempt in stamina.retry_context(
            on=_passing,
            attempts=limits.attempts,
            timeout=limits.retry_for_s,
            wait_initial=limits.first_wait_s,
            wait_max=limits.retry_for_s / 3,
        ):
            with attempt:
                return await self._once(document, variables)
        raise BoltLost  # pragma: no cover - the last attempt has raised

    async def _spelled(self, document: Callable[[str], str], variables: Json, send: Any) -> Reply:
        """Ask in the newer spelling of the slug's argument; where the backend does not know it, once in the older."""
        try:
            reply: Reply = await send(document(self._spelling), variables)
        except BoltInvalidQuery:
            if self._spelling == OLD_SPELLING:
                raise
            reply = await send(document(OLD_SPELLING), variables)
            log.info("this backend calls a slug scheduleName")
            self._spelling = OLD_SPELLING
        return reply


def _passing(error: Exception) -> bool | float:
    """Whether a query is worth repeating, or how long to wait before."""
    if isinstance(error, BoltThrottled):
        return error.retry_after_s
    return isinstance(error, (BoltNotSent, BoltLost))


def _object(reply: Reply, name: str) -> Json:
    if reply.errors:
        raise rejection(reply)
    found = reply.data.get(name) if reply.data else None
    if not isinstance(found, dict):
        raise BoltLost("Bolt's answer lacks what was asked for.")
    return found


def _parsed(kind: type[W], reply: Reply, name: str) -> W:
    try:
        return kind.model_validate(_object(reply, name))
    except ValidationError as error:
        # Its text would quote what Bolt sent; the reason is that the answer is not of the contract's shape.
        raise BoltLost("Bolt's answer is not of the shape that its contract says.") from error
