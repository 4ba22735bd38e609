"""The form: its fields and options, and how a submission is read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.commands.grammar import parse
from bot.core.model.command import RunCommand
from bot.core.policy.default_policy import DEFAULT_POLICY
from bot.core.policy.matching import with_backticks
from bot.core.redact.masker import Masker
from bot.core.schedules.run_form import (
    COMMANDS_ROOM,
    Filled,
    Form,
    Own,
    Problems,
    Stale,
    about_commands,
    is_changed,
    offered,
    own_commands,
    read,
)

MASK = Masker(["hunter2-hunter2"]).mask
OWN = own_commands("nightly", ("dbt seed", "dbt run", "dbt test"), MASK)


def filled(own: Own = OWN, commands: str | None = None, **others: object) -> Filled:
    """A form in which these commands were offered, with what its field contains now."""
    text = own.text if commands is None else commands
    made = Filled(own.slug, commands=text, mark=own.mark, offered=own.offered, channel="C0DATAENG")
    return replace(made, **others)  # type: ignore[arg-type]  # as the test says


def test_left_as_it_is_its_own_commands_run() -> None:
    """Unchanged or emptied commands override nothing."""
    assert read(filled(), "nightly", OWN) == RunCommand("nightly")
    assert read(filled(commands="dbt seed  \r\n\r\n dbt run\ndbt test\n"), "nightly", OWN) == RunCommand("nightly")
    assert read(filled(commands=""), "nightly", OWN) == RunCommand("nightly")
    assert read(filled(commands=" \n "), "nightly", OWN) == RunCommand("nightly")
    assert read(replace(filled(), commands=None), "nightly", OWN) == RunCommand("nightly")


def test_what_was_changed_runs_instead() -> None:
    """Changed commands run instead, one per line; a phone's quotes and dashes are corrected only where they're new."""
    assert read(filled(commands="dbt seed\ndbt test"), "nightly", OWN) == RunCommand(
        "nightly", commands=("dbt seed", "dbt test")
    )
    own = own_commands("nightly", ("echo “as it is” —really",), MASK)
    wanted = read(filled(own, "echo “as it is” —really\ndbt run —select “a”"), "nightly", own)
    assert isinstance(wanted, RunCommand)
    assert wanted.commands == ("echo “as it is” —really", 'dbt run --select "a"')


def test_everything_that_can_be_filled_in() -> None:
    """Every field of the form becomes the matching option of the typed command."""
    form = filled(branch=" dev ", pull_request="#123", continue_on_error=True, reason="late\n data ")
    assert read(form, "nightly", OWN) == RunCommand(
        "nightly", branch="dev", pull_request=123, reason="late data", continue_on_error=True
    )


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("pull_request", "abc", "Enter the pull request's number"),
        ("pull_request", "-1", "Enter the pull request's number"),
        ("pull_request", "9" * 20, "Enter the pull request's number"),
        ("branch", "two words", "Enter a branch or commit"),
        ("branch", "--force", "Enter a branch or commit"),
        ("branch", "x" * 256, "Enter a branch or commit"),
        ("reason", "x" * 501, "The reason is too long"),
        ("reason", "a\x00b", "control characters"),
        ("commands", "x" * 1001, "A command is too long"),
        ("commands", "\n".join(f"dbt run {number}" for number in range(21)), "The limit is 20"),
        ("commands", "a\x00b", "control characters"),
        ("commands", "``", "A command is empty"),
        ("channel", "", "Choose a channel"),
        ("channel", "#data-eng", "Choose a channel"),
        ("channel", "C0<!channel>", "Choose a channel"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(name: str, value: str, sentence: str) -> None:
    """Each mistake is reported under its field, and nothing is started."""
    result = read(replace(filled(), **{name: value}), "nightly", OWN)  # type: ignore[arg-type]  # all are strings
    assert isinstance(result, Problems)
    assert list(result.fields) == [name]
    assert sentence in next(iter(result.fields.values()))


def test_all_that_is_wrong_is_said_at_once() -> None:
    """All mistakes are reported at once."""
    result = read(filled(branch="a b", pull_request="x", channel=""), "nightly", OWN)
    assert isinstance(result, Problems)
    assert set(result.fields) == {"branch", "pull_request", "channel"}


def test_commands_that_nobody_saw_do_not_run() -> None:
    """If the schedule or its commands changed, and the form still shows the old commands, nothing runs."""
    other = own_commands("hourly", ("dbt run --select hourly",), MASK)
    edited = own_commands("nightly", ("dbt seed", "dbt run --full-refresh"), MASK)
    assert read(filled(), "hourly", other) == Stale()
    assert read(filled(), "nightly", edited) == Stale()
    assert read(filled(commands=""), "hourly", other) == Stale()
    # The person has seen what they typed.
    assert read(filled(commands="dbt debug"), "hourly", other) == RunCommand("hourly", commands=("dbt debug",))
    # The schedule's commands can't be read now, so those offered count as unchanged.
    assert read(filled(), "nightly", None) == RunCommand("nightly")


def test_more_commands_than_fit() -> None:
    """As many commands as fit are offered. All commands run if the field is unchanged; otherwise, only those in it."""
    commands = tuple(f"dbt run --select model_{number:03}" for number in range(200))
    own = own_commands("backfill", commands, MASK)
    assert len(own.text) <= COMMANDS_ROOM
    assert own.text.split("\n") == list(commands[: 200 - own.left_out])
    assert own.shown.split("\n") == list(commands[200 - own.left_out :])
    said = str(about_commands(Form(filled(own), own=own)))
    assert "all 200 commands run" in said
    assert f"the last {own.left_out}" in said
    assert read(filled(own), "backfill", own) == RunCommand("backfill")
    fewer = read(filled(own, "\n".join(commands[:3])), "backfill", own)
    assert fewer == RunCommand("backfill", commands=commands[:3])


def test_one_command_that_is_too_long() -> None:
    """A command that is too long isn't offered, because a part of it would be another command."""
    own = own_commands("x", ("dbt run " + "x" * 4000,), MASK)
    assert own.text == ""
    assert own.left_out == 1
    assert read(filled(own), "x", own) == RunCommand("x")


