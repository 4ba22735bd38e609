"""A run's state at a given time: pure functions of the run and the time.

`bolt_sandbox.bolt.new_run` decides how long a run takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bolt_sandbox.bolt.model import RESOURCES_A_COMMAND, Run, Step


@dataclass(frozen=True, slots=True)
class CommandView:
    """A command that has begun. `elapsed_s`: how much of its duration has passed. `was_stopped`: it ended early."""

    id: int
    index: int
    step: Step
    started_at: datetime
    elapsed_s: float
    ended_at: datetime | None = None
    return_code: int | None = None
    was_stopped: bool = False


@dataclass(frozen=True, slots=True)
class RunView:
    """A run's state and the commands that have begun, in order. `ended_at` is None until it has ended."""

    state: str
    commands: tuple[CommandView, ...]
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ResourceView:
    """A downloadable file. `content_of` is the command that wrote it, which may precede the one that lists it."""

    id: int
    path: str
    content_of: CommandView


def observe(run: Run, now: datetime) -> RunView:
    """Return the run as the API shows it at this time."""
    natural_end, natural_state = _natural_end(run)
    stop = run.stop if run.stop is not None and run.stop.at < natural_end else None
    ends_at = natural_end if stop is None else stop.at
    has_ended = now >= ends_at
    until = min(now, ends_at)
    commands = tuple(_views(run, until, cut=stop is not None and has_ended))
    if not has_ended:
        return RunView(_phase(run, now), commands)
    return RunView(natural_state if stop is None else stop.state, commands, ends_at)


def find_command(run: Run, command_id: int, now: datetime) -> CommandView | None:
    """Return one command of a run, or None if it hasn't begun."""
    return next((each for each in observe(run, now).commands if each.id == command_id), None)


def resources(view: RunView, command: CommandView) -> list[ResourceView]:
    """Return the files below target/ once a dbt command has ended.

    The commands of a run share that folder, so an earlier command's files remain if this one wrote nothing.
    """
    if not command.step.is_dbt or command.ended_at is None:
        return []
    latest: dict[str, CommandView] = {}
    for each in view.commands[: command.index + 1]:
        if not each.was_stopped:
            latest.update(dict.fromkeys(each.step.writes, each))
    first = command.id * RESOURCES_A_COMMAND
    return [ResourceView(first + at, path, latest[path]) for at, path in enumerate(sorted(latest))]


def _placed(run: Run) -> Iterator[tuple[int, Step, datetime, datetime]]:
    at = run.created_at + timedelta(seconds=sum(length_s for _state, length_s in run.phases))
    if run.skips:
        return
    for index, step in enumerate(run.steps):
        end = at + timedelta(seconds=step.duration_s)
        yield index, step, at, end
        if step.return_code != 0 and not step.continue_on_error:
            return
        at = end


def _natural_end(run: Run) -> tuple[datetime, str]:
    placed = list(_placed(run))
    if not placed:
        waited_s = sum(length_s for _state, length_s in run.phases)
        return run.created_at + timedelta(seconds=waited_s), "SKIPPED" if run.skips else "SUCCESS"
    has_failed = any(step.return_code != 0 for _index, step, _start, _end in placed)
    return placed[-1][3], run.fails_as if has_failed else "SUCCESS"


def _phase(run: Run, now: datetime) -> str:
    at = run.created_at
    for state, length_s in run.phases:
        at += timedelta(seconds=length_s)
        if now < at:
            return state
    return "RUNNING"


def _views(run: Run, until: datetime, *, cut: bool) -> Iterator[CommandView]:
    for index, step, start, end in _placed(run):
        if start > until or (cut and start == until):
            return
        number = run.first_command_id + index
        if end <= until:
            yield CommandView(number, index, step, start, step.duration_s, end, step.return_code)
            continue
        elapsed_s = (until - start).total_seconds()
        if cut and run.stop is not None:
            yield CommandView(
                number,
                index,
                step,
                start,
                elapsed_s,
                until,
                run.stop.return_code,
                was_stopped=True,
            )
        else:
            yield CommandView(number, index, step, start, elapsed_s)
