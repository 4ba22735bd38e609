"""When an incident's message is edited."""

from __future__ import annotations

from bot.core.watching.edits import edit_for, is_step
from tests.core.watching.ends import DISK, failure, success
from tests.core.watching.test_incident_life import told


def test_counts_are_shown_in_steps() -> None:
    """A count is shown at 2, 3, 5, 10 and so on."""
    steps = [count for count in range(1, 1001) if is_step(count)]
    assert steps == [2, 3, 5, 10, 20, 50, 100, 200, 500, 1000]


def test_what_matters_is_edited_at_once_and_a_count_at_its_steps() -> None:
    """A recovery or a new error is edited in at once, and a count only when it reaches certain numbers."""
    one, two = told(failure(1, 0)), told(failure(1, 0), failure(2, 1))
    four, three = told(*(failure(n, n) for n in range(1, 5))), told(*(failure(n, n) for n in range(1, 4)))
    recovered = told(failure(1, 0), success(2, 1))
    new_error = told(failure(1, 0), failure(2, 1, DISK))
    assert one is not None
    assert two is not None
    assert four is not None
    assert recovered is not None
    assert new_error is not None
    assert edit_for(None, one) == "now"
    assert edit_for(one, two) == "count"
    assert edit_for(three, four) == "none"
    assert edit_for(one, recovered) == "now"
    assert edit_for(one, new_error) == "now"
    assert edit_for(one, one) == "none"
