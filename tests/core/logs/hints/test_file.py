"""A team's own hints: they're read as written, and each fault names its line."""

from __future__ import annotations

import re

import pytest

from bot.core.logs.hints.causes import built_in, causes
from bot.core.logs.hints.file import (
    HINTS_MOST,
    PATTERN_MOST,
    SENTENCE_MOST,
    HintsFileError,
    PatternError,
    read_hints,
)
from bot.core.logs.hints.hint import Matcher, OwnHint
from bot.core.model.cause import Cause, Retry
from bot.core.redact.masker import Masker
from bot.core.text.yaml_file import FAULTS_MOST

GOOD = ("id: vpn_down", "pattern: vpn", "text: The VPN is down.")
RUNBOOK = "line 6: runbook should be an address that begins with https://, without a username or password"
SCHEDULE = "line 6: schedule should be a schedule's name or slug"
ID = "lowercase letters and digits, joined by _ or -, as in vpn_down"


def compiled(pattern: str) -> Matcher:
    """Compile with Python's re in place of RE2."""
    try:
        return re.compile(pattern)
    except re.error as error:
        raise PatternError(f"it can't be read: {error.msg}") from None


def read(*rows: tuple[str, ...]) -> tuple[OwnHint, ...]:
    """The hints of a file with these rows, each a list of its lines."""
    return read_hints(document(*rows), compiled, Masker().mask)


def document(*rows: tuple[str, ...]) -> str:
    """A hints file with these rows: the first begins on line 3, and each key has its own line."""
    lines = [f"{'  ' if at else '- '}{line}" for row in rows for at, line in enumerate(row)]
    return "\n".join(["version: 1", "hints:", *lines, ""])


def faults(text: str) -> tuple[str, ...]:
    """The error's lines for a faulty file."""
    with pytest.raises(HintsFileError) as caught:
        read_hints(text, compiled, Masker().mask)
    return caught.value.lines


def test_a_whole_row() -> None:
    """Every key is read, and `no` is a word here, not a boolean."""
    (row,) = read(
        (
            *GOOD,
            "next: Restart it!",
            "retry: no",
            "runbook: https://wiki.test:8443/vpn?a=1#top",
            "schedule: prod-*",
        )
    )
    hint = row.hint
    assert (hint.id, hint.text, hint.next, hint.retry) == ("vpn_down", "The VPN is down.", "Restart it!", Retry.NO)
    assert (hint.runbook, row.schedule) == ("https://wiki.test:8443/vpn?a=1#top", "prod-*")
    assert row.matcher.search("the vpn again")


def test_the_least_row() -> None:
    """In a row with only the required keys, a retry may help, and the sentence gets a period."""
    (row,) = read(("id: x-1", "pattern: a", "text: it broke"))
    assert (row.hint.text, row.hint.next, row.hint.retry, row.hint.runbook) == ("it broke.", "", Retry.MAYBE, "")
    assert row.applies_to(())


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "line 1: the file is empty; it needs version: 1 and hints"),
        ("[]", "line 1: the file should have keys: version, hints"),
        ("hints: []\nversion: 1", "line 1: there are no hints in the list"),
        ("version: 1", "line 1: hints are missing: add a list of hints; the first match wins"),
        ("version: 2\nhints: [{id: a, pattern: a, text: a}]", "line 1: version should be 1: this bot supports no other version"),
        ("hints: [{id: a, pattern: a, text: a}]", "line 1: version is missing: write version: 1"),
        ("version: 1\nhints: {}", "line 2: hints should be a list: each hint begins with a dash"),
        ("version: 1\nhints: [1]", "line 2: a hint should have keys: id, pattern, text, next, retry, runbook, schedule"),
        ("version: 1\nhint: []", 'line 2: "hint" isn\'t a key of the file; did you mean hints?'),
        ("version: 1\nhints: &a [*a]", "line 2: anchors and aliases aren't supported; write the value out"),
        ("version: 1\nhints: " + "[" * 30 + "]" * 30, "line 2: this is nested too deeply"),
        ("a: b: c", "line 1: this isn't YAML: mapping values are not allowed here"),
        ("#" * 300_000, "the file is larger than 256 kB"),
        (
            document(("id: a", r'pattern: "\d"', "text: a")),
            "line 4: this isn't YAML: found unknown escape character 'd'; put patterns in single quotes",
        ),
        (document(*[(f"id: a{at}", "pattern: a", "text: a") for at in range(HINTS_MOST + 1)]),
         f"line 3: there are more than {HINTS_MOST} hints"),
        (document(("text: a", "pattern: a")), "line 3: the hint has no id (a unique name, such as vpn_down)"),
        (document(("id: a", "text: a")), "line 3: the hint has no pattern (what to look for in a failure's message)"),
        (document(("id: a", "pattern: a")), "line 3: the hint has no text (what such a message means, in one sentence)"),
        (document(("id: VPN", *GOOD[1:])), f'line 3: id: "VPN" should be {ID}'),
        (document(("id: []", *GOOD[1:])), f"line 3: id should be {ID}"),
        (document((f"id: {'a' * 41}", *GOOD[1:])), "line 3: id is longer than 40 characters"),
        (document(GOOD, GOOD), 'line 6: id: "vpn_down" is already used as an id on line 3'),
        (document(("id: a", "pattern: '('", "text: a")),
         "line 4: pattern: it can't be read: missing ), unterminated subpattern"),
        (document(("id: a", "pattern: #a", "text: a")), "line 4: pattern should be a regular expression"),
        (document(("id: a", f"pattern: {'a' * (PATTERN_MOST + 1)}", "text: a")),
         f"line 4: pattern is longer than {PATTERN_MOST} characters"),
        (document(("id: a", "pattern: |", "  a", "  b", "text: a")),
         "line 4: pattern contains a line break or a control character"),
        (document(("id: a", "pattern: a", "text: []")), "line 5: text should be a sentence"),
        (document(("id: a", "pattern: a", f"text: {'a' * (SENTENCE_MOST + 1)}")),
         f"line 5: text is longer than {SENTENCE_MOST} characters"),
        (document((*GOOD, "next:")), "line 6: next should be a sentence"),
        (document((*GOOD, "retry: never")), "line 6: retry: there's no \"never\"; did you mean no?"),
        (document((*GOOD, "retry: [yes, no]")), "line 6: retry should be one of yes, no, maybe"),
        (document((*GOOD, "runbook: http://wiki.test/x")), RUNBOOK),
        (document((*GOOD, "runbook: javascript:alert(1)")), RUNBOOK),
        (document((*GOOD, "runbook: https://ada:pw@wiki.test/x")), RUNBOOK),
        (document((*GOOD, "runbook: 'https://wiki.test/x|here>'")), RUNBOOK),
        (document((*GOOD, "runbook: https://wiki.test:port/x")), RUNBOOK),
        (document((*GOOD, "runbook: https:///x")), RUNBOOK),
        (document((*GOOD, "runbook: https://wiki.test/?token=hunter2hunter2hunter2")),
         "line 6: runbook contains something that looks like a secret, and everyone sees the link"),
        (document((*GOOD, "schedule: #prod")), SCHEDULE),
        (document((*GOOD, "schedules: prod")), 'line 6: "schedules" isn\'t a key of a hint; did you mean schedule?'),
        (document((*GOOD, "text: b")), "line 6: a hint has text twice"),
    ],
)  # fmt: skip
def test_each_fault_names_its_line(text: str, line: str) -> None:
    """Each fault is reported in one plain line, with its line number if it has one."""
    assert line in faults(text)


