"""All runs, and the numbers that the next one gets."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from datetime import datetime

from bolt_sandbox.bolt.model import Run

FIRST_RUN_ID = 81_204
FIRST_COMMAND_ID = 5_310_077


class RunBook:
    """Runs by id, schedule and command.

    Ids increase across all schedules; a run's command ids are assigned with the run.
    """

    def __init__(self) -> None:
        self.next_run_id = FIRST_RUN_ID
        self.next_command_id = FIRST_COMMAND_ID
        self._runs: dict[int, Run] = {}
        self._of_schedule: dict[str, list[Run]] = {}
        self._of_command: dict[int, Run] = {}

    def add(self, run: Run) -> None:
        """Add a run that has the next free ids, for itself and its commands."""
        self.next_run_id = run.id + 1
        self.next_command_id = run.first_command_id + len(run.steps)
        self._runs[run.id] = run
        insort(self._of_schedule.setdefault(run.slug, []), run, key=_place)
        self._of_command.update(dict.fromkeys(range(run.first_command_id, self.next_command_id), run))

    def find(self, run_id: int) -> Run | None:
        """Return one run, or None."""
        return self._runs.get(run_id)

    def of_command(self, command_id: int) -> Run | None:
        """Return the run that has or will have this command, or None."""
        return self._of_command.get(command_id)

    def of_schedule(self, slug: str) -> list[Run]:
        """Return the runs of a schedule in the order in which they began, oldest first."""
        return self._of_schedule.get(slug, [])

    def newest(self, slug: str) -> Run | None:
        """Return the newest run of a schedule, or None."""
        runs = self.of_schedule(slug)
        return runs[-1] if runs else None

    def all(self) -> list[Run]:
        """Return all runs, oldest first."""
        return list(self._runs.values())

    def move(self, slug: str, to: str) -> None:
        """Move a schedule's runs to another slug."""
        moved: Iterable[Run] = self._of_schedule.pop(slug, [])
        for run in moved:
            run.slug = to
            insort(self._of_schedule.setdefault(to, []), run, key=_place)


def _place(run: Run) -> tuple[datetime, int]:
    return run.created_at, run.id