def test_just_as_much_as_fits() -> None:
    """Commands fit up to exactly the limit, in UTF-16 units; the last one needs no line break."""
    assert own_commands("x", ("a" * COMMANDS_ROOM,), MASK).left_out == 0
    assert own_commands("x", ("a" * (COMMANDS_ROOM + 1),), MASK).left_out == 1
    assert own_commands("x", ("a" * 1499, "b" * 1500), MASK).left_out == 0
    assert own_commands("x", ("a" * 1500, "b" * 1500), MASK).left_out == 1
    assert own_commands("x", ("🎉" * 1500,), MASK).left_out == 0
    assert own_commands("x", ("🎉" * 1501,), MASK).left_out == 1


def test_secrets_are_not_offered_to_be_changed() -> None:
    """Masked commands can't be edited, because the masked text would run; if they're left alone, the originals run."""
    own = own_commands("x", ("curl -H 'X: hunter2-hunter2' https://a.test", "dbt run"), MASK)
    assert own.text == ""
    assert own.hidden == "secret"
    assert "hunter2" not in own.shown
    assert "dbt run" in own.shown
    assert read(filled(own), "x", own) == RunCommand("x")
    assert "secrets" in str(about_commands(Form(filled(own), own=own)))


def test_a_command_of_several_lines_is_not_offered_to_be_changed() -> None:
    """A command of several lines isn't offered for editing, because it would come back as several commands."""
    own = own_commands("x", ("dbt run \\\n  --select a", "dbt test"), MASK)
    assert own.text == ""
    assert own.hidden == "lines"
    assert read(filled(own), "x", own) == RunCommand("x")
    assert read(filled(own, "dbt build"), "x", own) == RunCommand("x", commands=("dbt build",))


def test_what_counts_as_changed() -> None:
    """Spaces around a line and an emptied field don't count as changes, because the schedule's own commands run."""
    assert not is_changed(Filled())
    assert not is_changed(filled())
    assert not is_changed(filled(commands=" dbt seed\r\ndbt run \n\ndbt test"))
    assert not is_changed(filled(commands=""))
    assert is_changed(filled(commands="dbt seed"))
    assert is_changed(Filled(commands="x", offered="nonsense"))
    assert offered("") != offered("x")


def test_a_schedules_own_commands_count_as_well() -> None:
    """A schedule's own commands that are kept in the field count toward the limit."""
    own = own_commands("nightly", tuple(f"dbt run --select m{number}" for number in range(19)), MASK)
    assert isinstance(read(filled(own, f"{own.text}\ndbt test"), "nightly", own), RunCommand)
    result = read(filled(own, f"{own.text}\ndbt test\ndbt docs generate"), "nightly", own)
    assert result == Problems({"commands": "That's 21 commands. The limit is 20."})


@pytest.mark.parametrize("fence", ["`", "```"])
def test_backticks_around_a_command_are_formatting(fence: str) -> None:
    """Backticks around a whole command are formatting, both in the form and after --command."""
    result = read(filled(OWN, f"{fence}dbt run --select staging{fence}"), "nightly", OWN)
    assert isinstance(result, RunCommand)
    typed = parse(f"run nightly --command {fence}dbt run --select staging{fence}")
    assert isinstance(typed, RunCommand)
    quoted = parse(f'run nightly --command "{fence}dbt run --select staging{fence}"')
    assert isinstance(quoted, RunCommand)
    assert result.commands == typed.commands == quoted.commands == ("dbt run --select staging",)


@pytest.mark.parametrize("command", ["echo `date`", "`a` b `c`", "`dbt run", "dbt run`", "``dbt run``", "`a`b`"])
def test_other_backticks_stay_for_the_policy_to_refuse(command: str) -> None:
    """Other backticks stay, so that the policy decides on what would run."""
    result = read(filled(OWN, command), "nightly", OWN)
    assert isinstance(result, RunCommand)
    assert result.commands == (command,)
    assert with_backticks(DEFAULT_POLICY, result.commands) == result.commands
