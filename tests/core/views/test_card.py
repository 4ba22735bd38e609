"""The text of a card in every state."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.model.bolt import BoltCommand
from bot.core.model.command import RetryCommand, RunCommand
from bot.core.model.request import Request, RequestState, StartPlan, run_facts
from bot.core.model.run import LOST, CancelWish, CardRef, End, Observation, Retried, Run, RunFacts, RunKey
from bot.core.text.text import Link
from bot.core.views.buttons import CANCEL_RUN, read_command_value, read_run_value
from bot.core.views.card import request_card, run_card
from bot.core.views.thread import end_post, retried_post
from bot.slack.blocks.render import render
from tests.core.views.plain import buttons, said, shown

ASKED = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)
APP = "https://app.example"
FACTS = RunFacts(
    slug="nightly",
    name="Nightly full build",
    branch="main",
    pull_request=123,
    commands=("dbt seed", "dbt run --select staging+", "dbt test"),
    asked_by="U1",
    asked_at=ASKED,
    usual_s=14 * 60 + 12,
)
COMMANDS = (
    BoltCommand(1, "git clone x", ASKED, ASKED + timedelta(seconds=3), 0),
    BoltCommand(2, "dbt seed", ASKED + timedelta(seconds=3), ASKED + timedelta(seconds=60), 0),
    BoltCommand(3, "dbt run --select staging+", ASKED + timedelta(seconds=60)),
)


def run(state: str, *, commands: tuple[BoltCommand, ...] = COMMANDS, end: End | None = None) -> Run:
    """A run of the nightly schedule."""
    return Run(RunKey("w", 4711), facts=FACTS, seen=Observation(state, commands), end=end)


def ended(seconds: int, **more: object) -> End:
    """An end after this many seconds."""
    return End(started_at=ASKED, ended_at=ASKED + timedelta(seconds=seconds), **more)  # type: ignore[arg-type]


WISH = CancelWish("U2", ASKED, asked=True)
FAILED = BoltCommand(4, "dbt test", ASKED, ASKED + timedelta(seconds=38), 1)


@pytest.mark.parametrize(
    ("seen", "first"),
    [
        (run("STARTING", commands=()), ":clock1: Nightly full build is starting"),
        (run("RUNNING"), ":hourglass_flowing_sand: Nightly full build is running"),
        (run("DEPLOYING"), ":hourglass_flowing_sand: Nightly full build is DEPLOYING"),
        (
            replace(run("RUNNING"), wish=WISH),
            ":hourglass_flowing_sand: Nightly full build is being cancelled by @U2",
        ),
        (run("SUCCESS", end=ended(543)), ":white_check_mark: Nightly full build succeeded in 9 min 3 s"),
        (run("FAILED", end=ended(252)), ":x: Nightly full build failed after 4 min 12 s"),
        (run("ERROR", end=ended(5)), ":x: Nightly full build failed after 5 s"),
        (
            replace(run("CANCELED", end=ended(120)), wish=WISH),
            ":black_square_for_stop: Nightly full build was cancelled by @U2 after 2 min",
        ),
        (run("CANCELED", end=ended(120)), ":black_square_for_stop: Nightly full build was cancelled after 2 min"),
        (
            run("SKIPPED"),
            ":black_right_pointing_double_triangle_with_vertical_bar: Nightly full build was skipped",
        ),
    ],
)
def test_the_first_line_alone_tells_how_it_stands(seen: Run, first: str) -> None:
    """The first line is a sentence with an emoji and the state, the same in the notification as on the card."""
    card = run_card(seen, APP)
    assert shown(card)[0] == first
    assert said(card.text).startswith(first + ". Run 4711")


def test_a_running_card_tells_how_far_it_is() -> None:
    """A running card shows a bar with its numbers, the running command, and when such runs usually end."""
    assert shown(run_card(run("RUNNING"), APP))[1:] == [
        "▱▱▱▱▱▱▱▱▱▱ 5% · 1 of 3 · dbt run --select staging+ · usually done by 14:35",
        "Run 4711 · main · pull request 123 · started by @U1 at 14:20",
    ]


def test_a_failed_card_tells_what_broke() -> None:
    """A failed card shows the command, its exit code, a summary of its log, the commit, and where the details are."""
    end = ended(252, failed=FAILED, summary="2 of 48 tests failed", commit="3f2c1ab99", branch="main", log="read")
    failed = run("FAILED", commands=(*COMMANDS, FAILED), end=end)
    lines = shown(run_card(failed, APP))
    assert lines[1] == "dbt test exited with 1: 2 of 48 tests failed. Details in the thread."
    assert shown(run_card(failed, APP, has_thread=False))[1] == "dbt test exited with 1: 2 of 48 tests failed."
    assert lines[2].startswith("Run 4711 · main @ 3f2c1ab · pull request 123")


def test_a_succeeded_card_never_says_failed() -> None:
    """The card of a successful run never contains the word failed, so that nobody misreads it at a glance."""
    assert "failed" not in " ".join(shown(run_card(run("SUCCESS", end=ended(9)), APP)))


@pytest.mark.parametrize("state", ["STARTING", "RUNNING", "DEPLOYING"])
def test_an_active_card_can_be_cancelled_after_a_question(state: str) -> None:
    """Cancel comes first, is the only red button, and asks for confirmation with the schedule and the run."""
    first, second, third = buttons(run_card(run(state), APP))
    assert (first.action, first.style) == (CANCEL_RUN, "danger")
    assert first.confirm is not None
    assert said(first.confirm.text) == "Cancel run 4711 of Nightly full build?"
    assert second.url == "https://app.example/bolt/run_id/4711"
    assert (third.label, read_command_value(third.value)) == ("Live log", "logs 4711 --follow")


READ = ["Logs", "Artifacts", "Open in Bolt"]


@pytest.mark.parametrize(
    ("seen", "labels"),
    [
        (replace(run("RUNNING"), wish=WISH), ["Open in Bolt", "Live log"]),
        (run("SUCCESS"), ["Run again", *READ]),
        (Run(RunKey("w", 7), seen=Observation("SUCCESS")), READ),
        (run("FAILED"), ["Retry failed", "Retry all", *READ]),
        (run("ERROR"), ["Retry failed", "Retry all", *READ]),
        (run("CANCELED"), ["Run again", "Logs", "Open in Bolt"]),
        (Run(RunKey("w", 7), seen=Observation("CANCELED")), ["Logs", "Open in Bolt"]),
        (run("SKIPPED"), ["Run again", "Open in Bolt"]),
    ],
)
def test_what_can_be_done_stands_on_the_card(seen: Run, labels: list[str]) -> None:
    """Cancel is offered only while a run can be cancelled, and Retry failed is the only styled button."""
    made = buttons(run_card(seen, APP))
    assert [button.label for button in made] == labels
    assert [button.label for button in made if button.style] == [label for label in labels if label == "Retry failed"]
    assert all(button.spoken and button.spoken.startswith(f"{button.label}: run {seen.id}") for button in made)


def test_what_the_buttons_bring_back() -> None:
    """Buttons that start a run carry the run's value; those that only read carry a command."""
    failed, every, logs, artifacts, _ = buttons(run_card(run("FAILED"), APP))
    for button in (failed, every, buttons(run_card(run("SUCCESS"), APP))[0]):
        assert read_run_value(button.value).facts.slug == "nightly"
    assert [read_command_value(button.value) for button in (logs, artifacts)] == ["logs 4711", "artifacts 4711"]


