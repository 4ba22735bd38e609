"""Values of options and form fields: branches, pull requests, commands, reasons. Readers raise BadCommand.

The options of `watch` are in `bot.core.commands.watch_values`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.core.commands.tokens import (
    DASH,
    bad,
    for_a_shell,
    without_fence,
)
from bot.core.text.text import cut

GRAPHQL_INT = 2**31 - 1
SCHEDULE_LIMIT = 200
TEXT_LIMIT = 200
BRANCH_LIMIT = 255
COMMAND_LIMIT = 1000
COMMANDS_LIMIT = 20
REASON_LIMIT = 500
EXAMPLES = {
    "branch": "--branch main",
    "pr": "--pr 123",
    "command": '--command "dbt run --select staging"',
    "reason": '--reason "late data"',
    "runs": "--runs 50",
    "user": "--user @ada",
    "schedule": "--schedule nightly",
    "since": "--since 2d",
    "owner": "--owner ada@example.com",
    "only": "--only failures",
    "mention": "--mention @data-team",
    "late": "--late 30m",
    "slow": "--slow 2x",
    "quiet": "--quiet 22:00-07:00",
    "tz": "--tz Europe/Berlin",
}

# Characters and sequences that git refuses in names, except `*`, which means any branch in a watch.
_NOT_IN_REFS = re.compile(r"[\s~^:?\[\\]|\.\.|@\{|//|^/|/$|\.$")


def read_branch(text: str) -> str:
    """Read a branch or commit. Raises BadCommand."""
    if not text or re.match(f"[{DASH}]", text) or _NOT_IN_REFS.search(text):
        bad(f'"{cut(text, 60)}" isn\'t a valid branch name. Give a branch or a commit, as in {EXAMPLES["branch"]}.')
    return bounded("The branch", text, BRANCH_LIMIT)


def read_pull_request(text: str) -> int:
    """Read a pull request's number. Raises BadCommand."""
    number = positive(text.removeprefix("#"))
    if number is None:
        bad(f"--pr needs a number, as in {EXAMPLES['pr']}.")
    return number


def read_commands(given: list[str]) -> tuple[str, ...]:
    """Read the commands that replace the schedule's own, without surrounding backticks. Raises BadCommand."""
    not_too_many(given)
    return tuple(bounded("A command", for_a_shell(without_fence(command.strip())), COMMAND_LIMIT) for command in given)


def not_too_many(commands: Sequence[str]) -> None:
    """Check that there aren't more commands than a run may have. Raises BadCommand."""
    if len(commands) > COMMANDS_LIMIT:
        bad(f"That's {len(commands)} commands. The limit is {COMMANDS_LIMIT}.")


def read_reason(text: str) -> str:
    """Read the reason for a run. Raises BadCommand."""
    return bounded("The reason", " ".join(text.split()), REASON_LIMIT)


def bounded(what: str, text: str, limit: int) -> str:
    """Check that a text isn't empty or too long. Raises BadCommand."""
    if not text.strip():
        bad(f"{what} is empty. Put it in quotes or leave it out.")
    if len(text) > limit:
        bad(f"{what} is too long: {len(text)} characters. The limit is {limit}.")
    return text


def positive(digits: str) -> int | None:
    """Parse a positive number within GraphQL's Int. Returns None if it isn't one."""
    if not (digits.isascii() and digits.isdecimal()) or len(digits.lstrip("0")) > len(str(GRAPHQL_INT)):
        return None
    number = int(digits.lstrip("0") or "0")
    return number if 0 < number <= GRAPHQL_INT else None
