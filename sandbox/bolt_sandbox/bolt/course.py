"""Make a run end as requested when it's started: with a failure of a certain kind, or without any.

Without a request, a run ends as its commands do: see `plan.plausible`. `new_run` decides how long a run takes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bolt_sandbox.bolt.model import Ends, Step
from bolt_sandbox.bolt.plan import WRITES_RESULTS, dbt_subcommand, healthy
from bolt_sandbox.bolt.warehouse import without_warehouse

BUILDS = ("run", "build", "retry")


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed dbt command: its log, exit code and files, and the subcommands that fail like this."""

    log: str
    return_code: int
    writes: tuple[str, ...]
    subcommands: tuple[str, ...]


FAILURES: dict[Ends, Failure] = {
    "model_error": Failure("run-model-error", 1, WRITES_RESULTS, BUILDS),
    "other_error": Failure("run-other-error", 1, WRITES_RESULTS, BUILDS),
    "test_failure": Failure("build-test-failure", 1, WRITES_RESULTS, ("test", "build")),
    "compile_error": Failure("compilation-error", 2, (), (*BUILDS, "test")),
}


def steps_of_course(steps: tuple[Step, ...], ends: Ends) -> tuple[Step, ...]:
    """Return a schedule's steps as they behave in a run that ends this way.

    The last dbt command that can fail this way does so. If none can, the last command fails instead.
    """
    if ends == "own":
        return steps
    mended = tuple(healthy(step) for step in steps)
    if ends == "warehouse":
        return tuple(without_warehouse(step) for step in mended)
    failure = FAILURES.get(ends)
    if failure is None:
        return mended
    fitting = [at for at, step in enumerate(mended) if dbt_subcommand(step.command) in failure.subcommands]
    at = fitting[-1] if fitting else len(mended) - 1
    return (*mended[:at], _failed(mended[at], failure), *mended[at + 1 :])


def _failed(step: Step, failure: Failure) -> Step:
    if not step.is_dbt:
        return replace(step, return_code=1, log="python-error" if step.command.startswith("python") else "shell-error")
    only_tests = failure.log == "build-test-failure" and dbt_subcommand(step.command) == "test"
    log = "test-failure" if only_tests else failure.log
    return replace(step, return_code=failure.return_code, log=log, writes=failure.writes)
