"""Progress of a run: how many of its commands are done, and how they're numbered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from bot.core.model.bolt import BoltCommand, RunSummary
from bot.core.model.run import Run

BAR_CELLS = 10


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a run: `done` of `total` commands, and the text of the running one.

    Counts the schedule's own commands. `total` is None if those are unknown; then every command counts.
    """

    done: int
    total: int | None
    current: str | None


def progress(run: Run) -> Progress:
    """Count the schedule's own commands. Platform commands (git clone, dbt deps) show only while they run."""
    listed = run.seen.commands
    wanted = _wanted(run)
    own = own_commands(listed, wanted)
    running = [command for command in listed if command.ended_at is None and command.return_code is None]
    total = max(len(wanted), len(own)) if wanted else None
    return Progress(
        done=sum(1 for command in own if command.return_code is not None or command.ended_at is not None),
        total=total,
        current=running[-1].text if running else None,
    )


def _wanted(run: Run) -> tuple[str, ...]:
    """The commands that are to run, or none if unknown: for a retry of failures, Bolt makes up its own commands.

    A run started elsewhere may have commands other than its schedule's. A run's progress is measured against the
    schedule's commands only as long as the run follows them.
    """
    commands = run.facts.commands
    if run.facts.only_failed or not (run.started_here or ran(run.seen.commands, commands)):
        return ()
    return commands


def own_commands(listed: Sequence[BoltCommand], wanted: Sequence[str]) -> tuple[BoltCommand, ...]:
    """The listed commands from the first of `wanted` on; if that's empty, all commands except the platform's."""
    if not wanted:
        return tuple(listed[_platforms(listed) :])
    for at, command in enumerate(listed):
        if _same(command.text, wanted[0]):
            # The platform's own `dbt deps` may come directly before the schedule's.
            once = _words(wanted[0]) == "dbt deps" and [_words(one) for one in wanted[:2]].count("dbt deps") == 1
            twice = once and any(_same(one.text, wanted[0]) for one in listed[at + 1 : at + 2])
            return tuple(listed[at + twice :])
    return ()


def _platforms(listed: Sequence[BoltCommand]) -> int:
    """How many platform commands a run begins with: its git clones, and a `dbt deps` directly after them."""
    texts = [_words(command.text) for command in listed]
    cloned = next((at for at, text in enumerate(texts) if not text.startswith("git clone ")), len(texts))
    return cloned + (bool(cloned) and texts[cloned : cloned + 1] == ["dbt deps"])


def numbered(run: Run) -> tuple[tuple[int | None, BoltCommand], ...]:
    """Number a run's commands that have begun: people's own from 1 on, and None for the platform's.

    There's no other numbering: cards, threads, `status`, `logs` and `artifacts` all use this one.
    """
    own = {command.id: number for number, command in enumerate(own_commands(run.seen.commands, _wanted(run)), start=1)}
    return tuple((own.get(command.id), command) for command in run.seen.commands)


def ran(listed: Sequence[BoltCommand], wanted: Sequence[str]) -> bool:
    """Whether a run had exactly these commands, as far as it got. False if it only had the platform's commands."""
    words = [_words(text) for text in wanted]
    return any(own and words[: len(own)] == own for own in _readings(listed))


def ran_all(listed: Sequence[BoltCommand], wanted: Sequence[str]) -> bool:
    """Whether a run had all of these commands and no others."""
    return bool(wanted) and [_words(text) for text in wanted] in _readings(listed)


def ran_others(listed: Sequence[BoltCommand], wanted: Sequence[str]) -> bool:
    """Whether a run is known to have run commands other than these."""
    words = [_words(text) for text in wanted]
    return bool(wanted) and all(words[: len(own)] != own for own in _readings(listed))


def commands_known(run: Run) -> bool:
    """Whether it's known which commands an ended run was started with. Runs from elsewhere may have custom commands."""
    facts = run.facts
    if facts.overridden:
        return True
    if not run.started_here:
        return ran_all(run.seen.commands, facts.commands)
    return facts.parent_run is None or bool(facts.commands)


def _readings(listed: Sequence[BoltCommand]) -> list[list[str]]:
    """The possible lists of a run's own commands, since a `dbt deps` may be the platform's or the first of its own."""
    texts = [_words(command.text) for command in listed]
    first = next((at for at, text in enumerate(texts) if not _of_platform(text)), len(texts))
    return [texts[at:] for at in range(first + 1)]


def _of_platform(text: str) -> bool:
    return text.startswith("git clone ") or text == "dbt deps"


def _words(text: str) -> str:
    return " ".join(text.split())


def _same(text: str, wanted: str) -> bool:
    return _words(text) == _words(wanted)


def position(run: Run, command: BoltCommand) -> tuple[int, int] | None:
    """The number of a command among the schedule's own, and their count, or None for a platform command."""
    for number, candidate in numbered(run):
        if candidate.id == command.id and number is not None:
            own = sum(1 for at, _ in numbered(run) if at is not None)
            return number, max(own, len(_wanted(run)))
    return None


def bar(done: int, total: int) -> str:
    """Draw a bar of ten cells, never full before everything is done."""
    filled = min(BAR_CELLS, done * BAR_CELLS // total) if total else 0
    return "▰" * filled + "▱" * (BAR_CELLS - filled)


def usual_seconds(runs: Sequence[RunSummary], newest: int = 10) -> float | None:
    """Median duration in seconds of the newest successes in a listing, or None if there are none."""
    lengths = [
        (run.ended_at - run.started_at).total_seconds()
        for run in runs
        if run.state == "SUCCESS" and run.started_at and run.ended_at and run.ended_at > run.started_at
    ]
    return median(lengths[:newest]) if lengths else None
