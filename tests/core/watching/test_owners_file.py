"""The owners file: each entry is read as written, and each fault names its line."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.text.yaml_file import FAULTS_MOST, YamlFileError
from bot.core.watching.owners import Owners
from bot.core.watching.owners_file import ENTRIES_MOST, read_owners

WHOLE = """\
version: 1
# As Bolt names them.
owners:
  Ada@example.com: U0ADA123
  Data platform: S0DATA123
  12: W0ORG123
schedules:
  finance-daily: U0GRACE1
  "*orders*": S0ORDERS1
"""


def faults(text: str) -> tuple[str, ...]:
    """The faults of a file."""
    with pytest.raises(YamlFileError) as caught:
        read_owners(text)
    return caught.value.lines


def test_a_whole_file_is_read() -> None:
    """A whole file is read, and schedules keep their order."""
    assert read_owners(WHOLE) == Owners(
        (("finance-daily", "U0GRACE1"), ("*orders*", "S0ORDERS1")),
        {"ada@example.com": "U0ADA123", "data platform": "S0DATA123", "12": "W0ORG123"},
    )


@pytest.mark.parametrize("text", ["version: 1\nowners: {ada: U0ADA1}", "version: 1\nschedules: {a-*: S0ADA1}"])
def test_either_part_is_enough(text: str) -> None:
    """A file may have only one of its two parts."""
    assert read_owners(text) != Owners()


WHO = "the id of a user or a user group, as in U0123ABC or S0123ABC"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["line 1: the file is empty; it needs version: 1, and owners or schedules"]),
        ("- a", ["line 1: the file should have keys: version, owners, schedules"]),
        ("version: 1", ["line 1: owners and schedules are missing: the file needs at least one of them"]),
        ("owners: {a: U0ADA1}", ["line 1: version is missing: write version: 1"]),
        (
            "version: 2\nowner: {a: U0ADA1}",
            [
                "line 1: owners and schedules are missing: the file needs at least one of them",
                "line 1: version should be 1: this bot supports no other version",
                'line 2: "owner" isn\'t a key of the file; did you mean owners?',
            ],
        ),
        ("version: 1\nowners:\n", ["line 2: owners should have lines like ada@example.com: U0123ABC"]),
        ("version: 1\nowners: [a]\n", ["line 2: owners should have lines like ada@example.com: U0123ABC"]),
        ("version: 1\nschedules: {}\n", ["line 2: schedules should have lines like finance-*: S0123ABC"]),
        (
            "version: 1\nowners:\n  ada: '@ada'\n  bob:\n  eve: [U0EVE1]\n  grace: '@channel'\n  here: '!here'\n",
            [
                f'line 3: "ada": "@ada" should be {WHO}',
                f"line 4: bob should be {WHO}",
                f"line 5: eve should be {WHO}",
                f'line 6: "grace": "@channel" should be {WHO}',
                f'line 7: "here": "!here" should be {WHO}',
            ],
        ),
        (
            "version: 1\nowners:\n  Data platform: U0ADA1\n  data-platform: U0BOB1\n",
            ['line 4: owners already has "data-platform" on line 3'],
        ),
        (
            "version: 1\nschedules:\n  Fin-*: U0ADA1\n  ? [a]\n  : U0BOB1\n  fin-*: U0BOB1\n",
            [
                "line 4: each of the schedules should be a slug or a pattern, such as finance-*",
                'line 6: schedules already has "fin-*" on line 3',
            ],
        ),
        ("version: 1\nowners:\n  *: U0ADA1\n", None),
        ("version: 1\nowners: &a {a: U0ADA1}\n", ["line 2: anchors and aliases aren't supported; write the value out"]),
    ],
)
def test_each_fault_names_its_line(text: str, expected: list[str] | None) -> None:
    """Each fault names its line and says what should be there."""
    found = list(faults(text))
    assert found == expected if expected else found[0].startswith("line 3: this isn't YAML")


def test_a_file_has_bounds() -> None:
    """The entries of a file and the faults that are shown are limited."""
    many = "".join(f"  a{number}: U0ADA1\n" for number in range(ENTRIES_MOST + 1))
    assert faults(f"version: 1\nowners:\n{many}") == (f"line 3: owners has more than {ENTRIES_MOST} entries",)
    bad = "".join(f"  a{number}: x\n" for number in range(FAULTS_MOST + 5))
    assert faults(f"version: 1\nowners:\n{bad}")[-1] == "and 5 more"


@given(st.text(alphabet="version: 1\nowners{}[],U0A-*\"'#&@", max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Any text is either read or refused with a YamlFileError."""
    with contextlib.suppress(YamlFileError):
        read_owners(text)
