"""Wake workers as soon as there's work for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum, auto

from bot.workers.worker import Worker


class WakeEvent(StrEnum):
    """Events that make work for workers, in addition to the workers' own jobs."""

    APPROVAL_DECIDED = auto()
    CANCEL_REQUESTED = auto()
    FILE_REQUESTED = auto()
    FOLLOW_REQUESTED = auto()
    HINT_RECEIVED = auto()
    LIVE_LOG_REQUESTED = auto()
    # A hint about a run that isn't on record.
    LISTING_HINTED = auto()
    # A person took a start out of the queue.
    QUEUE_LEFT = auto()
    START_ACCEPTED = auto()
    # A start's job has only made a card so far.
    START_PLANNED = auto()
    START_QUEUED = auto()


@dataclass(slots=True)
class Wakeups:
    """Wakes the workers for which there's work.

    `woken` has their names by event, or by the worker whose job has ended. `workers` is filled once they're all built.
    """

    woken: Mapping[str, tuple[str, ...]]
    workers: dict[str, Worker] = field(default_factory=dict)

    def waker(self, source: str) -> Callable[[], None]:
        """Return a function that wakes the workers for an event, or for another worker's job."""
        names = self.woken[source]

        def wake() -> None:
            for name in names:
                self.workers[name].wake()

        return wake
