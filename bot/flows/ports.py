"""What the flows need of the world, as small protocols.

`bot.paradime` implements `Bolt`; `bot.slack` implements `Chat`. Both raise only the errors of
`bot.core.errors`, and neither repeats anything that might then be done twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.core.bolt import CommandOutput, LogPage, RunStatus, RunSummary, Schedule, ScheduleDetails, Trigger
from bot.core.errors import BoltError
from bot.core.message import Message


@dataclass(frozen=True, slots=True)
class Polled:
    """What one poll of many runs told: a status for some, an error that concerns one run alone for others.

    A run in neither was not asked this time (the batch shrank) and is due again at once.
    """

    found: dict[int, RunStatus] = field(default_factory=dict)
    failed: dict[int, BoltError] = field(default_factory=dict)


class Bolt(Protocol):
    """The Bolt API of one workspace. Reads repeat a passing fault by themselves unless they say otherwise."""

    @property
    def batch_limit(self) -> int:
        """How many runs one poll may ask for at present, 1 to 100."""

    async def schedules(self) -> list[Schedule]:
        """Every active schedule, all pages."""

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

    async def command_log(self, command_id: int, cursor: str = "0:0") -> LogPage:
        """A part of a command's live log."""

    async def resource_url(self, resource_id: int) -> str | None:
        """A short-lived download address: for a person at once, never stored or logged."""

    async def trigger(self, trigger: Trigger) -> int:
        """Start a run and return its id. Sent at most once; BoltLost means that nobody knows."""

    async def cancel(self, run_id: int) -> None:
        """Ask for a run's end. Bolt says CANCELED in the status when it has come."""

    async def retry(self, run_id: int) -> int:
        """Start a run of the failed commands of another; the new id. Sent at most once."""

    async def retry_all(self, run_id: int) -> int:
        """Start a run of every command of another; the new id. Sent at most once."""

    async def retry_from_failure(self, slug: str) -> int:
        """Like `retry`, for the schedule's latest failed run. Sent at most once."""

    async def suspend(self, slug: str, *, suspend: bool) -> None:
        """Pause or resume a schedule that no YAML file defines."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asked, and how to answer that person privately. `response_url` is a capability: never logged."""

    team: str
    user: str
    channel: str
    response_url: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Found:
    """A message that was looked for is there."""

    ts: str


@dataclass(frozen=True, slots=True)
class Absent:
    """The channel was read back to the attempt, and the message is not there."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The channel could not be read back far enough (a missing scope, say)."""


class Chat(Protocol):
    """Slack, as far as the flows need it. No call here waits for the budget: that was spent before.

    `key` names what a message is for. It travels in the message's metadata, so that a post whose reply
    was lost can be found again.
    """

    async def post(self, channel: str, message: Message, *, key: str, thread_ts: str | None = None) -> str:
        """Post a message; its timestamp. Sent at most once. SlackLost: look for it with `find`."""

    async def edit(self, channel: str, ts: str, message: Message) -> None:
        """Replace a message of ours. Safe to repeat."""

    async def delete(self, channel: str, ts: str) -> None:
        """Delete a message of ours; one that is gone already is no error."""

    async def find(
        self, channel: str, key: str, *, since: float, thread_ts: str | None = None
    ) -> Found | Absent | Unknown:
        """Look for our message with that key, posted at `since` (unix seconds, Slack's clock) or later."""

    async def join(self, channel: str) -> None:
        """Join a public channel. Raises ChannelRefused where that cannot be."""

    async def start_upload(self, filename: str, content: bytes, *, snippet: bool) -> str:
        """Upload a file's bytes and return its id. Nothing is visible until `share_upload`."""

    async def share_upload(self, channel: str, thread_ts: str, file_id: str, title: str) -> None:
        """Show an uploaded file in a thread. Sent at most once. SlackLost: look with `find_upload`."""

    async def find_upload(
        self, channel: str, thread_ts: str, file_id: str, *, since: float
    ) -> Found | Absent | Unknown:
        """Look for the message by which an uploaded file was shared in a thread."""

    async def permalink(self, channel: str, ts: str) -> str | None:
        """The web address of a message, None where Slack does not tell."""

    async def respond(self, response_url: str, message: Message, *, replace: bool = False) -> None:
        """Answer privately through a response_url; `replace` replaces the message it came from."""

    async def whisper(self, channel: str, user: str, message: Message) -> None:
        """Show a message in a channel to one person only."""

    async def direct(self, user: str, message: Message, *, key: str) -> str:
        """Post into the direct message with a person; its timestamp."""
