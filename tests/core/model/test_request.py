"""Finding the runs that a start whose reply was lost may have made."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.model.bolt import RunSummary
from bot.core.model.channel import ChannelInfo, ChannelKind
from bot.core.model.command import RetryCommand, RunCommand
from bot.core.model.request import (
    BlockingRun,
    Request,
    RequestState,
    Rival,
    StartPlan,
    blocking_run_facts,
    candidate_runs,
    is_contested,
    pinned_command,
    pull_request_of,
    request_id,
    run_facts,
    start_reason,
    with_channel,
)

SENT = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)
REQUEST = Request(
    "abc",
    "T",
    "C",
    "U1",
    "ada",
    RunCommand("nightly"),
    SENT,
    plan=StartPlan("nightly", "Nightly", 100, branch="main"),
    sending_at=SENT,
)
OURS = RunSummary(101, "RUNNING", "key", started_at=SENT, branch="main", commit="3f2c1ab9")


def found(
    *runs: RunSummary, request: Request = REQUEST, actor: str | None = "key", known: tuple[int, ...] = ()
) -> tuple[int, ...]:
    """The candidates among these runs."""
    return candidate_runs(request, runs, actor=actor, known=frozenset(known), within_s=20)


def test_a_run_above_the_mark_by_our_actor_on_our_branch_is_it() -> None:
    """A run above the mark, by our actor and on our branch, is the one that was started."""
    assert found(OURS) == (101,)


@pytest.mark.parametrize(
    "other",
    [
        replace(OURS, id=100),
        replace(OURS, actor="Scheduler"),
        replace(OURS, branch="dev"),
    ],
)
def test_any_other_run_is_not(other: RunSummary) -> None:
    """A run at or below the mark, by someone else, or on another branch isn't a candidate."""
    assert found(other) == ()


def test_a_run_that_is_somebodys_is_not() -> None:
    """A run that is already known isn't a candidate: it has a card, or Bolt returned its id."""
    assert found(OURS, known=(101,)) == ()


def test_a_run_whose_branch_is_not_told_may_be_it() -> None:
    """A run without a branch is a candidate, because the listing doesn't always have it."""
    assert found(replace(OURS, branch=None, commit=None)) == (101,)


@pytest.mark.parametrize(
    ("wanted", "fits"), [("3f2c1ab", True), ("3F2C1AB", True), ("3f2c", False), ("4f2c1ab", False)]
)
def test_a_commit_may_be_given_for_a_branch(wanted: str, *, fits: bool) -> None:
    """A commit given as the branch matches a run's commit, from seven digits on."""
    request = replace(REQUEST, start_command=RunCommand("nightly", branch=wanted))
    assert found(OURS, request=request) == ((101,) if fits else ())


@pytest.mark.parametrize(("late_s", "fits"), [(0, True), (19, True), (-19, True), (60, False), (-60, False)])
def test_while_our_actor_is_not_known_the_time_must_do(late_s: float, *, fits: bool) -> None:
    """While our actor isn't known, anybody's run counts if it began at about the time when our start was sent."""
    run = replace(OURS, actor="anybody", started_at=SENT + timedelta(seconds=late_s))
    assert found(run, actor=None) == ((101,) if fits else ())


def test_several_are_all_named_oldest_first() -> None:
    """All candidates are returned, oldest first; none of them is picked by guessing."""
    assert found(replace(OURS, id=103), OURS) == (101, 103)


@pytest.mark.parametrize(("after_s", "may_be"), [(-30, True), (0, True), (3, True), (60, False)])
def test_a_run_that_began_when_another_start_was_sent_may_be_its(after_s: float, *, may_be: bool) -> None:
    """If two replies were lost, a run may belong to either start, unless the other was clearly sent later."""
    run = replace(OURS, started_at=SENT)
    assert is_contested(REQUEST, run, [Rival(SENT + timedelta(seconds=after_s))]) is may_be
    assert not is_contested(REQUEST, run, [])


@pytest.mark.parametrize(
    ("branch", "may_be"), [("dev", False), ("main", True), (None, True), ("3f2c1ab", True), ("4f2c1ab", False)]
)
def test_a_run_on_another_branch_is_not_of_that_start(branch: str | None, *, may_be: bool) -> None:
    """A run can belong to another start only if their branches match, or if one of the branches isn't known."""
    assert is_contested(REQUEST, replace(OURS, started_at=SENT), [Rival(SENT, branch=branch)]) is may_be
    untold = replace(OURS, started_at=SENT, branch=None, commit=None)
    assert is_contested(REQUEST, untold, [Rival(SENT, branch=branch)])


RETRY = replace(
    REQUEST,
    start_command=RetryCommand(every=False, run_id=90),
    plan=StartPlan(
        "nightly", "Nightly", 100, branch="main", parent_run=90, pull_request=7, commands=("dbt run", "dbt test")
    ),
)


def test_a_run_that_names_the_one_that_was_retried_is_it() -> None:
    """A run that names the retried run takes precedence; one that names another run is never ours."""
    named, other, unnamed = (
        replace(OURS, id=103, parent_run_id=90),
        replace(OURS, id=102, parent_run_id=89),
        replace(OURS, id=101),
    )
    assert found(unnamed, other, named, request=RETRY) == (103,)
    assert found(unnamed, other, request=RETRY) == (101,)
    assert found(other, request=RETRY) == ()
    assert found(replace(named, actor="Grace"), request=RETRY) == ()
    assert found(replace(named, branch="other"), request=RETRY) == (103,)


