"""A file that a person asked for.

`bot.flows.read_requested_file` decides how much of it is read, and `bot.flows.post_file` posts it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.core.model.asker import Asker
from bot.core.model.bolt import BoltCommand, Resource
from bot.core.model.run import CardRef, RunKey

# `known`: it's on its way; `done`: it has been posted; `full`: too many are waiting.
UploadAcceptance = Literal["new", "known", "done", "full"]
# `part`: the log of a command that's still running; `no`: it will never be posted; `gone`: its record was deleted.
UploadOutcome = Literal["ok", "part", "no", "gone"]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a person asked for: a command's log, or its artifact `resource`.

    `thread` is the run's card in this channel, or None if it has none. `id` is the same for the same file in the same
    channel.
    """

    id: str
    key: RunKey
    asker: Asker
    command: BoltCommand
    resource: Resource | None = None
    thread: CardRef | None = None
    file_id: str | None = None
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class UploadAnswer:
    """Outcome of asking for a file: `new`, `known` (it's on its way), `done` (it has been posted) or `full`."""

    word: UploadAcceptance
    thread: CardRef | None = None
