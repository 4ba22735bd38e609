"""Derive a plausible duration, log, exit code and files from a command's text.

`bolt_sandbox.bolt.course` makes a run fail on request, and `bolt_sandbox.bolt.catalog` has the initial schedules.
"""

from __future__ import annotations

import re
from dataclasses import replace

from bolt_sandbox.bolt.model import Step

MANIFEST = "target/manifest.json"
RUN_RESULTS = "target/run_results.json"
SOURCES = "target/sources.json"
WRITES_RESULTS = (MANIFEST, RUN_RESULTS)
WRITES_SOURCES = (MANIFEST, SOURCES)

DBT_DURATION_S = 3.0
OTHER_DURATION_S = 1.5
LONGEST_SLEEP_S = 86_400.0
FAIL = re.compile(r"\bfail\b", re.IGNORECASE)
SLEEP = re.compile(r"sleep (\d{1,5}(?:\.\d+)?)")
HASH = re.compile(r"[0-9a-f]{7,40}")

# A dbt subcommand: its log on success, its log on failure, the files it writes.
DBT: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "seed": ("seed", "run-model-error", WRITES_RESULTS),
    "run": ("run-success", "run-model-error", WRITES_RESULTS),
    "build": ("build-success", "build-test-failure", WRITES_RESULTS),
    "test": ("test-success", "test-failure", WRITES_RESULTS),
    "retry": ("retry-success", "run-model-error", WRITES_RESULTS),
    "source": ("freshness-success", "freshness-error", WRITES_SOURCES),
    "deps": ("deps", "deps", ()),
}
OTHER_DBT = ("compile", "compilation-error", (MANIFEST,))


def platform_steps(secret: str, branch: str | None, commit: str | None) -> tuple[Step, ...]:
    """Return Bolt's own commands, which run before a schedule's.

    The clone's address contains a credential, as in the real Bolt.
    """
    what = f"--branch {branch} " if branch else ""
    to = f" && git checkout {commit}" if commit else ""
    clone = f"git clone {what}https://x-access-token:{secret}@github.com/acme/shop.git{to}"
    return (
        Step(clone, 1.0, log="git-clone", platform=True),
        Step("dbt deps", 0.8, log="deps", platform=True),
    )


def plausible(command: str) -> Step:
    """Derive the behavior of a made-up command. The word `fail` makes it exit with 1; `sleep 30` takes 30 s."""
    text = command.strip()
    return_code = 1 if FAIL.search(text) else 0
    if text.startswith("dbt "):
        return _dbt(text, return_code)
    sleep = SLEEP.fullmatch(text)
    duration_s = min(float(sleep[1]), LONGEST_SLEEP_S) if sleep else OTHER_DURATION_S
    if text.startswith("python"):
        return Step(text, duration_s, return_code, "python-error" if return_code else "python")
    return Step(text, duration_s, return_code, "shell-error" if return_code else "shell")


def healthy(step: Step) -> Step:
    """Return the same command without a failure."""
    if step.return_code == 0:
        return step
    mended = plausible(FAIL.sub("", step.command))
    return replace(
        mended,
        command=step.command,
        duration_s=step.duration_s,
        continue_on_error=step.continue_on_error,
    )


def dbt_subcommand(text: str) -> str:
    """Return the subcommand of a dbt command, or an empty string if it has none or if it's another program."""
    program, *words = text.split() or [""]
    return next((word for word in words if not word.startswith("-")), "") if program == "dbt" else ""


def _dbt(text: str, return_code: int) -> Step:
    subcommand = dbt_subcommand(text)
    well, failing, writes = DBT.get(subcommand, OTHER_DBT)
    if return_code == 0 and "does_not_exist" in text:
        return Step(text, DBT_DURATION_S, 0, "no-nodes", WRITES_RESULTS)
    if return_code == 0:
        return Step(text, DBT_DURATION_S, 0, well, writes)
    return Step(
        text,
        DBT_DURATION_S,
        return_code,
        failing,
        () if failing == OTHER_DBT[1] else writes,
    )
