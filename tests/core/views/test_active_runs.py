"""Runs in a list, as a private reply in a channel."""

from __future__ import annotations

from dataclasses import replace

from bot.core.commands.grammar import parse
from bot.core.model.command import RetryCommand, RunCommand
from bot.core.model.request import Request, RequestState, StartPlan
from bot.core.model.run import Run, RunFacts, RunKey
from bot.core.text.message import Button, Buttons, Message
from bot.core.views.active_runs import ListedRun, ListedStart, ListedStarts, active_here, entry
from bot.core.views.buttons import read_command_in_value, read_request_value
from tests.core.views.plain import buttons, said, shown
from tests.core.views.test_card import APP, ASKED, FAILED, WISH, ended, run

CARD = "https://acme.slack.com/archives/C1/p1"


def here(*runs: Run, total: int = 0) -> Message:
    """The reply for these runs, each with a card."""
    return active_here([ListedRun(one, None, CARD) for one in runs], total or len(runs), APP, "/bolt")


def kinds(made: list[Button]) -> list[str]:
    """The buttons' labels."""
    return [button.label for button in made]


def test_each_run_has_its_state_progress_who_since_when_and_its_links() -> None:
    """Each run shows its state first, then its progress, then which run it is and who started it."""
    message = here(run("RUNNING"))
    assert shown(message) == [
        ":hourglass_flowing_sand: Nightly full build is running",
        "▱▱▱▱▱▱▱▱▱▱ 5% · 1 of 3 · dbt run --select staging+ · usually done by 14:35",
        "Run 4711 · main · pull request 123 · started by @U1 at 14:20 · its card",
    ]
    assert said(message.text).startswith(
        "1 run is active in this channel: :hourglass_flowing_sand: Nightly full build is running"
    )
    assert "(run 4711, started by @U1 at 14:20)" in said(message.text)


def test_what_can_be_done() -> None:
    """Cancelling asks for confirmation and names the run; a run that is being cancelled can't be cancelled again."""
    cancel, details = buttons(here(run("RUNNING")))
    assert (cancel.label, cancel.style, details.label) == ("Cancel run", "danger", "Details")
    assert cancel.confirm is not None
    assert said(cancel.confirm.text) == "Cancel run 4711 of Nightly full build?"
    assert kinds(buttons(here(replace(run("RUNNING"), wish=WISH)))) == ["Details"]
    assert kinds(
        [b for block in entry(ListedRun(run("FAILED")), APP) if isinstance(block, Buttons) for b in block.buttons]
    ) == ["Details"]


def test_the_buttons_of_many_runs_are_told_apart() -> None:
    """Each button has an action id of its own."""
    runs = [replace(run("RUNNING"), key=RunKey("w", number)) for number in range(1, 11)]
    made = buttons(here(*runs))
    assert len({button.action for button in made}) == len(made) == 20


def test_none_says_what_to_do_next() -> None:
    """Without active runs, the reply says so and suggests commands."""
    text = said(here().text)
    assert text == (
        "I'm not following any active runs in this channel. Start one with /bolt run <schedule> or use /bolt list to see the schedules."
    )
    assert parse("list", "/bolt")


def test_more_than_are_shown_are_counted() -> None:
    """Runs that aren't listed are counted in the last line."""
    message = here(run("RUNNING"), total=11)
    assert said(message.text).startswith("11 runs are active")
    assert shown(message)[-1] == "and 10 older ones not listed here."


def test_a_failure_tells_what_broke() -> None:
    """A failure shows what broke, as on its card, with a Retry button."""
    failed = run("FAILED", end=ended(252, failed=FAILED, summary="2 of 48 tests failed"))
    lines = shown(Message(("",), tuple(entry(ListedRun(failed, "C1", CARD), APP))))
    assert lines[:2] == [
        ":x: Nightly full build failed after 4 min 12 s",
        "dbt test exited with 1: 2 of 48 tests failed. Details in the thread.",
    ]
    assert lines[2].endswith(" · in #C1 · its card")
    retry, details = buttons(Message(("",), tuple(entry(ListedRun(failed, "C1", CARD), APP))))
    text, channel = read_command_in_value(retry.value)
    assert (retry.label, details.label, channel) == ("Retry failed", "Details", "C1")
    assert parse(text, "/bolt") == RetryCommand(every=False, run_id=4711)


def test_a_run_of_which_nothing_is_known_is_shown_all_the_same() -> None:
    """A run without any facts is shown by its number."""
    bare = Run(RunKey("w", 7), facts=RunFacts())
    assert shown(here(bare)) == [":clock1: Run 7 is starting", "Run 7 · its card"]


def start(name: str) -> ListedStart:
    """A start that is queued until run 4711 ends."""
    request = Request(
        name,
        "T",
        "C1",
        "U1",
        "ada",
        RunCommand(schedule_text="nightly", branch="dev"),
        ASKED,
        state=RequestState.QUEUED,
    )
    plan = StartPlan("nightly", "Nightly full build", 5)
    return ListedStart(replace(request, plan=plan, queued_at=ASKED, behind=4711, ahead=1), None, CARD)


def test_starts_that_wait_are_listed_after_the_runs() -> None:
    """Queued starts show what they wait for, who asked and where the card is, and each can be removed."""
    message = active_here(
        [ListedRun(run("RUNNING"), None, CARD)], 1, APP, "/bolt", ListedStarts(7, (start("a"), start("b")))
    )
    lines = [
        ":vertical_traffic_light: Nightly full build is waiting for run 4711 to end, behind 1 earlier start",
        "Requested by @U1 at 14:20 · dev · its card",
    ]
    assert shown(message)[-5:] == [*lines, *lines, "and 5 more queued starts."]
    drop = buttons(message)[-1]
    assert (drop.label, read_request_value(drop.value)) == ("Don't run", "b")
    assert "is waiting for run 4711 to end, behind 1 earlier start (requested by @U1)" in said(message.text)


def test_where_starts_wait_and_no_run_is_active() -> None:
    """If starts are queued and no run is active, the reply says both."""
    message = active_here([], 0, APP, "/bolt", ListedStarts(1, (start("a"),)))
    assert said(message.text).startswith(
        "I'm not following any active runs in this channel; :vertical_traffic_light: Nightly"
    )
    assert shown(message)[0] == "I'm not following any active runs in this channel."
