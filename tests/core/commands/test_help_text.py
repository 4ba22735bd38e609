"""The text of `help` is true: each command in it can be typed as it is written there."""

from __future__ import annotations

import pytest

from bot.core.commands.grammar import parse
from bot.core.commands.help_text import usage
from bot.core.commands.verbs import VERBS
from bot.core.model.command import HelpCommand, canonical
from bot.core.text.text import Code
from tests.core.views.plain import said


def codes(topic: str | None, mention: str = "") -> list[str]:
    """The parts of a help text that are shown as code."""
    return [span.text for span in usage(topic, "/dbt", mention).text if isinstance(span, Code)]


def test_all_commands_are_listed() -> None:
    """Each command is listed exactly once, with this deployment's name for the slash command."""
    listed = codes(None)
    assert [code.split()[1] for code in listed] == list(dict.fromkeys(code.split()[1] for code in listed))
    assert {code.split()[1] for code in listed} == set(VERBS)
    assert all(code.startswith("/dbt ") for code in listed)


@pytest.mark.parametrize("verb", VERBS)
def test_each_example_is_understood(verb: str) -> None:
    """Each example below the first line, which shows the syntax, can be parsed."""
    first, *examples = codes(verb)
    assert first.startswith(f"/dbt {verb}")
    for example in examples:
        command = parse(example.removeprefix("/dbt "))
        assert not isinstance(command, HelpCommand)


def test_a_topic_that_is_no_command_shows_them_all() -> None:
    """Help on an unknown topic shows all commands."""
    assert usage("nonsense", "/dbt") == usage(None, "/dbt")


def test_a_word_that_is_no_command_is_said_to_be_none() -> None:
    """The reply first says that there's no such command, then shows all of them or the one that was probably meant."""
    everything = said(usage(None, "/dbt").text)
    assert said(usage(None, "/dbt", unknown="wat").text) == (
        f'There\'s no command "wat". Here are all the commands:\n{everything}'
    )
    near = said(usage("retry", "/dbt", unknown="retyr").text)
    assert near == f'There\'s no command "retyr". Did you mean retry?\n{said(usage("retry", "/dbt").text)}'


@pytest.mark.parametrize("unknown", ["wat", 'w"a\\t', "x<y&z"])
def test_what_was_typed_comes_back(unknown: str) -> None:
    """A help command written out as text keeps the unknown word that was typed."""
    assert parse(canonical(HelpCommand(unknown=unknown))) == HelpCommand(unknown=unknown)


def test_mentions_are_explained_only_where_there_is_one() -> None:
    """The list of all commands explains mentions; help on a single command doesn't."""
    assert codes(None, "@dbt")[-1] == "@dbt cancel"
    assert codes("run", "@dbt") == codes("run")
