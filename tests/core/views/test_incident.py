"""An incident's message in each state, and the posts in its thread."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.model.cause import Cause, Retry
from bot.core.model.incident import HIDDEN, Incident, IncidentState, OnIt, PostKind, RetryOfIncident, Snooze, ThreadPost
from bot.core.model.run import End, Observation, Run, RunFacts, RunKey
from bot.core.text.message import Message, Preformatted
from bot.core.text.text import Mention
from bot.core.views.buttons import INCIDENT_TAKE, IncidentButton, read_incident_value, read_snooze_value
from bot.core.views.incident import incident_message, people_in, taken_message, thread_post
from bot.core.watching.incident_life import failing_already, with_log
from tests.core.views.plain import buttons, said, shown
from tests.core.views.test_card import ASKED, FAILED
from tests.core.watching.ends import COLUMN, DISK, NIGHTLY, WATCH, at, failure, success
from tests.core.watching.test_incident_life import told

APP = "https://app.example"
HINT = Cause(1, "missing_column", "A column is missing.", "Check its name.", Retry.NO)


def failing(count: int = 3, /, **changes: object) -> Incident:
    """An incident after this many failures, an hour apart."""
    incident = told(*(failure(4710 + number, number) for number in range(1, count + 1)))
    assert incident is not None
    return replace(incident, **changes)  # type: ignore[arg-type]


def recovered(count: int = 3, /, **changes: object) -> Incident:
    """The same incident after its recovery, an hour after the last failure."""
    ends = [failure(4710 + number, number) for number in range(1, count + 1)]
    incident = told(*ends, replace(success(4720, count + 1), actor="grace"))
    assert incident is not None
    return replace(incident, **changes)  # type: ignore[arg-type]


def labels(message: Message) -> list[str]:
    """The labels of a message's buttons and menus, in order."""
    return [f"{one.label} ▾" if one.choices else one.label for one in buttons(message)]


def first(incident: Incident) -> str:
    """The first line of an incident's message."""
    return shown(incident_message(incident, APP))[0]


def test_a_failing_schedule_says_how_often_and_since_when() -> None:
    """The message shows how many runs failed, what broke, whether it's always the same, the newest run, and buttons."""
    message = incident_message(failing(summary="2 of 48 tests failed"), APP)
    assert shown(message) == [
        ":red_circle: Nightly full build is failing: 3 runs since 03:00",
        "dbt test: 2 of 48 tests failed, the same each time",
        "Latest: run 4713 · main · 05:00 · owner ada",
    ]
    assert labels(message) == ["Retry failed", "I'm on it", "Snooze ▾", "Logs", "Open in Bolt"]
    assert buttons(message)[0].style == "primary"
    assert said(message.text).startswith(":red_circle: Nightly full build is failing: 3 runs since 03:00. dbt test")


def test_one_failure_is_no_row_of_them() -> None:
    """A single failure isn't counted, and without a summary its error is shown."""
    lines = shown(incident_message(failing(1), APP))
    assert lines[0] == ":red_circle: Nightly full build failed 03:00"
    assert lines[1] == "dbt test failed: stg_orders: column net_amnt does not exist"


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"retries": 1}, "is failing: 3 runs and 1 retry since 03:00"),
        ({"reopened": (at(1),)}, "is failing again: 3 runs since 03:00"),
        ({"seen_before": True}, "has been failing since before I started watching it: at least 3 runs"),
        ({"state": IncidentState.FLAPPING, "failures": 9, "runs": 18}, "is flapping: 9 of 18 runs failed since 03:00"),
        ({"state": IncidentState.CLOSED, "why": "no longer watched here"}, ": no longer watched here"),
    ],
)
def test_the_first_line_says_what_is_up(changes: dict[str, object], line: str) -> None:
    """The first line says what is going on in each state."""
    assert first(failing(**changes)).partition("Nightly full build")[2].strip() == line


def test_different_errors_are_counted() -> None:
    """Different errors are counted, including those that aren't remembered anymore."""
    incident = told(failure(1, 0), failure(2, 1, DISK))
    assert incident is not None
    assert "; 2 different errors so far" in shown(incident_message(incident, APP))[1]
    assert "; 9 different errors so far" in shown(incident_message(replace(incident, errors_more=7), APP))[1]


