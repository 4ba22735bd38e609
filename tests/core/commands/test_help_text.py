"""What `help` says is true: each command in it can be typed as it is written there."""

from __future__ import annotations

import pytest

from bot.core.commands.grammar import parse
from bot.core.commands.help_text import usage
from bot.core.commands.verbs import VERBS
from bot.core.model.command import HelpCommand, canonical
from bot.core.text.text import Code
from tests.core.views.plain import said


def codes(topic: str | None, mention: str = "") -> list[str]:
    """What is shown as code."""
    return [span.text for span in usage(topic, "/dbt", mention).text if isinstance(span, Code)]


def test_all_commands_are_listed() -> None:
    """Each once, by how it's written, with the deployment's own name of the slash command."""
    listed = codes(None)
    assert [code.split()[1] for code in listed] == list(dict.fromkeys(code.split()[1] for code in listed))
    assert {code.split()[1] for code in listed} == set(VERBS)
    assert all(code.startswith("/dbt ") for code in listed)


@pytest.mark.parametrize("verb", VERBS)
def test_each_example_is_understood(verb: str) -> None:
    """Below the first line, which shows how the command is written."""
    first, *examples = codes(verb)
    assert first.startswith(f"/dbt {verb}")
    for example in examples:
        command = parse(example.removeprefix("/dbt "))
        assert not isinstance(command, HelpCommand)


def test_a_topic_that_is_no_command_shows_them_all() -> None:
    """Nobody is left without help."""
    assert usage("nonsense", "/dbt") == usage(None, "/dbt")


def test_a_word_that_is_no_command_is_said_to_be_none() -> None:
    """First; then come all commands, or the one that was probably meant."""
    everything = said(usage(None, "/dbt").text)
    assert said(usage(None, "/dbt", unknown="wat").text) == (
        f'There\'s no command "wat". Here are all the commands:\n{everything}'
    )
    near = said(usage("retry", "/dbt", unknown="retyr").text)
    assert near == f'There\'s no command "retyr". Did you mean retry?\n{said(usage("retry", "/dbt").text)}'


@pytest.mark.parametrize("unknown", ["wat", 'w"a\\t', "x<y&z"])
def test_what_was_typed_comes_back(unknown: str) -> None:
    """From the command's text."""
    assert parse(canonical(HelpCommand(unknown=unknown))) == HelpCommand(unknown=unknown)


def test_mentions_are_explained_only_where_there_is_one() -> None:
    """In the list of all commands."""
    assert codes(None, "@dbt")[-1] == "@dbt cancel"
    assert codes("run", "@dbt") == codes("run")
