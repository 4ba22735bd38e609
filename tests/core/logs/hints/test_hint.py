"""A table of hints: the first row that fits wins."""

from __future__ import annotations

from bot.core.logs.hints.hint import Hint, Table
from bot.core.model.cause import Retry

LOCK = Hint("lock", "warehouse", "any", "It was locked.", "Retry.", Retry.YES, (r"lock (?:wait|timeout)", "deadlock"))
ANY = Hint("any", "warehouse", "any", "It broke.", "Look.", Retry.MAYBE, ("lock",))
KILLED = Hint("killed", "process", "any", "It was killed.", "Add memory.", Retry.NO, exit_codes=(137, 9))
TABLE = Table((LOCK, ANY, KILLED))


def test_the_first_row_that_fits_wins() -> None:
    """The first row with a matching pattern wins."""
    assert TABLE.by_message("a deadlock") is LOCK
    assert TABLE.by_message("lock timeout") is LOCK
    assert TABLE.by_message("a lock") is ANY
    assert TABLE.by_message("nothing of it") is None


def test_an_exit_status_has_rows_of_its_own() -> None:
    """Rows for an exit status match it exactly, and never an unknown status."""
    assert TABLE.by_exit_code(9) is KILLED
    assert TABLE.by_exit_code(1) is None
    assert TABLE.by_exit_code(None) is None
