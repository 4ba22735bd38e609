"""The run and the request that a job's log lines name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from structlog.contextvars import clear_contextvars, get_contextvars

from bot.core.model.run import Observation, Run, RunFacts, RunKey
from bot.flows.log_context import log_member, log_run

RUN = Run(RunKey("w", 5), 1, RunFacts(), Observation("RUNNING"))


@pytest.fixture(autouse=True)
def nothing_bound() -> Iterator[None]:
    """Clear what a test binds."""
    clear_contextvars()
    yield
    clear_contextvars()


@pytest.mark.parametrize(
    ("due_set", "member", "bound"),
    [
        ("requests", "r1", {"request": "r1"}),
        ("queue", "r1", {"request": "r1"}),
        ("ends", "w:5", {"run": 5}),
        ("accounts", "nightly", {}),
    ],
)
def test_a_claimed_member_is_named(due_set: str, member: str, bound: dict[str, object]) -> None:
    """A claimed member is named only if it's a request or a run."""
    log_member(due_set, member)
    assert get_contextvars() == bound


def test_a_run_names_the_request_that_started_it() -> None:
    """A run that somebody else started has no request."""
    log_run(RUN)
    assert get_contextvars() == {"run": 5}
    log_run(replace(RUN, facts=RunFacts(request="r1")))
    assert get_contextvars() == {"run": 5, "request": "r1"}
