"""Whether a retry can help, according to the causes of a failure."""

from __future__ import annotations

import pytest

from bot.core.model.cause import Cause, Retry, retry_helps


@pytest.mark.parametrize(
    ("retries", "helps"),
    [
        ([], Retry.MAYBE),
        ([Retry.NO], Retry.NO),
        ([Retry.NO, Retry.NO], Retry.NO),
        ([Retry.NO, None], Retry.MAYBE),
        ([Retry.NO, Retry.YES], Retry.MAYBE),
        ([Retry.YES], Retry.YES),
        ([None], Retry.MAYBE),
    ],
)
def test_whether_a_retry_helps(retries: list[Retry | None], helps: Retry) -> None:
    """The answer is "no" only if every cause says "no", and "maybe" if it isn't known."""
    found = [Cause(retry=retry) if retry else Cause() for retry in retries]
    assert retry_helps(found) is helps