def test_a_retry_and_its_run_name_each_other() -> None:
    """A retry and the run it retries link each other, on both cards and in the notification."""
    new = replace(run("RUNNING"), key=RunKey("w", 4712), facts=replace(FACTS, parent_run=4711, only_failed=True))
    old = replace(run("FAILED", end=ended(5)), retried=Retried(4712, "U2"))
    assert "Retry of run 4711" in shown(run_card(new, APP))[2]
    assert Link(f"{APP}/bolt/run_id/4711", "Retry of run 4711") in run_card(new, APP).text
    assert shown(run_card(old, APP))[2] == "Retried by @U2 as run 4712"
    assert said(run_card(old, APP).text).endswith("Retried by @U2 as run 4712")
    assert Link(f"{APP}/bolt/run_id/4712", "run 4712") in run_card(old, APP).text
    in_slack = replace(old, retried=Retried(4712, "U2", CardRef("C", "1.5"), "https://slack.example/x"))
    assert Link("https://slack.example/x", "run 4712") in run_card(in_slack, APP).text
    assert said(retried_post(Retried(4712, "U2"), APP).text) == "Retried by @U2 as run 4712."


@pytest.mark.parametrize(
    ("failures", "more", "words"),
    [
        (0, False, ""),
        (1, False, ", recovered after 1 failure"),
        (3, False, ", recovered after 3 failures"),
        (49, True, ", recovered after at least 49 failures"),
    ],
)
def test_a_recovery_is_told_and_never_in_the_word_failed(failures: int, more: bool, words: str) -> None:  # noqa: FBT001
    """A recovery is on the card's first line and in the thread, without the word failed."""
    end = ended(543, recovered=failures, recovered_more=more)
    first = f":white_check_mark: Nightly full build succeeded in 9 min 3 s{words}"
    assert shown(run_card(run("SUCCESS", end=end), APP))[0] == first
    assert said(end_post(run("SUCCESS", end=end), APP).text) == f"{first}."
    assert "failed" not in said(run_card(run("SUCCESS", end=end), APP).text)


