"""What the flows need of the Bolt API, as small protocols. `bot.paradime` implements them.

They raise only the errors of `bot.core.model.errors`, and repeat nothing that might then be done twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.core.model.bolt import (
    CommandOutput,
    LogPage,
    Resource,
    RunStatus,
    RunSummary,
    Schedule,
    ScheduleDetails,
    Trigger,
)
from bot.core.model.polling import Polled


class Bolt(Protocol):
    """The Bolt API of one workspace. Reads repeat a passing fault by themselves unless they say otherwise."""

    @property
    def batch_limit(self) -> int:
        """How many runs one poll may ask for at present, 1 to 100."""

    async def schedules(self, *, inactive: bool = False, suspended: bool | None = None) -> list[Schedule]:
        """Every active schedule, or every inactive one instead; all pages."""

    async def schedule(self, slug: str) -> ScheduleDetails:
        """One schedule. Raises BoltRejected where there is none of that slug."""

    async def runs(self, slug: str, limit: int, offset: int = 0) -> list[RunSummary]:
        """The newest runs of a schedule, newest first."""

    async def poll(self, run_ids: Sequence[int]) -> Polled:
        """The statuses of many runs, in one request where that works. Not repeated."""

    async def status(self, run_id: int) -> RunStatus:
        """One run's status. Raises BoltRejected where Bolt does not know the run."""

    async def command_output(self, command_id: int) -> CommandOutput:
        """A command with its whole output, within the client's bound on memory."""

    async def run_of_command(self, command_id: int) -> int | None:
        """The run that a command belongs to, None where Bolt does not tell."""

    def known_run_of(self, first_command_id: int) -> int | None:
        """The run whose first command that is, None where a poll or a question has not told it lately."""

    async def command_log(self, command_id: int, cursor: str = "0:0") -> LogPage:
        """A part of a command's live log."""

    async def resource_url(self, resource_id: int) -> str | None:
        """A short-lived download address: for a person at once, never stored or logged."""

    async def resources(self, command_ids: Sequence[int]) -> dict[int, tuple[Resource, ...]]:
        """What commands left behind, never their output. A command that Bolt does not know is left out."""

    async def trigger(self, trigger: Trigger) -> int:
        """Start a run and return its id. Sent at most once; BoltOutcomeUnknown means that nobody knows."""

    async def cancel(self, run_id: int) -> None:
        """Ask for a run's end. Bolt says CANCELED in the status when it has come."""

    async def retry(self, run_id: int) -> int:
        """Start a run of the failed commands of another; the new id. Sent at most once."""

    async def retry_all(self, run_id: int) -> int:
        """Start a run of every command of another; the new id. Sent at most once."""

    async def suspend(self, slug: str, *, suspend: bool) -> None:
        """Pause or resume a schedule that no YAML file defines."""


class Downloads(Protocol):
    """Files at the short-lived addresses that Bolt gives."""

    async def fetch(self, url: str, *, most: int) -> bytes:
        """A file. Raises BoltTooLarge above `most` bytes, DownloadRefused, BoltNotSent and BoltOutcomeUnknown."""
