"""Reading the ids in a webhook's body."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.model.webhook_payload import LARGEST_ID, MOST_RUNS, WebhookHint, read_hint


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ({"run_id": 7}, WebhookHint((7,))),
        ({"data": {"scheduleRunId": "12"}}, WebhookHint((12,))),
        ({"run": {"id": 7}, "commands": [{"id": 3}, {"id": 9}]}, WebhookHint(command=3)),
        ({"runId": 7, "commands": [{"id": 3, "run_id": 7}]}, WebhookHint((7,))),
        ({"events": [{"boltRunId": 1}, {"bolt_run_id": 2}]}, WebhookHint((1, 2))),
        ({"commands": [{"id": "5"}, {"id": True}, {}, 3, None]}, WebhookHint(command=5)),
        ({"commands": {"id": 5}}, WebhookHint()),
        ({"run_id": -1}, WebhookHint()),
        ({"run_id": LARGEST_ID + 1}, WebhookHint()),
        ({"run_id": True}, WebhookHint()),
        ({"run_id": 7.0}, WebhookHint()),
        ({"run_id": "７"}, WebhookHint()),
        ({}, WebhookHint()),
        ([], WebhookHint()),
        (None, WebhookHint()),
    ],
)
def test_ids_are_taken_where_a_key_says_so(body: object, hint: WebhookHint) -> None:
    """The hint is the run's id or else its first command's; anything that can't be an id of Bolt's is ignored."""
    assert read_hint(body) == hint


def test_a_body_full_of_ids_is_read_within_bounds() -> None:
    """Only a fixed number of ids is read, and nothing below a fixed depth."""
    assert len(read_hint([{"run_id": number} for number in range(1, 500)]).runs) == MOST_RUNS
    deep: object = {"run_id": 7}
    for _ in range(100):
        deep = {"more": deep}
    assert read_hint(deep) == WebhookHint()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["run_id", "commands", "id"]) | st.text(), inner),
)


@settings(max_examples=40)
@given(JSON)
def test_no_body_is_a_fault(body: object) -> None:
    """Whatever the body, only ids that Bolt could have are read from it."""
    hint = read_hint(body)
    assert all(0 < one <= LARGEST_ID for one in (*hint.runs, *([hint.command] if hint.command else [])))
