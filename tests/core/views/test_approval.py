"""A start that needs approval: approvers see everything that would run, and nothing else is started.

Who may approve is tested in tests/flows/test_approve.py.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.model.command import RetryCommand, RunCommand
from bot.core.model.request import Approval, Request, RequestState, StartPlan
from bot.core.text.message import Preformatted
from bot.core.text.text import Group, When
from bot.core.views.approval import (
    BOX_MOST,
    COMMANDS_MOST,
    changed,
    given_commands,
    not_approved,
    pending_card,
    too_long,
)
from bot.core.views.buttons import APPROVE_START, DENY_START, read_request_value
from tests.core.views.plain import buttons, said
from tests.core.views.test_card import APP, ASKED

APPROVAL = Approval("@leads", "S0LEADS", "production", 1800)
PLAN = StartPlan("nightly", "Nightly", 5)
WANTED = RunCommand("nightly", "dev", 12, ("dbt run -s a", "dbt test"), "month end", continue_on_error=True)
REQUEST = Request(
    "abc",
    "T",
    "C",
    "U1",
    "ada",
    WANTED,
    ASKED,
    plan=PLAN,
    approval=APPROVAL,
    state=RequestState.PENDING,
    pending_at=ASKED,
)
RETRY = RetryCommand(every=False, run_id=4711)


def boxes(request: Request) -> list[str]:
    """The code blocks of a card."""
    return [block.text for block in pending_card(request, APP).blocks if isinstance(block, Preformatted)]


def test_the_card_asks_the_group_until_its_time_is_over() -> None:
    """The card mentions the group and says when the time for approval ends."""
    text = pending_card(REQUEST, APP).text
    assert Group("S0LEADS", "@leads") in text
    assert When(ASKED + timedelta(seconds=1800)) in text
    assert "for up to 30 min" in said(pending_card(replace(REQUEST, pending_at=None), APP).text)


def test_what_is_other_than_usual_stands_on_the_card() -> None:
    """The card shows who asked, why, by which rule, and each option and command that differs from the schedule's."""
    text = said(pending_card(REQUEST, APP).text)
    for part in ("@U1", "month end", "branch dev", "pull request 12", "when a command fails", "production"):
        assert part in text
    assert boxes(REQUEST) == ["dbt run -s a\ndbt test"]
    plain = said(pending_card(replace(REQUEST, start_command=RunCommand("nightly")), APP).text)
    for part in ("branch", "pull request", "fails", "because"):
        assert part not in plain


def test_a_retry_names_its_run_and_has_what_that_run_had() -> None:
    """A retry shows its run's branch and commands, not the schedule's."""
    plan = replace(PLAN, parent_run=4711, branch="dev", commands=("dbt run -s a",), overridden=True)
    request = replace(REQUEST, start_command=RETRY, plan=plan)
    text = said(pending_card(request, APP).text)
    assert "run 4711" in text
    assert "branch dev" in text
    assert given_commands(request) == ("dbt run -s a",)
    assert given_commands(replace(request, plan=replace(plan, overridden=False))) == ()


def test_approving_asks_back_and_both_clicks_name_the_start() -> None:
    """Approving asks for confirmation, and both buttons carry the start's id."""
    approve, deny = buttons(pending_card(REQUEST, APP))
    assert (approve.action, deny.action) == (APPROVE_START, DENY_START)
    assert read_request_value(approve.value) == read_request_value(deny.value) == "abc"
    assert approve.confirm is not None
    assert "@ada" in said(approve.confirm.text)
    assert deny.confirm is None


def test_no_command_is_cut() -> None:
    """Long lists of commands take several boxes, and no command is cut."""
    commands = tuple(f"dbt run --select {'x' * 900} {number}" for number in range(6))
    assert too_long(commands) is None
    shown = boxes(replace(REQUEST, start_command=RunCommand("nightly", commands=commands)))
    assert "\n".join(shown).split("\n") == list(commands)
    assert all(len(box) <= BOX_MOST for box in shown)


@pytest.mark.parametrize("commands", [("x" * BOX_MOST,), ("x" * 1000,) * (COMMANDS_MOST // 1000 + 1)])
def test_what_does_not_fit_on_a_card_is_refused(commands: tuple[str, ...]) -> None:
    """Commands that don't fit on a card are refused: a single long one, or too many together."""
    assert (too_long(commands) or "").endswith(".")


@pytest.mark.parametrize(
    ("now", "differs"),
    [
        (PLAN, False),
        (replace(PLAN, mark=9, usual_s=60.0), False),
        (replace(PLAN, channel_name="data", private=True), False),
        (replace(PLAN, slug="hourly"), True),
        (replace(PLAN, branch="dev"), True),
        (replace(PLAN, commands=("dbt run",)), True),
        (replace(PLAN, parent_run=7), True),
    ],
)
def test_only_what_was_approved_is_started(now: StartPlan, differs: bool) -> None:  # noqa: FBT001 - a parameter
    """Only a change to the run itself counts; newer runs and a renamed channel don't."""
    assert changed(PLAN, now) is differs
    assert changed(None, now)


def test_a_start_that_nobody_approved_says_who_could_have() -> None:
    """The reply names the group that could have approved, and how long it had."""
    assert "@leads" in not_approved(REQUEST)
    assert "30 min" in not_approved(REQUEST)
    assert not_approved(replace(REQUEST, approval=None)).endswith(".")
