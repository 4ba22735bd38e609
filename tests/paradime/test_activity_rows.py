"""Rows in the listing of schedules, which are validated again only if they changed."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from bot.paradime.activity_rows import ActivityRows

NIGHTLY = {"slug": "nightly", "name": "Nightly", "uuid": "u1", "lastRunState": "failed", "lastRunAt": None}
HOURLY = {"slug": None, "name": "hourly", "uuid": "u2", "lastRunState": "SUCCESS", "nextRunAt": "2026-03-02T02:00:00Z"}


def test_a_row_that_is_the_same_is_the_same_object() -> None:
    """An unchanged row gives the same object, so that comparing two listings is cheap."""
    rows = ActivityRows()
    first = rows.read([NIGHTLY, HOURLY])
    assert [(one.slug, one.last_run_state) for one in first] == [("nightly", "FAILED"), ("hourly", "SUCCESS")]
    again = rows.read([dict(HOURLY), dict(NIGHTLY)])
    assert again[0] is first[1]
    assert again[1] is first[0]


def test_a_row_that_has_changed_is_read_again() -> None:
    """A changed row is read again, and the others aren't."""
    rows = ActivityRows()
    first = rows.read([NIGHTLY, HOURLY])
    changed = rows.read([NIGHTLY | {"lastRunState": "SUCCESS"}, HOURLY])
    assert changed[0].last_run_state == "SUCCESS"
    assert changed[1] is first[1]
    assert rows.read([NIGHTLY])[0].last_run_state == "FAILED"


def test_of_two_rows_with_one_slug_the_last_counts() -> None:
    """Of two rows with one slug, the last one counts, because a page may begin with the previous page's last row."""
    found = ActivityRows().read([NIGHTLY, NIGHTLY | {"lastRunState": "ERROR"}])
    assert [one.last_run_state for one in found] == ["ERROR"]


@pytest.mark.parametrize("row", [None, 5, NIGHTLY | {"name": ["Nightly"]}])
def test_a_row_that_is_none_is_refused(row: object) -> None:
    """An invalid row is refused, because skipping it would look like a deleted schedule."""
    with pytest.raises(ValidationError):
        ActivityRows().read([NIGHTLY, row])
