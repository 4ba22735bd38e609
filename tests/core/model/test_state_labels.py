"""A run's state as a word and an emoji."""

from __future__ import annotations

import pytest

from bot.core.model.run import FAILED_STATES, FINAL_STATES, LOST
from bot.core.model.state_labels import WORD_SHOWN, state_emoji, state_word


@pytest.mark.parametrize("state", sorted(FINAL_STATES - {LOST}))
def test_each_end_has_a_word_and_an_emoji_of_its_own(state: str) -> None:
    """Each final state has a word and an emoji, and only failures are called failed."""
    assert (state_word(state) == "failed") is (state in FAILED_STATES)
    assert (state_emoji(state).name == "x") is (state in FAILED_STATES)
    assert state_word(state) not in {state, ""}


def test_a_state_nobody_knows_is_shown_by_its_own_word() -> None:
    """An unknown state is shown by its own word, cut to a limit, with the emoji for running."""
    assert state_word("DEPLOYING") == "DEPLOYING"
    assert state_emoji("DEPLOYING") == state_emoji("RUNNING")
    assert len(state_word("X" * 500)) == WORD_SHOWN


def test_a_schedule_that_has_not_run_yet_is_neither_good_nor_bad() -> None:
    """A schedule without a run has a label that indicates neither success nor failure."""
    assert state_word(None) not in {state_word(state) for state in FINAL_STATES}
    assert state_emoji(None).name not in {"x", "white_check_mark"}