@pytest.mark.parametrize(
    ("step", "bar"),
    [
        (0, "▱▱▱▱▱▱▱▱▱▱ 5%"),
        (50, "▰▰▰▰▰▱▱▱▱▱ 55%"),
        (100, "▰▰▰▰▰▰▰▰▰▱ later than usual"),
        (200, "▰▰▰▰▰▰▰▰▰▱ twice the usual time"),
        (500, "▰▰▰▰▰▰▰▰▰▱ 5 times the usual time"),
    ],
)
def test_a_late_run_says_so(step: int, bar: str) -> None:
    """A late run's card says so next to the usual end, and in the notification."""
    seen = replace(run("RUNNING"), seen=Observation("RUNNING", COMMANDS, step))
    line = shown(run_card(seen, APP))[1]
    assert line == f"{bar} · 1 of 3 · dbt run --select staging+ · usually done by 14:35"
    spoken = f" is running, {bar.partition(' ')[2]}. Run 4711" if step >= 100 else " is running. Run 4711"
    assert spoken in said(run_card(seen, APP).text)


def test_overriding_commands_are_shown() -> None:
    """Overriding commands are shown in full if they fit. Otherwise, the first one and the number of others are."""
    few = replace(FACTS, overridden=True, commands=("dbt run -s a", "dbt test -s a"))
    many = replace(FACTS, overridden=True, commands=tuple(f"dbt run --select {'x' * 200} {n}" for n in range(5)))
    assert "Commands: dbt run -s a, dbt test -s a" in shown(run_card(replace(run("RUNNING"), facts=few), APP))
    assert shown(run_card(replace(run("RUNNING"), facts=many), APP))[-1].endswith("and 4 more")


def test_no_card_has_more_than_four_blocks_and_five_buttons() -> None:
    """A card has at most four blocks and five buttons, which is small enough for a phone."""
    facts = replace(FACTS, overridden=True)
    for state in ("STARTING", "RUNNING", "SUCCESS", "FAILED", "CANCELED", "SKIPPED", "NEW"):
        card = run_card(replace(run(state, end=ended(5, failed=FAILED)), facts=facts), APP)
        assert len(card.blocks) <= 4
        assert len(buttons(card)) <= 5


