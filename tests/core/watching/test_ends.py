"""Ends of runs as watches account for them."""

from __future__ import annotations

from dataclasses import replace

from bot.core.model.bolt import BoltCommand, RunSummary
from bot.core.model.cause import Cause
from bot.core.model.run import End, FailedNode, Observation, Run, RunFacts, RunKey
from bot.core.watching.ends import end_of_listing, end_of_run
from tests.core.watching.ends import T0, at

BUILD = BoltCommand(7, "dbt build", at(-1), T0, 1)
RUN = Run(RunKey("w", 1), facts=RunFacts("nightly", commands=("dbt build",)), seen=Observation("FAILED", (BUILD,)))
END = End(at(-1), T0, "main", "3f2c1ab", BUILD, log="read")


def test_a_failed_run_has_the_errors_of_its_nodes() -> None:
    """A failed run has its nodes' errors, and the same node and message give the same key."""
    end = replace(END, nodes=(FailedNode("ERROR", "orders", "model", "column x does not exist"),), summary="1 error")
    one = end_of_run(RUN, end)
    assert (one.branch, one.commit, one.command, one.ended_at) == ("main", "3f2c1ab", "dbt build", T0)
    assert [error.name for error in one.errors] == ["orders"]
    assert one.errors[0].key == end_of_run(replace(RUN, key=RunKey("w", 2)), end).errors[0].key


def test_without_nodes_its_command_is_the_error_and_the_hint_says_which() -> None:
    """If no node failed, the failed command counts as the error, and runs with the same hint have the same key."""
    hinted = end_of_run(RUN, replace(END, excerpt="TLS failed for 10.0.0.7", causes=(Cause(id="tls"),))).errors[0]
    assert (
        hinted.key == end_of_run(RUN, replace(END, excerpt="something else", causes=(Cause(id="tls"),))).errors[0].key
    )
    assert end_of_run(RUN, replace(END, log="lost")).errors[0].name == "dbt build"


def test_while_its_log_is_late_it_has_no_errors() -> None:
    """While its log is late, a run has no errors."""
    assert end_of_run(RUN, replace(END, log="late")).errors == ()


def test_a_run_with_other_commands_closes_nothing_but_a_retry_does() -> None:
    """A run with other commands doesn't close an incident; a retry, or a run with the schedule's own commands, does."""
    other = replace(RUN, seen=Observation("SUCCESS", (replace(BUILD, text="dbt run -s one", return_code=0),)))
    assert not end_of_run(other, End()).closes
    assert end_of_run(replace(other, facts=replace(other.facts, parent_run=9)), End()).closes
    assert end_of_run(replace(RUN, seen=Observation("SUCCESS", (BUILD,))), End()).closes


def test_a_listing_alone_says_when_and_where() -> None:
    """A listing gives an end's time, branch and person, but no errors."""
    end = end_of_listing(RunSummary(3, "FAILED", "cron", None, 2, at(-1), T0, "main", "3f2c1ab", "12"))
    assert (end.run, end.parent, end.pull_request, end.errors, end.actor) == (3, 2, "12", (), "cron")
