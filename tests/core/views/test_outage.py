"""An outage's message, and the posts in its thread."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.core.model.cause import Cause
from bot.core.model.incident import Incident, IncidentRun, IncidentState, OnIt, RetryOfIncident
from bot.core.model.outage import Outage
from bot.core.model.run_end import RunError
from bot.core.text.text import Mention, When
from bot.core.views.buttons import OUTAGE_TAKE, read_outage_take_value
from bot.core.views.outage import (
    all_recovered,
    cause_post,
    outage_list,
    outage_message,
    outage_taken_message,
    state_line,
)
from bot.core.watching.handling import ON_IT_FOR
from bot.core.watching.shared_causes import shared_causes
from tests.core.views.plain import buttons, said, shown
from tests.core.watching.ends import T0

APP = "https://app.example"
HUB = Cause(id="hub_down", text="The package hub isn't reachable.", next="Retry later.")


def incident(number: int, *, cause: Cause | None = HUB, line: str = "hub.getdbt.com: timed out") -> Incident:
    """A failing incident."""
    run = IncidentRun(4000 + number, "FAILED", T0, T0)
    return Incident(
        "C1", f"mart-{number}", "T", 1, name=f"Mart {number}", first=run, failed=run, latest=run, failures=1,
        lines=(RunError("k", "deps", line),), cause=cause,
    )  # fmt: skip


def outage(*members: Incident) -> Outage:
    """An outage with these incidents."""
    return Outage("C1", 2, "T", members, T0)


def test_one_reason_is_said_in_the_first_line() -> None:
    """A shared reason is in the first line, because a phone shows nothing else."""
    message = outage_message(outage(*(incident(number) for number in range(43))))
    first, *rest = shown(message)
    assert first.startswith(":red_circle: 43 schedules failing since")
    assert first.endswith("for the same reason: The package hub isn't reachable")
    assert any("Mart 19 and 23 more" in line for line in rest)
    assert [button.label for button in buttons(message)] == ["Retry failed", "I'm on it", "Snooze", "All schedules"]


def test_several_reasons_are_listed_by_frequency() -> None:
    """Reasons are listed by number of schedules, and unread logs come last."""
    members = [incident(number) for number in range(3)]
    members += [incident(7, cause=None, line="permission denied"), replace(incident(8, cause=None), lines=())]
    lines = shown(outage_message(outage(*members)))
    assert lines[0].endswith("3 for the same reason: The package hub isn't reachable")
    assert lines[1:4] == [
        "3: The package hub isn't reachable",
        "1: permission denied",
        "1: the log hasn't been read yet",
    ]


def test_it_says_how_many_are_being_retried() -> None:
    """Retries that are running or starting are counted; the list names their runs."""
    retried = replace(incident(1), retry=RetryOfIncident(4714, "RUNNING", "U0ADA"))
    over = replace(incident(2), retry=RetryOfIncident(4715, "CANCELED", "U0ADA"))
    found = replace(outage(retried, over, incident(3)), starting=1)
    assert ":repeat: 2 being retried" in said(outage_message(found).text)
    (listed,) = (line for line in shown(outage_list(found, APP, "/dbt")) if "being retried" in line)
    assert listed == "• Mart 1 (run 4001), being retried as run 4714"


def test_it_says_what_has_recovered_and_who_is_on_it() -> None:
    """The message says how many have recovered and who is on it, each person once."""
    taken = replace(incident(1), on_it=OnIt("U0ADA", T0, name="ada"))
    recovered = replace(incident(2), state=IncidentState.RECOVERED)
    facts = said(outage_message(outage(taken, recovered)).text)
    assert "1 of 2 recovered · :raising_hand: ada is on it" in facts
    others = (replace(incident(n), on_it=OnIt(f"U{name}", T0, name=name)) for n, name in ((3, "grace"), (4, "ada")))
    facts = said(outage_message(outage(taken, *others, incident(5))).text)
    assert "ada and 1 other are on 3 of them" in facts


def test_it_says_who_is_on_all_of_it_and_since_when() -> None:
    """If people already handle all its schedules, the reply says since when, and offers Take over."""
    since = T0 + ON_IT_FOR
    one = replace(incident(1), on_it=OnIt("U0ADA", since, "ada"))
    other = replace(incident(2), on_it=OnIt("U0BOB", since + timedelta(hours=1), "bob"))
    answer = outage_taken_message(outage(one, other))
    assert said(outage_taken_message(outage(one)).text).startswith(
        "@U0ADA has been handling all of these schedules since "
    )
    assert said(answer.text).startswith("@U0ADA and 1 other have been handling all of these schedules since ")
    assert When(T0 + timedelta(hours=1), "date_time") in answer.text
    for message, label, free in (
        (outage_message(outage(one, incident(2))), "I'm on it", True),
        (outage_message(outage(one, other)), "Take over", False),
        (answer, "Take over", False),
    ):
        (button,) = (found for found in buttons(message) if found.action == OUTAGE_TAKE)
        assert (button.label, read_outage_take_value(button.value)) == (label, ("2", free))


def test_the_end_says_how_long_it_took() -> None:
    """The end says how long it took, and has no buttons."""
    end = IncidentRun(5000, "SUCCESS", T0, T0 + timedelta(hours=2))
    over = outage(*(replace(incident(n), state=IncidentState.RECOVERED, recovered_by=end) for n in range(3)))
    assert said(outage_message(over).text) == ":white_check_mark: All 3 schedules recovered after 2 h"
    assert said(all_recovered(over).text) == ":white_check_mark: All 3 schedules recovered after 2 h."
    assert buttons(outage_message(over)) == []
    closed = replace(incident(9), state=IncidentState.CLOSED)
    assert "1 is no longer watched here" in said(outage_message(outage(*over.members, closed)).text)


def test_a_post_about_a_cause_names_its_schedules_and_whom_it_concerns() -> None:
    """A post about a cause names its schedules with their runs, and mentions the people it concerns."""
    (cause,) = shared_causes([incident(1), incident(2)])
    message = cause_post(cause, (Mention("U0ADA"),), APP)
    first, names = shown(message)
    assert first == "2 schedules: The package hub isn't reachable @U0ADA"
    assert names == "Mart 1 (run 4001), Mart 2 (run 4002)"


def test_all_schedules_are_listed_by_cause() -> None:
    """At most a hundred schedules are listed."""
    lines = shown(outage_list(outage(*(incident(number) for number in range(120))), APP, "/dbt"))
    assert len([line for line in lines if line.startswith("• ")]) == 100
    assert lines[-1] == "… and 20 more. /dbt failing lists them all."


def test_a_line_says_what_the_message_cannot_and_once_why() -> None:
    """A line states what the message can't show anymore, names every schedule's run, and gives the reason only once."""
    taken = replace(incident(1), on_it=OnIt("U0ADA", T0 + timedelta(hours=12), "ada"))
    line = state_line(outage(taken, incident(2)), APP)
    assert said(line.text).startswith(":red_circle: 2 schedules failing since")
    assert "ada is on 1 of them. Slack no longer lets me edit the message above" in said(line.text)
    assert "Mart 2 (run 4002)" in shown(line)[1]
    assert "Slack" not in said(state_line(replace(outage(taken), lined=True), APP).text)


def test_a_new_message_links_the_one_that_it_replaced() -> None:
    """A new message links the one that it replaces, after its other facts."""
    taken = replace(incident(1), on_it=OnIt("U0ADA", T0 + timedelta(hours=12), "ada"))
    assert said(outage_message(outage(incident(1)), "https://slack.example/p1").text).endswith("earlier message")
    assert "ada is on it · earlier message" in said(outage_message(outage(taken), "https://slack.example/p1").text)


def test_if_nothing_of_it_is_watched_any_more_it_says_only_that() -> None:
    """If nothing in it is watched anymore, it says only that, because nothing has recovered."""
    closed = replace(incident(1), state=IncidentState.CLOSED)
    assert said(all_recovered(outage(closed)).text) == "1 schedule no longer watched here."
