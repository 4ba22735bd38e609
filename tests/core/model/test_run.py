"""Facts about a run: when it began and ended, its failed command, and what each channel may see."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.model.bolt import BoltCommand, RunStatus
from bot.core.model.run import (
    COMMAND_TEXT_LIMIT,
    CardRef,
    End,
    Observation,
    Retried,
    Run,
    RunFacts,
    RunKey,
    failed_command,
    is_failed,
    is_final,
    observe,
    run_url,
)

T0 = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)
KEY = RunKey("w", 7)


def at(seconds: float) -> datetime:
    """This many seconds later."""
    return T0 + timedelta(seconds=seconds)


def run(
    state: str = "SUCCESS", *commands: BoltCommand, end: End | None = None, asked_at: datetime | None = None
) -> Run:
    """A run in this state."""
    return Run(KEY, facts=RunFacts(asked_at=asked_at), seen=Observation(state, commands), end=end)


def test_a_key_comes_back_from_its_name() -> None:
    """A key's name parses back to the key, whatever the workspace is called."""
    assert RunKey.parse(KEY.name) == KEY
    assert RunKey.parse("a-b.c:4711") == RunKey("a-b.c", 4711)


@pytest.mark.parametrize(
    ("state", "final", "failed"),
    [
        ("SUCCESS", True, False),
        ("ERROR", True, True),
        ("FAILED", True, True),
        ("CANCELED", True, False),
        ("NEW", False, False),
    ],
)
def test_a_state_nobody_knows_is_not_over(state: str, final: bool, failed: bool) -> None:  # noqa: FBT001 - parameters
    """Only known final states are final, so a run in an unknown state is still polled."""
    assert (is_final(state), is_failed(state)) == (final, failed)


def test_bolts_own_times_come_first() -> None:
    """Bolt's own times take precedence over the commands' times, and those over the time of the request."""
    commands = (BoltCommand(1, "a", at(5), at(9), 0), BoltCommand(2, "b", at(9), at(30), 0))
    seen = run("SUCCESS", *commands, asked_at=at(1), end=End(started_at=at(3), ended_at=at(33)))
    assert (seen.started_at, seen.ended_at, seen.seconds) == (at(3), at(33), 30.0)
    without = replace(seen, end=None)
    assert (without.started_at, without.ended_at, without.seconds) == (at(5), at(30), 25.0)
    bare = run("STARTING", asked_at=at(1))
    assert (bare.started_at, bare.ended_at, bare.seconds) == (at(1), None, None)


def test_a_run_that_goes_on_has_no_end() -> None:
    """An active run has no end, even if its first command has ended."""
    assert run("RUNNING", BoltCommand(1, "a", at(5), at(9), 0)).ended_at is None


def test_clocks_that_disagree_make_no_negative_time() -> None:
    """A run's duration is never negative, even if the reported end is before the recorded start."""
    assert run(end=End(started_at=at(5), ended_at=at(4))).seconds == 0.0


def test_the_last_command_that_ended_badly_broke_the_run() -> None:
    """The last command that failed broke the run, even if others failed before it or one is still running."""
    commands = (
        BoltCommand(1, "a", return_code=1),
        BoltCommand(2, "b", return_code=0),
        BoltCommand(3, "c", return_code=2),
        BoltCommand(4, "d"),
    )
    broken = failed_command(Observation("RUNNING", commands))
    assert broken is not None
    assert broken.id == 3
    assert failed_command(Observation("SUCCESS", commands[1:2])) is None


def test_a_poll_is_recorded_masked_and_cut() -> None:
    """Commands are masked, then cut, so that no part of a secret is recorded."""
    text = "dbt run --vars hunter2 " + "x" * 1000
    seen = observe(RunStatus("RUNNING", (BoltCommand(1, text, T0),)), lambda given: given.replace("hunter2", "•••"))
    (command,) = seen.commands
    assert "hunter2" not in command.text
    assert len(command.text) == COMMAND_TEXT_LIMIT


def test_a_card_elsewhere_is_not_linked() -> None:
    """A card in another channel isn't linked, because people who read this one may not be in that channel."""
    retried = Retried(8, "U1", CardRef("C1", "1.5"), "https://slack.example/p1")
    seen = replace(run(), retried=retried)
    assert seen.seen_in("C1") == seen
    for channel in ("C2", ""):
        assert seen.seen_in(channel).retried == Retried(8, "U1")


def test_a_run_is_called_by_what_is_known_of_it() -> None:
    """A run's title is its schedule's name, its slug, or the run's number."""
    assert Run(KEY, facts=RunFacts("nightly", "Nightly")).title == "Nightly"
    assert Run(KEY, facts=RunFacts("nightly")).title == "nightly"
    assert "7" in Run(KEY).title


def test_whoever_follows_is_mentioned_before_whoever_asked() -> None:
    """The person who follows a run is mentioned instead of the one who asked, who may not be in that channel."""
    assert Run(KEY, facts=RunFacts(asked_by="U1", followed_by="U2")).mentioned == "U2"
    assert Run(KEY, facts=RunFacts(asked_by="U1")).mentioned == "U1"
    assert Run(KEY).mentioned is None


def test_a_page_for_people_is_under_the_apps_address() -> None:
    """A run's URL is the same whether or not the app's address ends with a slash."""
    assert run_url("https://app.test/", 7) == run_url("https://app.test", 7) == "https://app.test/bolt/run_id/7"
