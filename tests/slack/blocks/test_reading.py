"""Messages about schedules and runs, as Slack gets them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bolt_sandbox.slack.validate import check_blocks
from bot.core.model.bolt import Deferral, Notification, RunSummary, Schedule
from bot.core.model.command import ListCommand, PauseCommand, RunsCommand
from bot.core.schedules.lookup import Ambiguous, Missing
from bot.core.text.message import Message
from bot.core.views import pause_question
from bot.core.views.paging import page
from bot.core.views.run_list import never_ran, run_list
from bot.core.views.schedule_list import schedule_list
from bot.core.views.schedule_not_found import did_you_mean
from bot.core.views.schedule_page import schedule_page
from bot.flows.history import in_words, too_few
from bot.slack.blocks.render import render
from tests.core.runs.test_history import of
from tests.slack.blocks.outline import check

NOW = datetime(2026, 11, 25, 14, 20, tzinfo=UTC)
APP = "https://app.example"
NIGHTLY = Schedule(
    401,
    "u",
    "Nightly full build",
    "nightly",
    "0 2 * * *",
    "ui",
    owner="ada@example.com",
    suspended=False,
    last_run_at=NOW - timedelta(hours=12),
    last_run_state="SUCCESS",
    next_run_at=NOW + timedelta(hours=12),
    commands=("dbt seed", "dbt run", "dbt test"),
    git_branch="main",
    turbo_ci=Deferral(enabled=False),
    deferral=Deferral(enabled=True, schedule_slug="prod", successful_run_only=True),
    notifications=(
        Notification("slack", "#data-alerts", ("failed", "passed")),
        Notification("email", "ada@example.com", ("failed",)),
    ),
)
HOSTILE = Schedule(
    402,
    "u",
    "<!here> *تقرير* `x` 🎉 " + "&" * 178,
    "a/b c & <@U1>",
    "not a cron <!channel>",
    "git",
    owner="<!everyone>",
    last_run_state="DEPLOYING",
)
PAUSED = Schedule(
    403,
    "u",
    "Finance close",
    "finance-close",
    "0 6 1 * *",
    "yaml",
    owner="finance@example.com",
    suspended=True,
    last_run_state="ERROR",
    last_run_at=NOW,
    slack_on=("failed",),
    slack_notify=("#money",),
)
BARE = Schedule(404, "u", "bare", "bare", "OFF", "")
RUNS = [
    RunSummary(4713, "RUNNING", "key", started_at=NOW, branch="dev", commit="3f2c1ab99", pull_request="123"),
    RunSummary(
        4712,
        "SUCCESS",
        "key",
        "ada@example.com",
        4711,
        NOW - timedelta(days=1),
        NOW - timedelta(days=1, seconds=-252),
        "main",
    ),
    RunSummary(
        4711, "ERROR", "Bolt scheduler", None, None, NOW - timedelta(days=2), NOW - timedelta(days=2, seconds=-38)
    ),
]


def runs(listed: list[RunSummary], number: int = 1) -> Message:
    """A page of runs of the nightly schedule."""
    return run_list(NIGHTLY, page(listed, number), RunsCommand("nightly"), workspace="w", app_url=APP, most=100)


MESSAGES = {
    "list": schedule_list(page([NIGHTLY, HOSTILE, PAUSED, BARE], 1), ListCommand(), NOW, prefix="/bolt"),
    "list-page": schedule_list(page([BARE] * 25, 2), ListCommand("bare", failing=True), NOW, prefix="/bolt"),
    "list-old": schedule_list(page([BARE], 1), ListCommand(), NOW, prefix="/bolt", as_of=NOW - timedelta(minutes=9)),
    "list-inactive": schedule_list(page([BARE], 1), ListCommand(inactive=True), NOW, prefix="/bolt"),
    "list-nothing": schedule_list(page([], 1), ListCommand("zzz", suspended=True), NOW, prefix="/bolt"),
    "list-no-schedules": schedule_list(page([], 1), ListCommand(), NOW, prefix="/bolt"),
    "show": schedule_page(NIGHTLY, RUNS, NOW, app_url=APP, active=True),
    "show-paused": schedule_page(PAUSED, None, NOW, app_url=APP, active=True),
    "show-bare": schedule_page(BARE, [], NOW, app_url=APP, active=False),
    "show-hostile": schedule_page(HOSTILE, [], NOW, app_url=APP, active=True),
    "runs": runs(RUNS),
    "runs-page": runs([RUNS[1]] * 100, 4),
    "runs-none": never_ran(NIGHTLY),
    "history-words": in_words(
        NIGHTLY, of(("S", 60), ("F", 20), ("S", 90)), "This channel is archived, so I can't post the chart here."
    ),
    "history-too-few": too_few(NIGHTLY, of()),
    "pause": pause_question.question(NIGHTLY, pause=True),
    "resume": pause_question.question(PAUSED, pause=False),
    "pause-done": pause_question.done(NIGHTLY, pause=True),
    "pause-already": pause_question.already(PAUSED, pause=True),
    "pause-yaml": pause_question.from_yaml(replace(PAUSED, suspended=False), pause=True),
    "pause-refused": pause_question.refused(NIGHTLY, "You may not do that.", pause=True),
    "pause-not-done": pause_question.not_done(NIGHTLY, pause=True),
    "pause-unclear": pause_question.unclear(NIGHTLY, pause=True),
    "meant": did_you_mean("nigthly", Missing((NIGHTLY, BARE)), lambda slug: PauseCommand(slug, pause=True)),
    "meant-several": did_you_mean("Nightly", Ambiguous(("nightly-a", "nightly-b")), RunsCommand),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_it_reads_as_it_did(name: str) -> None:
    """The message is the same as in its snapshot, and Slack's rules accept it."""
    check(name, MESSAGES[name])


