"""Ports to the Bolt API, implemented by `bot.paradime`.

The ports raise only the errors of `bot.core.model.errors`, and never repeat a request that might then take effect
twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.core.model.bolt import (
    CommandOutput,
    LogPage,
    Resource,
    RunStatus,
    RunSummary,
    Schedule,
    ScheduleActivity,
    ScheduleDetails,
    Trigger,
)
from bot.core.model.errors import BoltError
from bot.core.model.polling import Polled


class Bolt(Protocol):
    """The Bolt API of one workspace. Reads retry transient errors unless noted otherwise."""

    @property
    def batch_limit(self) -> int:
        """How many runs a poll may currently request, 1 to 100."""

    async def schedules(self, *, inactive: bool = False, suspended: bool | None = None) -> list[Schedule]:
        """All active schedules, or all inactive ones instead, from all pages."""

    def time(self) -> datetime:
        """The time by Bolt's clock, as far as it's known. Ages and lateness are measured by this clock."""

    async def activity(self) -> list[ScheduleActivity]:
        """Each active schedule's activity, such as its last and next run. Not retried."""

    async def newest_runs(self, slugs: Sequence[str]) -> dict[str, list[RunSummary] | BoltError]:
        """The newest runs of each of these schedules, newest first, or the error in reading them. Not retried."""

    async def schedule(self, slug: str) -> ScheduleDetails:
        """Read a schedule. Raises BoltRejected if no schedule has that slug."""

    async def runs(self, slug: str, limit: int, offset: int = 0) -> list[RunSummary]:
        """The newest runs of a schedule, newest first."""

    async def poll(self, run_ids: Sequence[int]) -> Polled:
        """Read the statuses of many runs, in one request if possible. Not retried."""

    async def status(self, run_id: int) -> RunStatus:
        """Read a run's status. Raises BoltRejected if Bolt doesn't know the run."""

    async def command_output(self, command_id: int) -> CommandOutput:
        """Read a command with its whole output, within the client's limit on memory."""

    async def run_of_command(self, command_id: int) -> int | None:
        """Look up the run of a command. Returns None if Bolt doesn't return it."""

    def known_run_of(self, first_command_id: int) -> int | None:
        """The run whose first command this is, or None if no recent poll or lookup has returned it."""

    async def command_log(self, command_id: int, cursor: str = "0:0") -> LogPage:
        """Read a page of a command's live log."""

    async def resource_url(self, resource_id: int) -> str | None:
        """Get a short-lived download URL. Show it to a person at once; never store or log it."""

    async def resources(self, command_ids: Sequence[int]) -> dict[int, tuple[Resource, ...]]:
        """Read the artifacts of commands, never their output. Commands unknown to Bolt are left out."""

    async def trigger(self, trigger: Trigger) -> int:
        """Start a run and return its id. Sent at most once; after BoltOutcomeUnknown, the run may have started."""

    async def cancel(self, run_id: int) -> None:
        """Ask Bolt to cancel a run. The run's status is CANCELED once that has happened."""

    async def retry(self, run_id: int) -> int:
        """Retry the failed commands of a run, and return the new run's id. Sent at most once."""

    async def retry_all(self, run_id: int) -> int:
        """Retry every command of a run, and return the new run's id. Sent at most once."""

    async def suspend(self, slug: str, *, suspend: bool) -> None:
        """Pause or resume a schedule that isn't defined in a YAML file."""


class Downloads(Protocol):
    """Downloads from the short-lived URLs that Bolt issues."""

    async def fetch(self, url: str, *, most: int) -> bytes:
        """Download a file of at most `most` bytes.

        Raises BoltTooLarge, DownloadRefused, BoltNotSent and BoltOutcomeUnknown.
        """
