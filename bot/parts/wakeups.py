"""Which workers to wake after a worker's job or a click."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.workers.worker import Worker

# A worker looks at its own set again by itself. A worker that isn't listed looks within a second: waking everyone for
# everything would be most of what a busy bot does.
WAKES: dict[str, tuple[str, ...]] = {
    "requests": ("posts", "edits", "polls", "queue"),
    "looked": ("posts",),
    "polls": ("edits", "ends", "cancels", "queue"),
    "strays": ("edits", "ends", "cancels", "polls", "queue"),
    "ends": ("edits", "posts"),
    "cancels": ("edits", "polls"),
    "posts": ("requests", "edits", "watches", "queue"),
    "watches": ("posts", "polls"),
    "queue": ("requests", "edits"),
    "watched": ("watches",),
    "queued": ("posts", "polls"),
    "wishes": ("cancels", "edits", "polls"),
    "approvals": ("requests", "edits"),
    "decided": ("approvals", "requests", "edits"),
    "follows": ("posts",),
    "followed": ("follows",),
    "files": ("posts",),
}


@dataclass(slots=True)
class Wakeups:
    """Wakes the workers that something has made work for. The workers are built last, so they are filled in then."""

    workers: dict[str, Worker] = field(default_factory=dict)

    def waker(self, name: str) -> Callable[[], None]:
        """A function that wakes every worker that WAKES lists under a name."""

        def wake() -> None:
            for follower in WAKES[name]:
                self.workers[follower].wake()

        return wake