def test_ten_rows_of_the_longest_names_are_whole() -> None:
    """Ten rows with names and slugs of two hundred characters are shown in full."""
    long = replace(NIGHTLY, name="n" * 200, slug="s" * 200)
    _, blocks = render(schedule_list(page([long] * 25, 2), ListCommand("n" * 200), NOW, prefix="/bolt"))
    rows = [block["text"]["text"] for block in blocks if block["type"] == "section"][1:]
    assert len(rows) == 10
    assert all(row.endswith("ada@example.com") for row in rows)


def test_ten_rows_that_grow_when_they_are_escaped_fit() -> None:
    """Ten rows that grow when they're escaped fit Slack's limits, each with its buttons."""
    long = replace(NIGHTLY, name="&" * 200, slug="<" * 200, owner=">" * 200)
    _, blocks = render(schedule_list(page([long] * 25, 2), ListCommand("&" * 200), NOW, prefix="/bolt"))
    check_blocks(blocks)
    assert sum(block["type"] == "actions" for block in blocks) == 11


def test_two_hundred_commands_are_told_in_short() -> None:
    """Of two hundred commands, the first are shown and the rest are counted."""
    many = replace(NIGHTLY, commands=tuple(f"dbt run --select model_{number} " + "x" * 900 for number in range(200)))
    _, blocks = render(schedule_page(many, RUNS * 10, NOW, app_url=APP, active=True))
    check_blocks(blocks)
    assert any("and 185 more" in str(block) for block in blocks)


TEXTS = st.text(max_size=300) | st.sampled_from(
    ["&" * 900, "\\" * 1000, "<!here>", "*x* `y` _z_", "🎉" * 300, "\n\t \u202e"]
)
LISTS = st.lists(TEXTS, max_size=30).map(tuple)
DEFERRALS = st.none() | st.builds(Deferral, st.booleans(), TEXTS, st.none() | TEXTS, st.none() | TEXTS, st.booleans())
TIMES = st.none() | st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis needs naive bounds
SCHEDULES = st.builds(
    Schedule,
    st.integers(),
    TEXTS,
    TEXTS,
    TEXTS,
    TEXTS | st.just("0 2 * * *"),
    TEXTS | st.sampled_from(["yaml", "ui"]),
    st.none() | TEXTS,
    st.none() | st.booleans(),
    TIMES,
    st.none() | TEXTS,
    TIMES,
    LISTS,
    st.none() | TEXTS,
    DEFERRALS,
    DEFERRALS,
    notifications=st.lists(st.builds(Notification, TEXTS, TEXTS, LISTS, st.none() | TEXTS), max_size=20).map(tuple),
)
SUMMARIES = st.builds(
    RunSummary,
    st.integers(1, 2**31),
    st.sampled_from(["SUCCESS", "ERROR", "RUNNING", "SKIPPED", "CANCELED"]) | TEXTS,
    TEXTS,
    st.none() | TEXTS,
    st.none() | st.integers(1, 2**31),
    TIMES,
    TIMES,
    *[st.none() | TEXTS] * 3,
)


@settings(max_examples=20, deadline=None)
@given(st.lists(SCHEDULES, min_size=1, max_size=12), st.lists(SUMMARIES, max_size=12), st.booleans())
def test_whatever_bolt_tells_slack_takes_it(schedules: list[Schedule], listed: list[RunSummary], active: bool) -> None:  # noqa: FBT001 - drawn
    """Whatever names, crons, commands, states and times Bolt returns, the messages pass Slack's rules."""
    one = schedules[0]
    for message in (
        schedule_list(page(schedules, 1), ListCommand(inactive=not active), NOW, prefix="/bolt"),
        schedule_page(one, listed, NOW, app_url=APP, active=active),
        run_list(one, page(listed, 1), RunsCommand(one.slug), workspace="w", app_url=APP, most=100),
    ):
        text, blocks = render(message)
        assert text.strip()
        check_blocks(blocks)