def test_the_hint_decides_how_a_retry_looks() -> None:
    """A retry that can't help isn't the primary button."""
    message = incident_message(failing(cause=HINT), APP)
    assert ":bulb: A column is missing. Check its name. Fix this first; a retry alone won't help." in shown(message)
    assert buttons(message)[0].style is None


def test_a_recovery_says_after_what_and_by_which_run() -> None:
    """A recovery says how many failures it ended and which run succeeded, and offers only Open in Bolt."""
    message = incident_message(recovered(), APP)
    assert shown(message) == [
        ":white_check_mark: Nightly full build recovered after 3 failures, 3 h, by run 4720 (started by grace)"
    ]
    assert labels(message) == ["Open in Bolt"]
    before = incident_message(recovered(seen_before=True), APP)
    # The time of the first failure isn't known.
    assert "recovered after at least 3 failures by run 4720" in shown(before)[0]
    assert shown(before)[1] == "It had been failing since before I started watching it."


def test_what_failed_before_the_watch_has_recovered_once_it_fails_again() -> None:
    """After a reopening, only the words "at least" still say that the incident began before the watch."""
    again = {"seen_before": True, "reopened": (at(14),)}
    assert first(failing(**again)) == ":red_circle: Nightly full build is failing again: at least 3 runs"
    assert len(shown(incident_message(recovered(**again), APP))) == 1


def test_a_failure_that_recovered_before_it_was_told() -> None:
    """A failure that recovered before it was reported gets one message about both."""
    late = told(success(4, 3), failure(3, 2))
    assert late is not None
    assert first(late) == ":white_check_mark: Nightly full build failed once and recovered by run 4"


def test_what_people_do_is_shown_by_name_and_can_be_undone() -> None:
    """The person on it and the one who snoozed it are shown by name, with buttons to undo that; nobody is mentioned."""
    incident = failing(on_it=OnIt("U0GRACE00", at(14), "grace"), snooze=Snooze("U0BOB0000", at(9), "bob"))
    message = incident_message(incident, APP)
    assert shown(message)[2:4] == [":raising_hand: grace is on it", ":zzz: Snoozed by bob until 11:00"]
    assert labels(message) == ["Retry failed", "Take over", "No longer on it", "End snooze", "Logs"]
    assert not mentions(message)
    forever = incident_message(failing(snooze=Snooze("U0BOB0000")), APP)
    assert ":zzz: Snoozed until it recovers" in shown(forever)


def test_only_a_message_that_nobody_is_on_has_a_button_that_says_so() -> None:
    """Only I'm on it carries the fact that nobody was on it; Take over replaces the person who is."""
    on_it = OnIt("U0GRACE00", at(14), "grace")
    answer = taken_message(failing(), on_it)
    assert said(answer.text) == "@U0GRACE00 has been on it since 04:00. To take it over, click Take over."
    for message, label, free in (
        (incident_message(failing(), APP), "I'm on it", True),
        (incident_message(failing(on_it=on_it), APP), "Take over", False),
        (answer, "Take over", False),
    ):
        (button,) = (one for one in buttons(message) if one.action == INCIDENT_TAKE)
        assert (button.label, read_incident_value(button.value)) == (label, IncidentButton("nightly", 4713, free))


def test_a_retry_is_a_line_of_the_message() -> None:
    """A running retry has a line and can be cancelled; once it's over, a new retry can be started."""
    retry = RetryOfIncident(4714, "RUNNING", "grace@example.com")
    message = incident_message(failing(retry=retry), APP)
    assert ":repeat: Being retried as run 4714 by grace" in shown(message)
    assert labels(message)[0] == "Cancel retry"
    confirm = buttons(message)[0].confirm
    assert confirm is not None
    assert said(confirm.text) == "Cancel run 4714 of Nightly full build?"
    by_us = failing(retry=replace(retry, by="U0GRACE00"))
    assert people_in(by_us) == {"U0GRACE00"}
    assert shown(incident_message(by_us, APP, {"U0GRACE00": "grace"}))[2].endswith("as run 4714 by grace")
    assert shown(incident_message(by_us, APP))[2].endswith("as run 4714")
    over = incident_message(failing(retry=replace(retry, state="FAILED")), APP)
    assert labels(over)[0] == "Retry failed"


