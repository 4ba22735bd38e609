"""docs/commands.md agrees with the grammar, the policy's defaults and the buttons."""

from __future__ import annotations

import pytest

from bot.core.commands.verbs import VERBS
from bot.core.policy.rules import Action
from tests.pages import read
from tools.commands import BUTTONS, PICTURES, actions, page

SHOWN = read("docs/commands.md")


def test_the_page_is_what_the_grammar_says() -> None:
    """The page is up to date: run `make commands` after changing a command, and read the difference."""
    assert page() == SHOWN, "docs/commands.md isn't what the grammar says: run `make commands`."


@pytest.mark.parametrize("verb", VERBS)
def test_a_command_has_everything_about_it(verb: str) -> None:
    """Each command has a section with its usage, its examples and its options."""
    section = SHOWN.partition(f"\n## {verb}\n")[2].partition("\n## ")[0]
    (usage, _), *examples = VERBS[verb].help
    assert f"\n/bolt {usage}\n" in section
    assert all(f"| `/bolt {typed}` | {meaning} |" in section for typed, meaning in examples)
    assert all(f"\n| `--{option}` | " in section for option in VERBS[verb].options)
    # Conversely, the options in the usage exist.
    assert {word.strip("[]").removeprefix("--") for word in usage.split() if "--" in word} <= VERBS[verb].options.keys()


def test_the_policys_actions_are_those_that_it_is_asked() -> None:
    """Each command's policy actions are the ones it's checked for, including those that only some options need."""
    assert actions("run") == dict.fromkeys(actions("run"), Action.START)
    assert actions("status") == dict.fromkeys(actions("status"), Action.READ)
    assert actions("cancel") == {"cancel 4711": Action.CANCEL, "cancel 4711 4712": Action.CANCEL}
    assert actions("retry")["retry --failing"] is Action.RETRY
    assert actions("watches") == {"watches": Action.READ, "watches --all": Action.AUDIT}
    assert actions("digest")["digest"] is Action.READ
    assert actions("digest")["digest off"] is Action.WATCH
    assert actions("whoami") == {"whoami": None}


def test_buttons_and_pictures_are_those_of_commands() -> None:
    """Buttons and pictures belong to existing commands."""
    assert BUTTONS.keys() | PICTURES.keys() <= VERBS.keys()
