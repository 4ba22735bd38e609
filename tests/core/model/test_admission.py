"""Limits on intake match the rate at which Slack lets the bot post."""

from __future__ import annotations

import pytest

from bot.core.model.admission import CHANNEL_CARD_S, Limits


@pytest.mark.parametrize(("posts", "deadline_s", "waiting"), [(240, 60, 240), (240, 30, 120), (6, 60, 6), (1, 1, 1)])
def test_no_more_starts_wait_than_can_get_a_card_in_time(posts: int, deadline_s: float, waiting: int) -> None:
    """The limits in total and per channel fit how fast cards can be posted, and allow at least one start."""
    limits = Limits.for_budget(30, 100, posts_a_minute=posts, deadline_s=deadline_s)
    assert limits.waiting == waiting
    assert 1 <= limits.waiting_in_channel <= max(1, int(deadline_s / CHANNEL_CARD_S))
    assert limits.waiting_in_channel <= limits.waiting


def test_what_people_may_ask_for_is_as_it_was_set() -> None:
    """The limits per person and per channel are those that were set."""
    limits = Limits.for_budget(3, 7, posts_a_minute=240, deadline_s=60)
    assert (limits.user, limits.channel) == (3, 7)