def test_a_card_of_a_run_nobody_knows_much_of_still_says_what_there_is() -> None:
    """A card rebuilt from the run's number alone still shows the state and the number."""
    bare = Run(RunKey("w", 7), seen=Observation("RUNNING"))
    assert shown(run_card(bare, APP)) == [":hourglass_flowing_sand: Run 7 is running", "Run 7"]


def test_the_card_of_a_retry_that_has_no_run_yet_names_what_it_retries() -> None:
    """A retry's card without a run yet shows the schedule's name if it's known, and the run it retries."""
    wanted = RetryCommand(every=False, run_id=4711)
    known = replace(REQUEST, start_command=wanted, plan=StartPlan("nightly", "Nightly", 5, parent_run=4711))
    bare = replace(REQUEST, start_command=wanted, plan=StartPlan("", "", 4711, parent_run=4711))
    facts = "Requested by @U1 at 14:20 · Retry of run 4711"
    assert shown(request_card(known, APP)) == [":clock1: Nightly is starting", facts]
    assert shown(request_card(bare, APP)) == [":clock1: Retry of run 4711 is starting", facts]


REQUEST = Request("abc", "T", "C", "U1", "ada", RunCommand("nightly"), ASKED, plan=StartPlan("nightly", "Nightly", 5))


@pytest.mark.parametrize(
    ("state", "candidates", "first", "second"),
    [
        (RequestState.LOOKED, (), ":clock1: Nightly is starting", "Requested by @U1 at 14:20"),
        (RequestState.SENDING, (), ":clock1: Nightly is starting", "Requested by @U1 at 14:20"),
        (
            RequestState.LOOKING,
            (),
            ":mag: Nightly may have started: Bolt didn't answer, so I'm looking for the run",
            "Requested by @U1 at 14:20",
        ),
        (
            RequestState.UNCLEAR,
            (),
            ":grey_question: @U1: it's unclear whether Nightly started",
            "Bolt didn't answer, and I found no matching run. Check in Bolt before you try again.",
        ),
        (
            RequestState.UNCLEAR,
            (7, 9),
            ":grey_question: @U1: it's unclear whether Nightly started",
            "Bolt didn't answer, and any of these may belong to this start: run 7, run 9.",
        ),
        (
            RequestState.UNCLEAR,
            (7,),
            ":grey_question: @U1: it's unclear whether Nightly started",
            "Bolt didn't answer, and run 7 may belong to this start, or to another one whose response was also lost.",
        ),
        (
            RequestState.UNCLEAR,
            (1, 2, 3, 4, 5, 6, 7),
            ":grey_question: @U1: it's unclear whether Nightly started",
            "Bolt didn't answer, and any of these may belong to this start: run 1, run 2, run 3, run 4, run 5 and 2 more.",
        ),
    ],
)
def test_a_start_without_a_run_says_where_it_stands(
    state: RequestState, candidates: tuple[int, ...], first: str, second: str
) -> None:
    """A start without a run is starting, or its run is being searched for, or it's unclear and has candidates."""
    lines = shown(request_card(replace(REQUEST, state=state, candidates=candidates), APP))
    assert lines[:2] == [first, second]


def test_a_followed_run_says_whose_it_is_and_who_follows() -> None:
    """A followed run's card says who started it and who follows it, and a failure mentions the follower."""
    facts = replace(FACTS, asked_by=None, actor="Bolt scheduler", followed_by="U2")
    followed = replace(run("RUNNING"), facts=facts)
    line = "Run 4711 · main · pull request 123 · started at 14:20 by Bolt scheduler · followed by @U2"
    assert shown(run_card(followed, APP))[-1] == line
    unknown = replace(followed, facts=replace(facts, asked_at=None), seen=Observation("STARTING"))
    assert shown(run_card(unknown, APP))[-1].endswith("pull request 123 · started by Bolt scheduler · followed by @U2")
    failed = replace(followed, seen=Observation("ERROR", COMMANDS), end=ended(5))
    assert said(end_post(failed, APP).text).endswith("@U2")
    ours = replace(run("RUNNING"), facts=replace(FACTS, followed_by="U2"))
    assert shown(run_card(ours, APP))[-1].endswith("started by @U1 at 14:20 · followed by @U2")


