"""The watches file: it's read and written without loss, and each fault names its line."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.model.command import WatchCommand
from bot.core.model.watch import OPERATOR, WATCHES_MOST_IN_CHANNEL, Quiet, SlowAfter, Watch
from bot.core.text.yaml_file import YamlFileError
from bot.core.watching.watch_of_command import WatchPlace, watch_of_command
from bot.core.watching.watches_file import FileWatch, read_watches, write_watches

WHOLE = """\
version: 1
channels:
  C0DATA123:
    - watch: finance-*
      owner: ada@example.com
      branch: "*"
      mention: S0TEAM123
    - watch: nightly
      late: off
      slow: off
  D0ADA1234:
    - {watch: "*", mention: none, prs: false}
"""
AT = datetime(2026, 11, 23, tzinfo=UTC)
ONE = Watch("C1", 1, "T", "nightly", AT, "U1")


def faults(text: str) -> list[str]:
    """The faults of a file."""
    with pytest.raises(YamlFileError) as caught:
        read_watches(text)
    return list(caught.value.lines)


def of(*lines: str) -> str:
    """A file with one watch, which begins in the fourth line."""
    return "version: 1\nchannels:\n  C0DATA123:\n    - " + "\n      ".join(lines)


def test_a_whole_file_is_read() -> None:
    """A whole file is read as commands that somebody could have typed."""
    assert read_watches(WHOLE) == (
        FileWatch("C0DATA123", WatchCommand("finance-*", "ada@example.com", "*", mention="S0TEAM123"), 4),
        FileWatch("C0DATA123", WatchCommand("nightly", late_s=0, slow=SlowAfter()), 8),
        FileWatch("D0ADA1234", WatchCommand("*", mention="none"), 12),
    )
    assert read_watches("version: 1\nchannels: {}") == ()


CHANNELS = "line 2: channels should list each channel by its id, as in C0123ABC, followed by its watches"
WHO = "owner, none, or the id of a user or a user group, as in U0123ABC or S0123ABC"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["line 1: the file is empty; it needs version: 1 and channels"]),
        ("[]", ["line 1: the file should have keys: version, channels"]),
        ("version: 1", ["line 1: channels are missing: add each channel's id, with a list of watches"]),
        ("channels: {}", ["line 1: version is missing: write version: 1"]),
        ("version: 1\nchannels: [C0DATA123]", [CHANNELS]),
        ("version: 1\nchannels:\n", [CHANNELS]),
        (
            "version: 1\nchannels:\n  '#data':\n    - watch: x\n",
            ['line 3: channels: "#data" should be a channel\'s id, as in C0123ABC'],
        ),
        (
            "version: 1\nchannels:\n  C0DATA123: nightly\n  C0DATA124: []\n",
            [
                "line 3: C0DATA123 should have a list of watches: each begins with a dash, as in - watch: nightly",
                "line 4: C0DATA124 should have a list of watches: each begins with a dash, as in - watch: nightly",
            ],
        ),
        (
            "version: 1\nchannels:\n  C0DATA123: [{watch: a}]\n  C0DATA123: [{watch: b}]\n",
            ["line 4: C0DATA123 is already on line 3"],
        ),
        (
            of("nightly"),
            ["line 4: a watch should have keys: watch, owner, branch, prs, only, mention, late, slow, quiet, tz"],
        ),
        (of("owner: ada"), ["line 4: the entry has no watch: add a slug or a pattern, such as finance-*"]),
        (of("watch: a", "mentions: none"), ['line 5: "mentions" isn\'t a key of a watch; did you mean mention?']),
        (
            of("watch:", "owner: ''", "branch: -x", "prs: yes", "only: some", "mention: '@here'"),
            [
                "line 4: watch should be a slug or a pattern",
                "line 5: owner should be an owner's name or email address in Bolt, as in ada@example.com",
                'line 6: branch: "-x" should be a branch, or * for any',
                "line 7: prs should be true or false",
                'line 8: only: "some" should be failures, ends or all',
                f'line 9: mention: "@here" should be {WHO}',
            ],
        ),
        (
            of("watch: a", "late: 3d", "slow: fast", "quiet: 7:00-7:00", "tz: Berlin", "mention: [U0ADA1]"),
            [
                'line 5: late: "3d" should be a time from 1m to 24h, such as 30m, or off',
                'line 6: slow: "fast" should be a factor such as 2x, a time from 1m to 24h, or off',
                'line 7: quiet: "7:00-7:00" should be two different times of day, as in 22:00-07:00',
                'line 8: tz: "Berlin" should be the name of a time zone, as in Europe/Berlin',
                f"line 9: mention should be {WHO}",
            ],
        ),
        (
            "version: 1\nchannels:\n  C0DATA123:\n    - watch: Fin*\n    - watch: b\n    - watch: fin*\n      only: failures\n",
            ["line 6: the watch on line 4 covers the same schedules"],
        ),
        (of("watch: a", "quiet: 22:00-7:00"), ["line 5: quiet needs tz, the name of a time zone, as in Europe/Berlin"]),
        (of("watch: *a"), ["line 4: aliases aren't supported; put text that begins with * in quotes"]),
        (
            of("watch: *\n"),
            [
                (
                    "line 4: this isn't YAML: expected alphabetic or numeric character, but found '\\n'; "
                    "put text that begins with * in quotes"
                )
            ],
        ),
    ],
)
def test_each_fault_names_its_line(text: str, expected: list[str]) -> None:
    """Each fault names its line and says what should be there."""
    assert faults(text) == expected


def test_a_channel_has_a_bound() -> None:
    """A file has the same limits as Slack, per channel and in total."""
    many = "".join(f"    - watch: a{number}\n" for number in range(WATCHES_MOST_IN_CHANNEL + 1))
    assert faults(f"version: 1\nchannels:\n  C0DATA123:\n{many}") == [
        f"line 4: C0DATA123 has more than {WATCHES_MOST_IN_CHANNEL} watches"
    ]
    half = "".join(f"      - watch: a{number}\n" for number in range(WATCHES_MOST_IN_CHANNEL))
    channels = "".join(f"  C0DATA{number:03}:\n{half}" for number in range(41))
    assert faults(f"version: 1\nchannels:\n{channels}") == ["line 1: there are more than 2000 watches"]


def test_watches_are_written_as_a_file() -> None:
    """Watches are written with one entry each, without default values."""
    watches = [
        replace(ONE, pattern="*", owner="ada@example.com", branch="*", mention="S0TEAM", late_s=5400.0),
        replace(
            ONE,
            channel="C2",
            pattern="fin*",
            slow=SlowAfter(factor=2.5),
            quiet=Quiet("22:00", "07:00"),
            time_zone="UTC",
        ),
        replace(ONE, channel="C2", number=2, pattern="f*", slow=SlowAfter(seconds=7200), only="all", time_zone="UTC"),
    ]
    assert write_watches(watches) == (
        "version: 1\nchannels:\n"
        "  C1:\n  - watch: '*'\n    owner: ada@example.com\n    branch: '*'\n    mention: S0TEAM\n    late: 90m\n"
        "  C2:\n  - watch: fin*\n    slow: 2.5x\n    quiet: 22:00-07:00\n    tz: UTC\n"
        "  - watch: f*\n    only: all\n    slow: 2h\n    tz: UTC\n"
    )
    assert read_watches(write_watches([])) == ()


OPTIONS = st.fixed_dictionaries(
    {
        "pattern": st.sampled_from(["nightly", "fin*", "*", "off", "1", "a: b", "ä-*", "#x"]),
        "owner": st.sampled_from([None, "ada@example.com", "null", "Data: 'platform'"]),
        "branch": st.sampled_from([None, "*", "main", "no"]),
        "mention": st.sampled_from(["owner", "none", "U0ADA123", "S0TEAM123"]),
    }
    | {
        "late_s": st.sampled_from([None, 60.0, 1800.0, 86_400.0]),
        "slow": st.sampled_from([None, SlowAfter(factor=1.5), SlowAfter(seconds=5400), SlowAfter(seconds=60)]),
    }
)


@given(st.lists(OPTIONS, max_size=5))
def test_what_is_written_is_read_again(options: list[dict[str, object]]) -> None:
    """Watches that are written to a file and read again are the same, but made by the operator."""
    watches = [replace(ONE, channel="C0DATA123", **one) for one in options]  # type: ignore[arg-type]
    read = [
        watch_of_command(one.command, one.command.pattern_text, WatchPlace("T", one.channel, AT))
        for one in read_watches(write_watches(watches))
    ]
    about = {(one.pattern, one.owner, one.branch): replace(one, number=0, made_by=OPERATOR) for one in watches}
    assert read == list(about.values())


@given(st.text(alphabet="version: 1\nchannelsC0-wt{}[],*\"'#&", max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Any text is either read or refused with a YamlFileError."""
    with contextlib.suppress(YamlFileError):
        read_watches(text)
