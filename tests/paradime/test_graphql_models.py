"""The API's responses: optional parts may be missing, and essential parts are checked strictly."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.core.model import bolt
from bot.paradime import graphql_models

AT = datetime(2023, 10, 15, 16, 44, 16, 986049, UTC)
WHOLE = datetime(2023, 10, 15, 16, 44, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2023-10-15 16:44:16.986049", AT),
        ("2023-10-15T16:44:16.986049", AT),
        ("2023-10-15T16:44:16.986049Z", AT),
        ("2023-10-15T16:44:16.986049+00:00", AT),
        ("2023-10-15T18:44:16.986049+02:00", AT),
        ("2023-10-15T18:44:16+0200", WHOLE),
        ("2023-10-15T16:44:16Z", WHOLE),
        (" 2023-10-15 16:44:16 ", WHOLE),
        ("2023-10-15T16:44:16.986049123Z", AT),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        ("", None),
        ("  ", None),
        (None, None),
        (1_697_388_256, None),
        ([], None),
    ],
)
def test_times_come_in_two_formats(text: object, read: datetime | None) -> None:
    """In both formats, a time without an offset is in UTC; anything else is read as None."""
    assert graphql_models.read_time(text) == read


@given(st.one_of(st.text(), st.datetimes().map(str), st.integers(), st.none(), st.binary()))
def test_no_time_raises(value: object) -> None:
    """Any value for a time gives a UTC time or None."""
    read = graphql_models.read_time(value)
    assert read is None or read.tzinfo is UTC


@pytest.mark.parametrize("value", [[""], [], None, "", 5, [None], ["", None]])
def test_nothing_set_is_an_empty_list(value: object) -> None:
    """`[""]` and similar values mean that nothing is set."""
    assert graphql_models.read_list(value) == []


def schedule(**changes: object) -> bolt.Schedule:
    """A schedule with the fewest fields, and these changes."""
    wire: dict[str, Any] = {"id": 1, "uuid": "u", "name": "nightly", "schedule": "OFF", "source": "ui"} | changes
    return graphql_models.Schedule.model_validate(wire).core()


def test_the_four_lists_of_a_schedule() -> None:
    """In each of the four lists, `[""]` counts as empty, and real entries are kept."""
    read = schedule(slackOn=[""], slackNotify=["#data"], emailOn=None, emailNotify=["", "a@b.c"])
    assert (read.slack_on, read.slack_notify, read.email_on, read.email_notify) == ((), ("#data",), (), ("a@b.c",))


def test_a_schedule_without_a_slug_has_its_name() -> None:
    """On older backends, a schedule's name serves as its slug."""
    assert schedule().slug == schedule(slug=None).slug == schedule(slug="").slug == "nightly"
    assert schedule(slug="nightly-1").slug == "nightly-1"


def test_a_whole_schedule() -> None:
    """Every field of a schedule ends up in the core's record."""
    read = schedule(
        slug="nightly-1",
        owner="ann",
        suspended=True,
        lastRunAt="2023-10-15 16:44:16",
        lastRunState=" success ",
        nextRunAt="",
        commands=["dbt run"],
        gitBranch="main",
        turboCi={"enabled": True, "deferredScheduleSlug": "x", "successfulRunOnly": True},
        deferredSchedule={"enabled": False, "deferEnvironmentSlug": "prod", "successfulRunOnly": None},
        notifications={
            "emailNotifications": None,
            "slackNotifications": [{"channel": "#data", "events": ["failed"], "templateName": "short"}],
            "msTeamsNotifications": [{"channel": None, "events": None}],
        },
        somethingNew={"a": 1},
    )
    assert read == bolt.Schedule(
        id=1,
        uuid="u",
        name="nightly",
        slug="nightly-1",
        cron="OFF",
        source="ui",
        owner="ann",
        suspended=True,
        last_run_at=WHOLE,
        last_run_state="SUCCESS",
        commands=("dbt run",),
        git_branch="main",
        turbo_ci=bolt.Deferral(enabled=True, schedule_slug="x", successful_run_only=True),
        deferral=bolt.Deferral(enabled=False, environment_slug="prod"),
        notifications=(
            bolt.Notification("slack", "#data", ("failed",), "short"),
            bolt.Notification("teams", ""),
        ),
    )


@pytest.mark.parametrize(
    ("word", "read"), [("SUCCESS", "SUCCESS"), (" running ", "RUNNING"), ("Deploying", "DEPLOYING"), ("???", "???")]
)
def test_an_unknown_state_keeps_its_word(word: str, read: str) -> None:
    """A state is passed on in capitals, whether or not it's known."""
    assert graphql_models.RunStatus.model_validate({"state": word, "commands": []}).core().state == read


@pytest.mark.parametrize("state", ["", "  ", None, 5, [], {}, True])
def test_what_is_no_state_is_refused(state: object) -> None:
    """A state that is missing, blank or not a string is refused."""
    with pytest.raises(ValidationError):
        graphql_models.RunStatus.model_validate({"state": state, "commands": []})


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_command_that_runs_has_no_end(nothing: object) -> None:
    """Null and an empty string both mean that a command hasn't ended."""
    wire = {"id": 7, "command": "dbt run", "startDttm": nothing, "endDttm": nothing, "returnCode": nothing}
    assert graphql_models.Command.model_validate(wire).core() == bolt.BoltCommand(7, "dbt run")


def test_commands_come_in_order() -> None:
    """Commands are ordered by id, which is their order of execution."""
    commands = [{"id": number, "command": "x", "returnCode": 0} for number in (3, 1, 2)]
    status = graphql_models.RunStatus.model_validate({"state": "RUNNING", "commands": commands}).core()
    assert [command.id for command in status.commands] == [1, 2, 3]


def test_nulls_of_a_run() -> None:
    """A listed run needs only an id and a state, and git's values may be numbers instead of strings."""
    wire = {"id": 9, "state": "RUNNING", "actor": None, "gitInfo": {"pullRequestId": 12, "commitHash": 1234567}}
    read = graphql_models.RunSummary.model_validate(wire).core()
    assert read == bolt.RunSummary(9, "RUNNING", "", commit="1234567", pull_request="12")
    assert graphql_models.RunSummary.model_validate(wire | {"gitInfo": None}).core().pull_request is None


def test_nulls_of_an_output() -> None:
    """A command without output has empty texts."""
    wire = {"id": 1, "command": "x", "stdout": None, "stderr": None, "resources": None, "scheduleRunId": None}
    read = graphql_models.CommandOutput.model_validate(wire).output()
    assert (read.stdout, read.stderr, read.resources, read.run_id) == ("", "", (), None)


def test_no_error_quotes_what_came() -> None:
    """A signed URL is neither in the error about it nor in a repr."""
    with pytest.raises(ValidationError) as caught:
        graphql_models.ResourceUrl.model_validate({"ok": "perhaps", "url": ["https://signed"]})
    assert "signed" not in str(caught.value)
    assert "signed" not in repr(graphql_models.ResourceUrl.model_validate({"ok": True, "url": "https://signed"}))
