"""The values that buttons carry, and reading them back."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.model.command import ListCommand, RunCommand
from bot.core.model.errors import BadCommand
from bot.core.model.run import End, Run, RunFacts, RunKey
from bot.core.views import buttons

FACTS = RunFacts(
    slug="nightly",
    name="Nightly full build",
    branch="main",
    pull_request=12,
    asked_by="U1",
    asked_at=datetime(2026, 11, 23, 14, 20, tzinfo=UTC),
    request="abc",
    actor="Bolt scheduler",
    followed_by="U2",
)


def test_a_card_can_be_rebuilt_from_its_button() -> None:
    """A button's value carries the workspace, the run and the facts from the card."""
    run = Run(RunKey("w", 4711), facts=FACTS)
    assert buttons.read_run_value(buttons.run_value(run)) == buttons.RunButton(run.key, FACTS)


def test_a_run_can_be_repeated_from_its_button() -> None:
    """A button carries the commands that replaced the schedule's, and the branch that is known from the run's end."""
    facts = replace(FACTS, branch=None, commands=("dbt run -s a", "dbt test"), overridden=True, continue_on_error=True)
    run = Run(RunKey("w", 4711), facts=facts, end=End(branch="dev"))
    button = buttons.read_run_value(buttons.run_value(run))
    assert button == buttons.RunButton(run.key, replace(facts, branch="dev"))
    own = buttons.read_run_value(buttons.run_value(replace(run, facts=replace(facts, overridden=False))))
    assert (own.facts.commands, own.whole) == ((), True)


def test_a_button_that_cannot_carry_all_commands_carries_none_and_says_so() -> None:
    """If not all commands fit, the button carries none and says so, because half of them would be a different run."""
    facts = replace(
        FACTS, commands=tuple(f"dbt run --select {'x' * 500} {number}" for number in range(4)), overridden=True
    )
    button = buttons.read_run_value(buttons.run_value(Run(RunKey("w", 4711), facts=facts)))
    assert (button.facts.commands, button.whole) == ((), False)
    assert (button.facts.slug, button.facts.branch) == ("nightly", "main")


def test_a_value_fits_into_slacks_limit_whatever_the_names() -> None:
    """A value fits Slack's 2000 characters, whatever the length of the names."""
    for letter in ("x", '"', "\\", "🎉", "\u0000"):
        facts = RunFacts(slug=letter * 900, name=letter * 900, branch=letter * 900, actor=letter * 900)
        value = buttons.run_value(Run(RunKey("w" * 64, 2**31 - 1), facts=facts))
        assert len(value) <= 2000
        assert buttons.read_run_value(value).key.id == 2**31 - 1


@pytest.mark.parametrize(
    "value",
    [
        "",
        "null",
        "[]",
        "7",
        "{",
        '{"w":"x"}',
        '{"w":1,"r":2}',
        '{"w":"x","r":"2"}',
        '{"w":"x","r":-1}',
        '{"r":99999999999,"w":"x"}',
        "[" * 1999,
        '{"a":' * 399,
        '{"w":"x","r":' + "[" * 900 + "]" * 900 + "}",
    ],
)
def test_a_value_that_is_no_runs_is_refused(value: str) -> None:
    """A value that isn't a run's is refused, and the reply says what to do instead."""
    with pytest.raises(BadCommand, match="another version"):
        buttons.read_run_value(value)


@settings(max_examples=40)
@given(
    st.recursive(
        st.none() | st.integers() | st.text() | st.booleans(),
        lambda inner: st.dictionaries(st.sampled_from("wrqsnubptvckx"), inner),
    )
)
def test_no_value_gets_past_with_anything_but_a_refusal(value: object) -> None:
    """Any JSON is either a valid value or a plain refusal."""
    text = json.dumps(value)
    for read in (
        buttons.read_run_value,
        buttons.read_request_value,
        buttons.read_command_value,
        buttons.read_suggestion_value,
    ):
        with contextlib.suppress(BadCommand):
            read(text)


def test_commands_with_a_secret_are_not_carried() -> None:
    """Commands with a secret aren't stored in the button; the run is still named, and only its record has them."""
    facts = replace(FACTS, commands=("echo hunter2", "dbt run"), overridden=True)
    value = buttons.run_value(Run(RunKey("w", 4711), facts=facts))
    kept = buttons.without_secrets(value, lambda text: text.replace("hunter2", "•••"))
    assert "hunter2" in value
    assert "hunter2" not in kept
    read = buttons.read_run_value(kept)
    assert (read.key.id, read.facts.commands, read.whole) == (4711, (), False)
    assert buttons.without_secrets(value, lambda text: text) == value
    assert buttons.without_secrets('{"c":["', lambda _text: "•••") == '{"c":["'


