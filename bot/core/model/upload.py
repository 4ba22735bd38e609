"""A file that somebody asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.core.model.asker import Asker
from bot.core.model.bolt import Command, Resource
from bot.core.model.run import CardRef, RunKey

# `known`: it is on its way; `done`: it is there; `full`: too many wait.
UploadAcceptance = Literal["new", "known", "done", "full"]
# `part`: the log of a command that goes on; `no`: it never will be posted; `gone`: its record is.
UploadOutcome = Literal["ok", "part", "no", "gone"]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that somebody asked for: the log of a command, or with `resource` what it left behind.

    `thread` is the card of the run in this channel, None where it has none. `id` names the same file in the same channel.
    """

    id: str
    key: RunKey
    asker: Asker
    command: Command
    resource: Resource | None = None
    thread: CardRef | None = None
    file_id: str | None = None
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class UploadAnswer:
    """What became of an asking for a file: `new`, `known` (it is on its way), `done` (it is there) or `full`."""

    word: UploadAcceptance
    thread: CardRef | None = None