def test_who_started_it_is_named_and_no_address_is_posted() -> None:
    """The person who started a run is named by username or as in Bolt, and no email address is posted."""
    incident = failing(owner="ada@example.com")
    assert incident.latest is not None
    by_bolt = replace(incident, latest=replace(incident.latest, actor="scheduler", commit="3f2c1ab99"))
    assert shown(incident_message(by_bolt, APP))[-1] == (
        "Latest: run 4713 · main @ 3f2c1ab · by scheduler · 05:00 · owner ada"
    )
    ours = replace(incident, latest=replace(incident.latest, asked_by="U0GRACE00"))
    assert "· by grace ·" in shown(incident_message(ours, APP, {"U0GRACE00": "grace"}))[-1]
    assert "by" not in shown(incident_message(ours, APP))[-1]


def test_a_paused_schedule_says_so() -> None:
    """A paused schedule's incident stays open and says that it's paused."""
    assert ":double_vertical_bar: The schedule is paused in Bolt" in shown(
        incident_message(failing(suspended=True), APP)
    )


def test_a_closed_incident_has_no_buttons_and_may_show_nothing() -> None:
    """A closed incident has no buttons, and may hide everything because its channel is now shared."""
    message = incident_message(failing(state=IncidentState.CLOSED, why="removed from Bolt"), APP)
    assert shown(message) == [
        ":white_circle: Nightly full build: removed from Bolt",
        "3 runs failed since 03:00.",
    ]
    assert labels(message) == []
    hidden = incident_message(failing(state=IncidentState.CLOSED, why=HIDDEN), APP)
    assert shown(hidden) == [":white_circle: This incident is no longer shown here"]
    assert said(hidden.text) == ":white_circle: This incident is no longer shown here"


def test_buttons_carry_the_schedule_and_the_run_shown() -> None:
    """Buttons carry the schedule and the run shown; a menu's short values carry the schedule as a hash."""
    message = incident_message(failing(), APP)
    carried = read_incident_value(next(one.value for one in buttons(message) if one.label == "Retry failed"))
    assert (carried.schedule, carried.run) == ("nightly", 4713)
    (menu,) = (one for one in buttons(message) if one.choices)
    assert [choice.label for choice in menu.choices] == [
        "Snooze 1 h",
        "Snooze 4 h",
        "Snooze until 9:00",
        "Snooze until it recovers",
    ]
    assert read_snooze_value(menu.choices[1].value, ["hourly", "nightly"]) == ("nightly", "4h")


def test_an_opening_has_what_a_failed_cards_thread_has() -> None:
    """An opening post has the excerpt, as a failed card's thread does, below the sentence that notifies people."""
    incident = failing(1)
    end = End(ASKED, ASKED, failed=FAILED, log="read", excerpt="it broke")
    run = Run(
        RunKey("w", 4711), facts=RunFacts("nightly", asked_by="U1"), seen=Observation("FAILED", (FAILED,)), end=end
    )
    message = thread_post(incident, incident.posts[0], run, (Mention("U0ADA0000"),), APP)
    assert said(message.text) == "Run 4711: dbt test failed (command 1 of 1, exit code 1, 38 s). @U0ADA0000"
    assert Preformatted("it broke") in message.blocks
    assert mentions(message) == {Mention("U0ADA0000")}


def test_an_opening_without_its_run_says_what_the_incident_knows() -> None:
    """Without the run, which Redis may have lost, an opening post shows what the incident's record has."""
    incident = failing(1)
    message = thread_post(incident, incident.posts[0], None, (), APP)
    assert shown(message) == ["Run 4711 failed. dbt test failed. ", "• stg_orders: column net_amnt does not exist"]


def test_new_errors_are_named_and_no_others() -> None:
    """New errors are listed with their run, and others aren't; many are counted."""
    incident = told(failure(1, 0), failure(2, 1, COLUMN, DISK))
    assert incident is not None
    message = thread_post(incident, incident.posts[-1], None, (Mention("U0ADA0000"),), APP)
    assert shown(message) == [
        "New error in run 2: @U0ADA0000",
        "• stg_orders: could not extend file: no space left on device",
    ]
    many = ThreadPost(2, PostKind.NEW_ERROR, 2, tuple(replace(DISK, name=f"n{number}") for number in range(12)))
    lines = shown(thread_post(incident, many, None, (), APP))
    assert (lines[0], lines[-1], len(lines)) == ("12 new errors in run 2:", "… and 2 more", 12)


