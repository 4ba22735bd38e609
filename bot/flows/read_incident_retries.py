"""The newest retries that were asked for from an incident's or outage's message, read together with it.

The wording is in `bot.core.views.retry_line`.
"""

from __future__ import annotations

from dataclasses import replace

from bot.core.model.incident import Incident, StoredIncident
from bot.core.model.outage import Outage
from bot.core.model.request import Request
from bot.core.model.run import RunKey
from bot.core.watching.incident_retries import is_starting, with_run_of
from bot.flows.ports.store import Requests, Runs


class IncidentRetries:
    """Reads the progress of retries."""

    def __init__(self, requests: Requests, runs: Runs, *, workspace: str) -> None:
        self._requests = requests
        self._runs = runs
        self._workspace = workspace

    async def read_retry(self, stored: StoredIncident) -> tuple[Incident, Request | None]:
        """The incident with its retry's run; if the retry has no run yet, also the retry's start."""
        return await self._read(stored.incident, stored.request)

    async def read_outage(self, outage: Outage) -> Outage:
        """The outage with the runs of its incidents' retries, and how many are starting."""
        requests = dict(outage.requests)
        read = [await self._read(one, requests.get(one.schedule, "")) for one in outage.members]
        starting = sum(is_starting(start) and incident.is_open for incident, start in read)
        return replace(outage, members=tuple(incident for incident, _start in read), starting=starting)

    async def _read(self, incident: Incident, request: str) -> tuple[Incident, Request | None]:
        start = await self._requests.load_request(request) if request else None
        if start is None or start.run_id is None:
            return incident, start
        run = await self._runs.load_run(RunKey(self._workspace, start.run_id))
        return with_run_of(incident, start, run), None
