"""The newest retry that was asked for from an incident's message, read together with the incident."""

from __future__ import annotations

from bot.core.model.incident import Incident, StoredIncident
from bot.core.model.request import Request
from bot.core.model.run import RunKey
from bot.core.watching.retrying import with_run_of
from bot.flows.ports.store import Requests, Runs


class IncidentRetries:
    """Reads how far retries are."""

    def __init__(self, requests: Requests, runs: Runs, *, workspace: str) -> None:
        self._requests = requests
        self._runs = runs
        self._workspace = workspace

    async def read_retry(self, stored: StoredIncident) -> tuple[Incident, Request | None]:
        """The incident with its retry's run, and the retry's start as long as it has none, else None."""
        start = await self._requests.load_request(stored.request) if stored.request else None
        if start is None or start.run_id is None:
            return stored.incident, start
        run = await self._runs.load_run(RunKey(self._workspace, start.run_id))
        return with_run_of(stored.incident, start, run), None
