"""A watch's options as people read them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.model.watch import Quiet, SlowAfter, Watch
from bot.core.text.text import Group
from bot.core.views.watch_options import options_in_words
from tests.core.views.plain import said
from tests.core.watching.ends import WATCH


@pytest.mark.parametrize(
    ("watch", "words"),
    [
        (WATCH, "failures and recoveries"),
        (replace(WATCH, only="ends", owner="ada"), "the end of every run of schedules owned by ada"),
        (replace(WATCH, only="all", branch="*"), "every run from its start to its end on any branch"),
        (replace(WATCH, branch="dev"), "failures and recoveries on branch dev"),
        (replace(WATCH, pull_requests=True), "failures and recoveries, including runs for pull requests"),
        (replace(WATCH, mention="none"), "failures and recoveries, without mentions"),
        (replace(WATCH, mention="U1"), "failures and recoveries, mentioning @U1"),
        (replace(WATCH, late_s=1800), "failures and recoveries, runs that are 30 min late"),
        (
            replace(WATCH, slow=SlowAfter(factor=1.5)),
            "failures and recoveries, runs that take at least 1.5 times as long as usual",
        ),
        (replace(WATCH, slow=SlowAfter(seconds=2700)), "failures and recoveries, runs that take at least 45 min"),
        (
            replace(WATCH, quiet=Quiet("22:00", "07:00"), time_zone="Europe/Berlin"),
            "failures and recoveries, quiet from 22:00 to 07:00 (Europe/Berlin)",
        ),
    ],
)
def test_only_what_differs_from_the_usual_is_said(watch: Watch, words: str) -> None:
    """Options are listed only if they differ from the default."""
    assert said(options_in_words(watch)) == words


def test_a_user_group_is_mentioned_by_its_id() -> None:
    """A user group is mentioned by its id, and Slack shows its name."""
    assert Group("S1", "a user group") in options_in_words(replace(WATCH, mention="S1"))