def test_only_another_retry_of_the_same_run_can_have_made_it() -> None:
    """A run that names the retried run is contested only by another retry of the same run."""
    named, unnamed = replace(OURS, parent_run_id=90), OURS
    assert not is_contested(RETRY, named, [Rival(SENT)])
    assert not is_contested(RETRY, named, [Rival(SENT, parent_run=89)])
    assert is_contested(RETRY, named, [Rival(SENT, parent_run=90)])
    assert is_contested(RETRY, unnamed, [Rival(SENT)])
    assert is_contested(REQUEST, named, [Rival(SENT, parent_run=90)])


def test_a_retry_is_as_its_run_was() -> None:
    """A retry has its run's schedule, branch, pull request and commands, but not the schedule's usual duration."""
    assert RETRY.plan is not None
    facts = run_facts(replace(RETRY, plan=replace(RETRY.plan, usual_s=60)))
    assert (facts.slug, facts.name, facts.branch, facts.pull_request) == ("nightly", "Nightly", "main", 7)
    assert (facts.parent_run, facts.only_failed, facts.usual_s) == (90, True, None)
    assert facts.commands == ("dbt run", "dbt test")
    assert not run_facts(replace(RETRY, start_command=RetryCommand(every=True, run_id=90))).only_failed


def test_what_a_retry_is_called_and_waits_behind() -> None:
    """A retry's title and queue are its schedule's if that's known, otherwise those of the run it retries."""
    assert (RETRY.title, RETRY.queue) == ("Nightly", "nightly")
    alone = replace(RETRY, plan=StartPlan("", "", 90, parent_run=90))
    assert (alone.title, alone.queue) == ("Retry of run 90", "retry 90")


def test_a_delivery_always_has_the_same_name() -> None:
    """The same delivery always gets the same id, which no other team shares."""
    assert request_id("T", "1.2.3") == request_id("T", "1.2.3") != request_id("T2", "1.2.3")


def test_bolts_own_record_points_back() -> None:
    """The reason sent to Bolt says who asked, why and where, and has our request's id."""
    plan = StartPlan("nightly", "Nightly", 1, channel_name="finance")
    why = replace(REQUEST, start_command=RunCommand("nightly", reason="month end"), plan=plan)
    assert start_reason(why) == "month end - ada from Slack in #finance (request abc)"


def test_bolts_own_record_names_no_private_channel() -> None:
    """Private channels aren't named in Bolt, where everybody can read the reason."""
    private, public = (
        ChannelInfo("C1", "layoffs", ChannelKind.PRIVATE),
        ChannelInfo("C1", "finance", ChannelKind.PUBLIC),
    )
    plan = with_channel(StartPlan("nightly", "Nightly", 1), private)
    assert "layoffs" not in str(plan)
    assert start_reason(replace(REQUEST, plan=plan)) == "Started by ada from Slack in a private channel (request abc)"
    named = replace(REQUEST, plan=with_channel(plan, public))
    assert start_reason(named) == "Started by ada from Slack in #finance (request abc)"
    direct = with_channel(plan, ChannelInfo("C1", "mpdm-ada--grace-1", ChannelKind.DIRECT))
    unknown = with_channel(plan, ChannelInfo("C1", "layoffs"))
    for one in (direct, unknown):
        assert start_reason(replace(REQUEST, plan=one)) == "Started by ada from Slack (request abc)"


def test_own_commands_have_no_usual_length() -> None:
    """A run with its own commands has no usual duration, because the schedule's usual duration doesn't apply to it."""
    request = replace(
        REQUEST,
        start_command=RunCommand("nightly", commands=("dbt test",)),
        plan=StartPlan("nightly", "Nightly", 1, commands=("dbt run",), usual_s=60),
    )
    facts = run_facts(request)
    assert (facts.commands, facts.overridden, facts.usual_s) == (("dbt test",), True, None)


def test_the_latest_failed_run_is_the_one_that_it_was() -> None:
    """A repeated request retries the run it was resolved to, whatever has failed since; others are unchanged."""
    latest = replace(RETRY, start_command=RetryCommand(every=True, schedule_text="nightly"))
    assert pinned_command(latest) == RetryCommand(every=True, run_id=90)
    assert pinned_command(replace(latest, plan=None)) == latest.start_command
    assert pinned_command(REQUEST) == REQUEST.start_command


def test_a_retry_that_is_in_the_way_has_no_usual_length() -> None:
    """A blocking run is expected to take the schedule's usual duration, unless it's a retry."""
    plan = StartPlan("nightly", "Nightly", 1, usual_s=60)
    assert blocking_run_facts(BlockingRun(7), plan).usual_s == 60
    assert blocking_run_facts(BlockingRun(7, parent_run=6), plan).usual_s is None


def test_a_state_of_another_version_is_known_as_such() -> None:
    """A state written by another version is read as OTHER."""
    assert RequestState.from_record("queued") is RequestState.QUEUED
    assert RequestState.from_record("teleported") is RequestState.OTHER


@pytest.mark.parametrize(("text", "number"), [("123", 123), ("", None), (None, None), ("x", None), ("9" * 40, None)])
def test_a_pull_request_is_read_from_a_text(text: str | None, number: int | None) -> None:
    """A pull request's number is read from Bolt's text; anything else is None."""
    assert pull_request_of(RunSummary(1, "RUNNING", "x", pull_request=text)) == number
