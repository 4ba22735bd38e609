"""Labels for a run's state: a word and an emoji, never one without the other.

The first line of a card is a whole sentence, built by `headline` in `bot.core.views.card`.
"""

from __future__ import annotations

from bot.core.model.run import is_failed
from bot.core.text.text import Emoji, cut

_WORDS = {
    "SUCCESS": ("white_check_mark", "succeeded"),
    "CANCELED": ("black_square_for_stop", "cancelled"),
    "SKIPPED": ("black_right_pointing_double_triangle_with_vertical_bar", "skipped"),
    "STARTING": ("clock1", "starting"),
    "RUNNING": ("hourglass_flowing_sand", "running"),
}
WORD_SHOWN = 40


def state_word(state: str | None) -> str:
    """The word for a state (`succeeded`); Bolt's own word if the state is unknown."""
    if state is None:
        return "hasn't run yet"
    if is_failed(state):
        return "failed"
    return _WORDS.get(state, ("", cut(state, WORD_SHOWN)))[1]


def state_emoji(state: str | None) -> Emoji:
    """The emoji for a state."""
    if state is None:
        return Emoji("white_circle")
    if is_failed(state):
        return Emoji("x")
    return Emoji(_WORDS.get(state, ("hourglass_flowing_sand", ""))[0])
