"""The replies about watches: what is covered, what would have been reported, and how to stop it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.model.command import WatchesCommand
from bot.core.model.watch import WatchAcceptance
from bot.core.views.buttons import read_command_value
from bot.core.views.paging import page
from bot.core.views.watches import (
    ListedWatch,
    Made,
    Refused,
    full,
    made,
    no_such_watch,
    not_allowed,
    stopped,
    watch_list,
    which_watch,
)
from bot.core.watching.preview import Preview, Previewed
from bot.core.watching.unreached_owners import UnreachedOwners
from tests.core.views.plain import buttons, said, shown
from tests.core.watching.ends import WATCH

GLOB = replace(WATCH, number=2, pattern="fin*")


def answer(preview: Preview, **more: object) -> list[str]:
    """The lines of the reply to making a watch."""
    return shown(made(Made(GLOB, "new", preview, **more)))  # type: ignore[arg-type]


def test_a_new_watch_is_confirmed_with_what_it_covers() -> None:
    """The confirmation of a new watch says what it covers, and has buttons to edit or stop it."""
    message = made(Made(WATCH, "new", Preview(1, 1, Previewed(5, 3, 2))))
    assert shown(message) == [
        "Now watching nightly here (watch 1): failures and recoveries.",
        "It covers 1 schedule.",
        (
            "In the last 7 days it would have posted 3 messages for 5 failed runs and 2 recoveries: "
            "less than one message a day."
        ),
    ]
    assert [(one.label, read_command_value(one.value)) for one in buttons(message)] == [
        ("Edit", "watch --edit 1"),
        ("Stop", 'unwatch "1"'),
    ]
    assert "Now watching nightly" in said(message.text)


@pytest.mark.parametrize(
    ("preview", "words"),
    [
        (
            Preview(0, 0, Previewed()),
            "No schedule matches it yet. It'll cover matching schedules that are added later.",
        ),
        (
            Preview(3, 0, Previewed()),
            "I couldn't read their runs from Bolt, so I can't say what it would have reported.",
        ),
        (Preview(3, 3, Previewed()), "In the last 7 days it would have posted nothing."),
        (
            Preview(40, 25, Previewed(90.4, 21.3, 20), is_estimate=True),
            (
                "In the last 7 days it would have posted about 21 messages for 90 failed runs and 20 recoveries: "
                "about 3 messages a day (estimated from 25 of these schedules)."
            ),
        ),
        (
            Preview(1, 1, Previewed(0.4, 0.4, 0), is_estimate=True),
            "In the last 7 days it would have posted almost nothing (estimated from the newest runs).",
        ),
    ],
)
def test_what_it_would_have_reported_is_said_as_far_as_it_is_known(preview: Preview, words: str) -> None:
    """The preview says what would have been posted, and labels an estimate as one."""
    assert words in answer(preview)


def test_what_is_special_is_noted() -> None:
    """The reply mentions more specific watches, Bolt's own notifications, and a channel that can't be posted in."""
    preview = Preview(3, 3, Previewed())
    told = answer(
        preview,
        notified=("fin-a",),
        decided_elsewhere=1,
        cannot_post="I'm not in this channel.",
    )
    assert told[1] == "It covers 3 schedules; for 1 of them, a more specific watch applies."
    assert told[3:] == [
        "I can't post here yet: I'm not in this channel.",
        "Bolt itself already notifies this channel about fin-a. Turn that off in Bolt to hear about each failure only once.",
    ]


def test_asking_again_changes_or_confirms_it() -> None:
    """Asking again changes or confirms the watch instead of making another one."""
    preview = Preview(1, 1, Previewed())
    assert shown(made(Made(WATCH, "changed", preview)))[0].startswith("Changed: now watching nightly here (watch 1)")
    assert shown(made(Made(WATCH, "same", preview)))[0].startswith("Already watching nightly here (watch 1)")


def test_refusals_name_the_limit_or_the_schedules() -> None:
    """A refusal names the limit or the schedules."""
    assert "There are 50 watches here, which is the limit." in said(full(WatchAcceptance("channel_full")).text)
    assert "There are 2000 watches across all channels" in said(full(WatchAcceptance("full")).text)
    many = Refused(tuple("abcdefg"), "not yours")
    assert said(not_allowed(many).text) == (
        "You can't watch a, b, c, d, e and 2 more here: not yours. Nothing was changed."
    )
    some = made(Made(WATCH, "new", Preview(2, 2, Previewed()), refused=Refused(("a",), "not yours")))
    assert "You can't watch a here, so it is left out: not yours." in shown(some)
    more = made(Made(WATCH, "new", Preview(2, 2, Previewed()), refused=Refused(("a", "b"), "not yours")))
    assert "You can't watch a and b here, so they are left out: not yours." in shown(more)


def test_a_channels_watches_are_listed_with_buttons() -> None:
    """Each watch shows what it covers or why it's paused, with buttons of its own."""
    paused = replace(WATCH, number=3, pattern="old", paused="the channel is shared with another organization")
    listed = [
        ListedWatch(WATCH, 1),
        ListedWatch(GLOB, 0),
        ListedWatch(paused, 0),
        ListedWatch(replace(GLOB, number=4), None),
    ]
    message = watch_list(page(listed, 1), WatchesCommand(), prefix="/bolt")
    assert shown(message) == [
        "4 watches here.",
        "Watch 1: nightly · failures and recoveries",
        "covers 1 schedule",
        "Watch 2: fin* · failures and recoveries",
        "covers no schedules at the moment",
        "Watch 3: old · failures and recoveries",
        "paused: the channel is shared with another organization",
        "Watch 4: fin* · failures and recoveries",
        "Bolt isn't listing its schedules right now",
    ]
    assert len({one.action for one in buttons(message)}) == 8


