"""Posts in a run's thread: one line for a success; for a failure, its command, its cause and recent changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.model.cause import Cause, Retry
from bot.core.model.run import Changed, End, FailedNode, Run, SlowNode
from bot.core.text.message import Preformatted
from bot.core.text.text import Link, Mention
from bot.core.views.buttons import FAILED_NODES, SLOWEST_NODES, read_part_value
from bot.core.views.thread import NODES_SHOWN, end_post, failure, late_log_post, log_file_name, no_file_post
from tests.core.views.plain import buttons, said, shown
from tests.core.views.test_card import APP, ASKED, COMMANDS, FACTS, FAILED, ended, run

CAUSE = Cause(1, "missing_column", "A column is missing.", "Check its name.", Retry.NO)


def broken(end: End | None = None, **more: object) -> Run:
    """A run whose tests have failed."""
    end = end or ended(252, failed=FAILED, log="read", excerpt="it broke", **more)
    return run("FAILED", commands=(*COMMANDS, FAILED), end=end)


def nodes(count: int) -> tuple[FailedNode, ...]:
    """This many failed nodes."""
    return tuple(FailedNode("error", f"model_{number}", "model", f"reason {number}") for number in range(count))


def test_a_success_is_one_line() -> None:
    """A success is one line, and mentions nobody."""
    message = end_post(run("SUCCESS", end=ended(60)), APP)
    assert message.blocks == ()
    assert Mention("U1") not in message.text
    assert said(message.text).endswith(".")


def test_a_failure_names_its_command_and_whoever_asked() -> None:
    """A failure shows its command, exit code, duration and excerpt, and mentions the person who asked for the run."""
    message = end_post(broken(), APP)
    assert said(failure(broken())) == "dbt test failed (command 3 of 3, exit code 1, 38 s)."
    assert Mention("U1") in message.text
    assert Preformatted("it broke") in message.blocks


def test_a_failure_of_which_bolt_names_no_command_says_so() -> None:
    """A failure for which Bolt names no command says so, and has nothing more to show."""
    message = end_post(broken(ended(252)), APP)
    assert "command" in said(message.text)
    assert shown(message)[1:] == []


@pytest.mark.parametrize(
    ("log", "words"), [("late", "isn't available yet"), ("lost", "couldn't be read"), ("none", "")]
)
def test_a_missing_log_is_explained(log: str, words: str) -> None:
    """If a log is missing, the post says whether it's still to come or couldn't be read."""
    lines = shown(end_post(broken(ended(252, failed=FAILED, log=log)), APP))
    assert any(words in line for line in lines[1:]) is bool(words)


def test_the_cause_comes_before_the_lines() -> None:
    """The cause and the advice come before the excerpt."""
    lines = shown(end_post(broken(causes=(CAUSE,)), APP))
    hint = next(at for at, line in enumerate(lines) if "A column is missing." in line)
    assert hint < lines.index("it broke")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (Changed(1, succeeded_at=ASKED, commit_then="3f2c1ab99"), "Same commit as the last success"),
        (Changed(1, succeeded_at=ASKED, commit_then="aaaaaaa11"), "aaaaaaa → 3f2c1ab"),
        (Changed(3, since=ASKED), "3rd failure in a row, since 14:20."),
        (Changed(3, more=True), "At least the 3rd failure in a row."),
        (Changed(1, succeeded_at=ASKED), "First failure"),
        (None, ""),
    ],
)
def test_what_has_changed_since_the_last_success(changed: Changed | None, words: str) -> None:
    """A failure's thread says what has changed since the last success, or how many failures came in a row."""
    lines = shown(end_post(broken(changed=changed, commit="3f2c1ab99"), APP))
    assert any(words in line for line in lines)
    if not words:
        assert not any("failure" in line for line in lines)


def test_the_first_nodes_are_listed_and_the_rest_are_a_click_away() -> None:
    """The first nodes are listed, and a button that carries the run leads to the rest."""
    counts = (("success", 3), ("error", 5))
    many = broken(nodes=nodes(5), failed_nodes=5, counts=counts, slowest=(SlowNode("model_1", "model", 9.0),))
    message = end_post(many, APP)
    text = "\n".join(shown(message))
    assert [f"model_{number}" in text for number in range(5)] == [number < NODES_SHOWN for number in range(5)]
    assert f"{5 - NODES_SHOWN} more" in text
    row = {button.action: button for button in buttons(message)}
    assert set(row) == {FAILED_NODES, SLOWEST_NODES}
    assert read_part_value(row[FAILED_NODES].value).key == many.key
    few = broken(nodes=nodes(2), failed_nodes=2, counts=counts)
    assert buttons(end_post(few, APP)) == []


def test_a_late_log_comes_without_what_was_said_before() -> None:
    """A late log's post doesn't repeat the comparison with earlier runs."""
    late = broken(changed=Changed(3, since=ASKED))
    lines = shown(late_log_post(late, APP))
    assert "dbt test" in lines[0]
    assert "it broke" in lines
    assert not any("in a row" in line for line in lines)


def test_long_overrides_that_the_card_cut_are_shown_in_full() -> None:
    """Overriding commands that the card cut are shown in full in a failure's thread; short ones aren't repeated."""
    long = tuple(f"dbt run --select {'x' * 200} {number}" for number in range(4))
    overridden = replace(broken(), facts=replace(FACTS, overridden=True, commands=long))
    text = "\n".join(shown(end_post(overridden, APP)))
    assert all(command in text for command in long)
    short = replace(broken(), facts=replace(FACTS, overridden=True, commands=("dbt run -s a",)))
    assert "dbt run -s a" not in "\n".join(shown(end_post(short, APP)))


def test_a_log_that_is_not_attached_can_be_read_in_two_ways() -> None:
    """A log that isn't attached can be read by a command with the failed command's number, and in Bolt."""
    seen = broken()
    assert seen.end is not None
    message = no_file_post(replace(seen, end=replace(seen.end, number=3)), "it's too large", APP, "/dbt")
    assert "/dbt logs 4711 3" in said(message.text)
    assert any(isinstance(span, Link) and span.url == f"{APP}/bolt/run_id/4711" for span in message.text)
    assert "because it's too large" in said(message.text)


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("dbt test", "run-7-dbt-test.log"),
        ("python ../load.py --x", "run-7-python-load.log"),
        ("é/…", "run-7-log.log"),
        ("", "run-7-log.log"),
    ],
)
def test_a_file_has_a_plain_name(command: str, name: str) -> None:
    """A log file's name is plain, whatever the command contains; its title has the command unchanged."""
    assert log_file_name(7, command).name == name
    assert command in log_file_name(7, command).title


def test_a_file_of_a_long_command_has_a_short_name() -> None:
    """A long command's file has a short name and title, because Slack limits both."""
    named = log_file_name(7, f"dbt {'x' * 900}")
    assert len(named.name) < 80
    assert len(named.title) <= 150


def test_a_run_without_an_end_time_still_has_a_thread() -> None:
    """A failed run without times, rebuilt from a button alone, still has a thread."""
    bare = replace(
        broken(End(failed=replace(FAILED, started_at=None, ended_at=FAILED.ended_at))),
        facts=replace(FACTS, asked_at=ASKED - timedelta(days=1)),
    )
    assert said(failure(bare)).endswith("exit code 1).")