def test_every_fault_in_one_go() -> None:
    """All faults of all rows are reported at once, up to a limit."""
    assert [line.partition(":")[0] for line in faults(document(("id: X", "pattern: '('", "retry: never"), ("id: a",)))] == [
        "line 3", "line 3", "line 4", "line 5", "line 6", "line 6",
    ]  # fmt: skip
    many = faults(document(*[(f"id: A{at}", "pattern: a", "text: a") for at in range(FAULTS_MOST + 5)]))
    assert many[-1] == "and 5 more"


def test_sentences_are_masked() -> None:
    """A password in a hint's sentences is masked."""
    (row,) = read(("id: a", "pattern: a", "text: 'Use password=hunter2hunter2'", "next: 'Or token=hunter2hunter2.'"))
    assert "hunter2" not in row.hint.text + row.hint.next


def test_own_rows_come_before_ours() -> None:
    """The team's first row that fits wins, even with a built-in hint's id; built-in hints apply if none fits."""
    table = built_in().with_own(read(("id: div_zero", "pattern: ^division", "text: Own one.", "retry: yes"),
                                     ("id: second", "pattern: ^division", "text: Own two.")))  # fmt: skip
    assert causes(["division by zero"], table=table) == (Cause(1, "div_zero", "Own one.", "", Retry.YES),)
    assert causes(['relation "a" does not exist'], table=table)[0].id == "missing_relation"
    assert causes(["division by zero"])[0].text != "Own one."


@pytest.mark.parametrize("glob", ["prod-*", "Prod_EU", "PROD *", "*eu", "prod-??", "*é*", "[prod] e*"])
def test_a_row_for_some_schedules(glob: str) -> None:
    """A row applies by a schedule's name or slug, ignoring case, accents and dashes; only * and ? are wildcards."""
    (row,) = read((*GOOD, f"schedule: '{glob}'"))
    table = built_in().with_own((row,))
    name = "[Prod]  É-EU" if "é" in glob or "[" in glob else "Prod EU"
    for names in (("prod-eu" if name == "Prod EU" else "x", name), (name,), ("x", name)):
        assert table.for_schedule(*names).by_message("vpn") is row.hint
    for others in (("staging", "Staging"), ("", ""), (), ("prod",)):
        assert table.for_schedule(*others).by_message("vpn") is None


def test_many_causes_are_kept_short() -> None:
    """Ten causes are kept, and the rest become one, for which a retry is useless only if it's useless for each."""
    rows = read(*[(f"id: a{at}", f"pattern: ^m{at}$", "text: a", "retry: no") for at in range(30)])
    table = built_in().with_own(rows)
    found = causes([f"m{at}" for at in range(30)], table=table)
    assert len(found) == 11
    assert found[-1] == Cause(20, retry=Retry.NO)
    assert causes([*(f"m{at}" for at in range(30)), "?"], table=table)[-1] == Cause(21)