def test_all_channels_are_listed_without_buttons_and_private_ones_are_counted() -> None:
    """Across all channels there are no buttons, because only a channel's members can stop its watches."""
    message = watch_list(page([ListedWatch(WATCH, 1)], 1), WatchesCommand(every=True), prefix="/bolt", hidden=2)
    assert shown(message)[:2] == [
        "3 watches across all channels. 2 of them are in private channels that you aren't in.",
        "#C1 · Watch 1: nightly · failures and recoveries",
    ]
    assert buttons(message) == []


def test_a_list_of_nothing_says_how_to_add_one() -> None:
    """An empty list says how to add a watch, here or in any channel."""
    empty: list[ListedWatch] = []
    here = watch_list(page(empty, 1), WatchesCommand(), prefix="/bolt")
    assert said(here.text) == "Nothing is watched here. To add a watch, type /bolt watch <schedule or pattern>."
    anywhere = watch_list(page(empty, 1), WatchesCommand(every=True), prefix="/bolt")
    assert said(anywhere.text).startswith("Nothing is watched in any channel.")


def test_several_that_fit_are_asked_about() -> None:
    """If several watches match, each gets a Stop button, up to five."""
    many = [replace(WATCH, number=number) for number in range(1, 8)]
    message = which_watch("nightly", many)
    assert shown(message)[0] == "7 watches here match nightly. Which one should I stop?"
    assert shown(message)[-1] == "and 2 more"
    assert [one.label for one in buttons(message)] == [f"Stop watch {number}" for number in range(1, 6)]
    only = which_watch("nightly", [GLOB])
    assert "here, but another watch covers this schedule" in said(only.text)


def test_a_stopped_watch_can_be_made_again() -> None:
    """A stopped watch can be made again with the same options, if they fit in a button."""
    message = stopped(replace(GLOB, owner="ada", mention="U0ADA"))
    assert said(message.text) == "No longer watching fin* here (watch 2)."
    (again,) = buttons(message)
    assert read_command_value(again.value) == 'watch "fin*" --owner "ada" --mention <@U0ADA>'
    assert buttons(stopped(replace(GLOB, pattern="x" * 3000))) == []


def test_an_unknown_watch_is_said_to_be_one() -> None:
    """The reply about an unknown watch says how to list the watches."""
    assert said(no_such_watch("9", "/bolt").text) == (
        "There's no watch 9 here. To list the watches, type /bolt watches."
    )


@pytest.mark.parametrize(
    ("unreached", "note"),
    [
        (UnreachedOwners(checked=3, all=20), None),
        (
            UnreachedOwners(("ada", "bob"), (), 2, 2),
            "Owners who aren't in this channel won't be notified: ada and bob.",
        ),
        (
            UnreachedOwners(("ada",), ("Data",), 10, 12),
            (
                "Owners who aren't in this channel won't be notified: ada. "
                "Owners I can't find in Slack won't be notified: Data. I checked 10 of 12 owners."
            ),
        ),
    ],
)
def test_owners_who_are_not_reached_are_named(unreached: UnreachedOwners, note: str | None) -> None:
    """Owners who can't be notified are named, with the number of owners that were checked."""
    lines = answer(Preview(1, 1, Previewed()), unreached=unreached)
    assert lines[3:] == ([note] if note else [])