@pytest.mark.parametrize(
    "value",
    [
        buttons.command_value('run nightly --command "dbt run hunter2"'),
        buttons.page_value(ListCommand("hunter2"), 2),
        buttons.command_in_value(RunCommand("hunter2"), "C1"),
    ],
)
def test_a_command_with_a_secret_is_not_carried_and_its_click_says_why(value: str) -> None:
    """A button doesn't carry a command with a secret, and a click on such a button says why."""
    kept = buttons.without_secrets(value, lambda text: text.replace("hunter2", "•••"))
    assert "hunter2" not in kept
    with pytest.raises(BadCommand, match="seems to include a secret"):
        buttons.read_command_value(kept)


def test_a_branch_with_a_secret_is_not_carried() -> None:
    """A branch with a secret isn't stored in the button; only the run's record has it."""
    value = buttons.run_value(Run(RunKey("w", 4711), facts=replace(FACTS, branch="hunter2")))
    read = buttons.read_run_value(buttons.without_secrets(value, lambda text: text.replace("hunter2", "•••")))
    assert (read.facts.branch, read.whole) == (None, False)


def test_a_suggestion_without_its_command_names_its_request() -> None:
    """A suggestion whose command holds a secret or is too long names its request instead."""
    value = buttons.suggestion_value("run nightly --reason hunter2", "abc", "nightly")
    assert buttons.read_suggestion_value(value) == ("run nightly --reason hunter2", "abc", "nightly")
    kept = buttons.without_secrets(value, lambda text: text.replace("hunter2", "•••"))
    assert buttons.read_suggestion_value(kept) == ("", "abc", "nightly")
    long = buttons.suggestion_value("x" * 3000, "abc", "nightly")
    assert buttons.read_suggestion_value(long) == ("", "abc", "nightly")
    with pytest.raises(BadCommand, match="another version"):
        buttons.read_suggestion_value('{"v":1}')


def test_a_request_and_a_suggestion_come_back() -> None:
    """The values of the buttons on private replies come back unchanged."""
    assert buttons.read_request_value(buttons.request_value("abc")) == "abc"
    assert buttons.read_command_value(buttons.command_value('run "a b"')) == 'run "a b"'


def test_an_incidents_buttons_come_back() -> None:
    """An incident's button carries the schedule in full, and its menu carries a hash; other values are refused."""
    for button in (buttons.IncidentButton("nightly", 4711), buttons.IncidentButton("nightly", 4711, free=True)):
        assert buttons.read_incident_value(buttons.incident_value(button)) == button
    for bad in ("x", "{}", '{"s":"nightly"}', '{"s":"nightly","r":true}', '{"s":"nightly","r":-1}'):
        with pytest.raises(BadCommand, match="another version"):
            buttons.read_incident_value(bad)
    value = buttons.snooze_value("n" * 500, "recovery")
    assert len(value) <= 75
    assert buttons.read_snooze_value(value, ["x", "n" * 500]) == ("n" * 500, "recovery")
    assert buttons.read_snooze_value(value, ["x"])[0] == ""
    assert buttons.read_snooze_value("", ["x"]) == ("", "")


@pytest.mark.parametrize("value", ['{"v":1,"s":"nightly","r":4711}', '{"v":1,"s":"nightly","r":4711,"f":1}'])
def test_an_incidents_button_of_an_older_version_is_read(value: str) -> None:
    """An older version's button doesn't say whether its message showed that nobody was on it."""
    assert buttons.read_incident_value(value) == buttons.IncidentButton("nightly", 4711)


def test_an_outages_button_comes_back() -> None:
    """An outage's button says whether some incidents had nobody on them; an older version's has only the number."""
    assert buttons.read_outage_take_value(buttons.outage_take_value(7, free=True)) == ("7", True)
    assert buttons.read_outage_take_value(buttons.outage_take_value(7, free=False)) == ("7", False)
    assert buttons.outage_take_value(7, free=False) == "7"
    assert buttons.read_outage_take_value("") == ("", False)


def test_several_runs_come_back() -> None:
    """A value can carry the ids of a hundred runs."""
    runs = range(2**31 - 101, 2**31 - 1)
    value = buttons.runs_value(runs)
    assert len(value) <= buttons.VALUE_LIMIT
    assert buttons.read_runs_value(value) == frozenset(runs)
    for bad in ("{}", '{"r":[0]}', '{"r":["1"]}', '{"r":7}'):
        with pytest.raises(BadCommand):
            buttons.read_runs_value(bad)
