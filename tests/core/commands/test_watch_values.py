"""Values typed after `watch`: patterns, people, times, zones. Each fault gets one sentence with the next step."""

from __future__ import annotations

import pytest

from bot.core.commands.grammar import parse
from bot.core.model.command import FailingCommand, UnwatchCommand, WatchCommand, WatchesCommand, WatchForm, canonical
from bot.core.model.errors import BadCommand
from bot.core.model.watch import Quiet, SlowAfter


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("watch", WatchForm()),
        ("watch --edit 3", WatchForm(3)),
        ("watch nightly", WatchCommand("nightly")),
        ("watch Nightly full build", WatchCommand("Nightly full build")),
        ("watch *", WatchCommand("*")),
        ("watch `finance-*`", WatchCommand("finance-*")),
        ("watch --owner ada@example.com", WatchCommand("*", owner="ada@example.com")),
        ("watch * --owner <mailto:ada@example.com|ada@example.com>", WatchCommand("*", owner="ada@example.com")),
        ("watch nightly --branch *", WatchCommand("nightly", branch="*")),
        ("watch nightly —prs", WatchCommand("nightly", pull_requests=True)),
        ("watch nightly --only Ends", WatchCommand("nightly", only="ends")),
        ("watch nightly --mention none", WatchCommand("nightly", mention="none")),
        ("watch nightly --mention <@U0ADA|ada>", WatchCommand("nightly", mention="U0ADA")),
        ("watch nightly --mention <@W0ADA>", WatchCommand("nightly", mention="W0ADA")),
        ("watch nightly --mention <!subteam^S0DATA|@data team>", WatchCommand("nightly", mention="S0DATA")),
        ("watch nightly --mention=<!subteam^S0DATA>", WatchCommand("nightly", mention="S0DATA")),
        ("watch nightly --late 30m", WatchCommand("nightly", late_s=1800)),
        ("watch nightly --late 2h", WatchCommand("nightly", late_s=7200)),
        ("watch nightly --late '90 min'", WatchCommand("nightly", late_s=5400)),
        ("watch nightly --late off", WatchCommand("nightly", late_s=0)),
        ("watch nightly --slow 2x", WatchCommand("nightly", slow=SlowAfter(factor=2))),
        ("watch nightly --slow 1.5×", WatchCommand("nightly", slow=SlowAfter(factor=1.5))),
        ("watch nightly --slow 45m", WatchCommand("nightly", slow=SlowAfter(seconds=2700))),
        ("watch nightly --slow off", WatchCommand("nightly", slow=SlowAfter())),
        ("watch nightly --quiet 22:00-07:00", WatchCommand("nightly", quiet=Quiet("22:00", "07:00"))),
        ("watch nightly --quiet 22:00–7:00", WatchCommand("nightly", quiet=Quiet("22:00", "07:00"))),
        ("watch nightly --tz europe/berlin", WatchCommand("nightly", time_zone="Europe/Berlin")),
        ("watch nightly --tz 'America/New York'", WatchCommand("nightly", time_zone="America/New_York")),
        ("watches", WatchesCommand()),
        ("watches --all", WatchesCommand(every=True)),
        ("failing", FailingCommand()),
        ("failing --all", FailingCommand(every=True)),
        ("unwatch 3", UnwatchCommand("3")),
        ("unwatch Nightly full build", UnwatchCommand("Nightly full build")),
        ("unwatch *", UnwatchCommand("*")),
    ],
)
def test_what_people_type_is_understood_and_written_back(
    text: str, expected: WatchCommand | WatchForm | WatchesCommand | UnwatchCommand | FailingCommand
) -> None:
    """Each command is understood and survives being written out, because buttons carry commands as text."""
    assert parse(text) == expected
    assert parse(canonical(expected)) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("watch --edit x", "--edit takes a watch's number and nothing else, as in /bolt watch --edit 3."),
        ("watch --edit 3 --prs", "--edit takes a watch's number and nothing else, as in /bolt watch --edit 3."),
        ("watch nightly --edit 3", "--edit takes a watch's number and nothing else, as in /bolt watch --edit 3."),
        ("watch --prs", "Which schedules? Name one or a pattern, as in /bolt watch nightly or /bolt watch *."),
        (
            "watch 4711",
            "watch takes a schedule. To follow one run, type /bolt status 4711 and click Follow this run.",
        ),
        (
            "watch x --only some",
            '"some" isn\'t a value for --only. Use --only failures, --only ends or --only all.',
        ),
        (
            "watch x --mention <!here>",
            "I never mention @here. Name a person or a user group, as in --mention @data-team.",
        ),
        (
            "watch x --mention @channel",
            "I never mention @channel. Name a person or a user group, as in --mention @data-team.",
        ),
        (
            "watch x --mention @ada",
            (
                "I don't know who \"@ada\" is. Pick a person or a user group from Slack's suggestions while you type, or use "
                "--mention owner or --mention none."
            ),
        ),
        (
            "watch x --owner <@U0ADA|ada>",
            "--owner needs an owner's name as shown in Bolt, for example --owner ada@example.com. The list of schedules shows the owners.",
        ),
        ("watch x --late", "--late needs a value, as in --late 30m."),
        ("watch x --late soon", "--late needs a time from 1m to 24h, or off, as in --late 30m."),
        ("watch x --late 25h", "--late needs a time from 1m to 24h, or off, as in --late 30m."),
        ("watch x --late 0m", "--late needs a time from 1m to 24h, or off, as in --late 30m."),
        (
            "watch x --slow 1x",
            "--slow needs a factor from 1.1x to 100x, a time from 1m to 24h, or off, as in --slow 2x.",
        ),
        (
            "watch x --slow fast",
            "--slow needs a factor from 1.1x to 100x, a time from 1m to 24h, or off, as in --slow 2x.",
        ),
        ("watch x --quiet 22:00", "--quiet needs two times of day, as in --quiet 22:00-07:00."),
        ("watch x --quiet 22:00-25:00", "--quiet needs two times of day, as in --quiet 22:00-07:00."),
        (
            "watch x --quiet 07:00-7:00",
            "--quiet needs two different times of day, as in --quiet 22:00-07:00.",
        ),
        ("watch x --tz Berlin", 'There\'s no time zone "Berlin". Use a name such as Europe/Berlin.'),
        (
            "watch x --tz ../../etc/passwd",
            'There\'s no time zone "../../etc/passwd". Use a name such as Europe/Berlin.',
        ),
        ("watch x --pr 3", 'There\'s no option "--pr". Did you mean --prs?'),
        ("watch x --prs=yes", "--prs takes no value. Use it on its own."),
        ("watches nightly", "watches takes no arguments. Type /bolt watches, or /bolt watch nightly to add one."),
        (
            "failing nightly",
            "failing takes no arguments. Type /bolt failing, or /bolt status nightly for one schedule.",
        ),
        ("unwatch", "Which watch? Give its number or its schedule, as in /bolt unwatch 3."),
    ],
)
def test_what_is_wrong_is_said_with_the_next_step(text: str, sentence: str) -> None:
    """Each mistake is answered with the reason and the next step, in one or two sentences."""
    with pytest.raises(BadCommand) as refused:
        parse(text)
    assert refused.value.sentence == sentence
