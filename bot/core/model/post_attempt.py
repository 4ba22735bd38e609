"""Whether a post may be sent, or an earlier attempt may have been."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PostAttempt:
    """Whether a post may be sent: `go`, `done`, `lost`, or `half`, where an earlier attempt's outcome is unknown.

    Of such an attempt, `kind` is `sent` or `absent` (looked for once), `at` its time in unix seconds.
    """

    word: str
    kind: str = ""
    at: float = 0.0
