"""Whether a post may be sent, or an earlier attempt may have been."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# `half`: an earlier attempt's outcome is unknown.
MaySend = Literal["go", "done", "lost", "half"]
# `again`: after an earlier attempt was found absent; `look`: only to see what is on record.
AttemptMode = Literal["first", "again", "look"]


@dataclass(frozen=True, slots=True)
class PostAttempt:
    """Whether a post may be sent: `go`, `done`, `lost`, or `half`, where an earlier attempt's outcome is unknown.

    Of such an attempt, `kind` is `sent` or `absent` (looked for once), `at` its time in unix seconds.
    """

    word: MaySend
    kind: Literal["", "sent", "absent"] = ""
    at: float = 0.0
