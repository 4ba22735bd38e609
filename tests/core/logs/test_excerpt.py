"""The excerpt: the lines of each failure, then those of the error that stopped the command, within a limit."""

from __future__ import annotations

from bot.core.logs.excerpt import EXCERPT_LIMIT, excerpt
from bot.core.logs.log_findings import Failure, LogFindings


def failure(number: int, *lines: str) -> Failure:
    """A model that failed."""
    return Failure("model", f"m{number}", "error", lines=lines)


def test_what_fits_is_whole() -> None:
    """A failure that fits is shown whole, and one without lines in the log is named."""
    shown = excerpt([failure(0, "Failure in model m0", "  relation is gone"), failure(1)], LogFindings(), 200)
    assert shown == "Failure in model m0\n  relation is gone\n\nmodel m1"


def test_every_failure_keeps_its_head_where_room_is_short() -> None:
    """If there are too many failures to show, each one shown begins with its heading, and the rest are counted."""
    failures = [failure(n, f"Failure in model m{n} (m{n}.sql)", "x" * 900) for n in range(30)]
    shown = excerpt(failures, LogFindings(), EXCERPT_LIMIT)
    blocks = shown.split("\n\n")
    assert len(shown) <= EXCERPT_LIMIT
    assert all(block.startswith(f"Failure in model m{n} ") for n, block in enumerate(blocks[:-1]))
    assert blocks[-1] == f"… and {30 - len(blocks) + 1} more failures"


def test_what_stopped_the_command_comes_last_and_keeps_its_share() -> None:
    """The error that stopped the command comes last, unless a failure's lines already contain it."""
    stopped = LogFindings(problem="Interrupted", lines=("KeyboardInterrupt", "at line 7"))
    failures = [failure(n, f"Failure in model m{n}", "x" * 900) for n in range(9)]
    assert excerpt(failures, stopped, EXCERPT_LIMIT).endswith("\n\nKeyboardInterrupt\nat line 7")
    assert excerpt([failure(0, "KeyboardInterrupt", "at line 7")], stopped, 200) == "KeyboardInterrupt\nat line 7"


def test_without_failures_the_lines_that_say_most_are_cut_to_the_limit() -> None:
    """Without failures, the most telling lines are shown, up to the limit."""
    assert excerpt((), LogFindings(shown="one\ntwo"), 200) == "one\ntwo"
    assert len(excerpt((), LogFindings(shown="x" * 500), 200)) <= 200