QUEUED = replace(REQUEST, state=RequestState.QUEUED, queued_at=ASKED, behind=4711)


@pytest.mark.parametrize(
    ("request_", "first"),
    [
        (QUEUED, ":vertical_traffic_light: Nightly is waiting for run 4711 to end"),
        (
            replace(QUEUED, ahead=2),
            ":vertical_traffic_light: Nightly is waiting for run 4711 to end, behind 2 earlier starts",
        ),
        (replace(QUEUED, behind=None), ":vertical_traffic_light: Nightly is waiting for the run before it to end"),
        (replace(QUEUED, state=RequestState.CARDED), ":clock1: Nightly is starting"),
        (
            replace(QUEUED, state=RequestState.REFUSED, why="It waited in the queue for 24 h, which is the limit."),
            ":black_square_for_stop: Nightly wasn't started. It waited in the queue for 24 h, which is the limit.",
        ),
        (
            replace(QUEUED, state=RequestState.CLOSED, dropped_by="U2"),
            ":black_square_for_stop: Nightly wasn't started: @U2 removed it from the queue.",
        ),
        (
            replace(REQUEST, state=RequestState.SETTLED, run_id=7),
            ":arrow_right: Nightly has started as run 7; it already has a card in this channel",
        ),
    ],
)
def test_a_start_that_waits_says_for_what(request_: Request, first: str) -> None:
    """A queued start's card says what it waits for, or why it wasn't started; while it waits, the card has a button."""
    card = request_card(request_, APP)
    assert shown(card)[0] == first
    assert said(card.text).startswith(first)
    assert [one.label for one in buttons(card)] == (["Don't run"] if request_.state is RequestState.QUEUED else [])


def test_a_run_that_bolt_does_not_know_any_more() -> None:
    """A lost run's card says so and offers no Cancel, and its thread mentions the person who asked."""
    lost = run(LOST)
    assert (
        shown(run_card(lost, APP))[0]
        == ":grey_question: I've lost track of Nightly full build: run 4711 has been missing from Bolt for a day"
    )
    assert [button.label for button in buttons(run_card(lost, APP))] == ["Open in Bolt"]
    told = said(end_post(lost, APP).text)
    assert "I've stopped following it. Check in Bolt" in told
    assert told.endswith("@U1")


@pytest.mark.parametrize("state", [RequestState.CARDED, RequestState.LOOKING, RequestState.QUEUED])
def test_the_reason_stands_on_a_card_without_a_run(state: RequestState) -> None:
    """The card shows the reason from the beginning, cut to what fits."""
    asked = Request("r", "T", "C", "U1", "ada", RunCommand("nightly", reason="late data " * 50), ASKED, state=state)
    queued = replace(asked, queued_at=ASKED) if state is RequestState.QUEUED else asked
    text = said(request_card(queued, APP).text)
    assert "reason: late data late" in text
    assert len(text) < 500


def test_the_reason_stands_on_the_card_of_a_run() -> None:
    """The reason is shown as it was typed, with Slack's markup escaped."""
    run = Run(RunKey("w", 5), facts=replace(FACTS, reason="late *data* <!channel>"))
    _, blocks = render(run_card(run, APP))
    shown = str(blocks)
    assert "reason: late" in shown
    assert "<!channel>" not in shown
    assert "*data*" not in shown


def test_a_start_hands_its_reason_to_its_run() -> None:
    """The reason is passed on to the run's facts, so its card keeps it."""
    asked = Request("r", "T", "C", "U1", "ada", RunCommand("nightly", reason="late data"), ASKED)
    assert run_facts(asked).reason == "late data"