def test_a_new_error_whose_log_is_read_after_the_recovery_is_said_to_be_from_before() -> None:
    """A new error found after the recovery is reported as older than the recovery, except after a reopening."""
    unread = told(failure(1, 0), failure(2, 1, log="late"), success(3, 2))
    assert unread is not None
    read = with_log(unread, failure(2, 1, DISK), carded=False)
    assert [post.kind for post in read.posts[1:]] == [PostKind.RECOVERED, PostKind.NEW_ERROR]
    assert first_line(read) == "New error in run 2, which failed before the recovery:"
    again = told(failure(1, 0), success(2, 0.5), failure(3, 0.6), failure(4, 0.7, DISK))
    assert again is not None
    assert first_line(again) == "New error in run 4:"
    both = told(failure(1, 0), failure(2, 1, DISK), success(3, 2))
    assert both is not None
    assert first_line(both, -2) == "New error in run 2:"


def first_line(incident: Incident, number: int = -1) -> str:
    """The first line of one of an incident's posts."""
    return shown(thread_post(incident, incident.posts[number], None, (), APP))[0]


def test_a_reopening_says_whether_the_error_is_another() -> None:
    """A reopening says whether the error is the same or new."""
    same = told(failure(1, 0), success(2, 0.5), failure(3, 1))
    other = told(failure(1, 0), success(2, 0.5), failure(3, 1, DISK))
    assert same is not None
    assert other is not None
    assert said(thread_post(same, same.posts[-1], None, (), APP).text) == (
        "Failing again: run 3 failed with the same error as before."
    )
    assert shown(thread_post(other, other.posts[-1], None, (), APP))[0] == (
        "Failing again: run 3 failed with a new error."
    )


def test_a_recovery_is_one_line() -> None:
    """A recovery's post is one line, the same as in the message."""
    incident = recovered()
    message = thread_post(incident, incident.posts[-1], None, (), APP)
    assert message.blocks == ()
    assert said(message.text).endswith("recovered after 3 failures, 3 h, by run 4720 (started by grace).")


def test_still_failing_says_who_is_on_it_and_what_is_new() -> None:
    """A still-failing post says who is on it, mentions people, and lists what is new since a snooze."""
    post = ThreadPost(2, PostKind.STILL_FAILING, 4713, mention=True)
    assert said(thread_post(failing(), post, None, (Mention("U0ADA0000"),), APP).text) == (
        "Still failing: 3 runs since 03:00. Nobody is on it. @U0ADA0000"
    )
    on_it = failing(on_it=OnIt("U0GRACE00", at(14), "grace"))
    lines = shown(thread_post(on_it, replace(post, errors=(DISK,)), None, (), APP))
    assert lines[0] == "Still failing: 3 runs since 03:00. grace is on it. New while it was snoozed:"
    assert lines[1].startswith("• stg_orders: could not extend file")


def test_an_incident_that_began_before_the_watch() -> None:
    """An incident from before the watch says so, and says that at least this many runs failed."""
    incident = failing_already([failure(5, 4), failure(4, 3), success(3, 2)], WATCH, NIGHTLY)
    assert incident is not None
    assert first(incident) == (
        ":red_circle: Nightly full build has been failing since before I started watching it: at least 2 runs"
    )


def mentions(message: Message) -> set[Mention]:
    """Everybody whom a message mentions."""
    texts = [message.text, *(block.text for block in message.blocks if hasattr(block, "text"))]
    return {span for text in texts if not isinstance(text, str) for span in text if isinstance(span, Mention)}


def test_at_most_five_elements_in_a_row() -> None:
    """A row has at most five buttons and menus, whatever the state."""
    for incident in (failing(), failing(on_it=OnIt("U1", at(9))), failing(snooze=Snooze("U1"))):
        assert len(labels(incident_message(incident, APP))) <= 5
