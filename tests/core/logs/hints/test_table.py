"""The hints for real outputs, for messages of other warehouses, and for look-alikes."""

from __future__ import annotations

import re

import pytest
import re2

from bot.core.logs.hints.causes import causes
from bot.core.logs.hints.normalize import normalized
from bot.core.logs.hints.table import HINTS
from tests.core.logs.cases import Case, cases, expected_hints
from tests.core.logs.hints.examples import EXAMPLES, LOOK_ALIKES
from tools import hints as hints_page

BY_ID = {hint.id: hint for hint in HINTS}


def hint_of(message: str) -> str | None:
    """The id of the hint for a message."""
    return causes([message])[0].id or None


@pytest.mark.parametrize("with_results", [True, False], ids=["with results", "log alone"])
def test_hints_of_real_outputs(*, with_results: bool) -> None:
    """Each failed unit of the recorded outputs gets the hint that fits it, or none if none fits."""
    right = silent = 0
    wrong: list[object] = []
    missed: list[object] = []
    noisy: list[object] = []
    for case in cases():
        if not with_results and len(case.stdout) + len(case.stderr) < 5:
            continue
        for unit, expected in expected_hints(case.name):
            found = _hints(case, unit, with_results=with_results)
            if expected is None:
                silent += not found
                noisy += [(case.name, unit, found)] if found else []
            elif expected in found:
                right += 1
            else:
                (wrong if found else missed).append((case.name, unit, expected, found))
    assert right >= 280
    assert silent >= 24
    assert wrong == []
    assert noisy == []
    # One log is cut off before the node's message.
    assert missed == [] or (not with_results and len(missed) == 1)


def _hints(case: Case, unit: str, *, with_results: bool) -> set[str]:
    """The hints for a unit: those for its node, or for the whole output if it isn't a node."""
    found = case.read(with_results=with_results)
    # A unit test's id has its model before its name.
    part = -1 if unit.startswith("unit_test.") else 2
    short = unit.split(".")[part] if unit.count(".") > 1 else unit
    own = [one for one in found.failures if one.name.rpartition(".")[2] == short]
    if own and own[0].message:
        return {hint} if (hint := hint_of(own[0].message)) else set()
    return {cause.id for cause in found.causes if cause.id}


@pytest.mark.parametrize(("hint", "message"), EXAMPLES, ids=[f"{hint}: {message[:40]}" for hint, message in EXAMPLES])
def test_messages_of_other_warehouses(hint: str, message: str) -> None:
    """Messages that the recorded outputs don't contain get their hint, with or without dbt's headings."""
    assert hint_of(message) == hint
    assert hint_of(f"Database Error in model orders (models/orders.sql)\n  {message}") == hint
    assert (
        hint_of(f"\x1b[31m12:03:41    Runtime Error\n\x1b[0m  {message}\n  compiled code at target/run/orders.sql")
        == hint
    )


@pytest.mark.parametrize(("hint", "message"), LOOK_ALIKES)
def test_what_looks_like_it(hint: str | None, message: str) -> None:
    """If no row clearly matches, there's no hint; a more specific match wins."""
    assert hint_of(message) == hint


def test_each_row_has_an_example() -> None:
    """Each row with patterns has an example: a recorded output or a message."""
    recorded = {hint for case in cases() for _, hint in expected_hints(case.name) if hint}
    recorded |= {hint for hint, _ in EXAMPLES} | {hint for hint, _ in LOOK_ALIKES if hint}
    assert {hint.id for hint in HINTS if hint.patterns} - recorded == set()


def test_rows_are_well_formed() -> None:
    """Ids are unique, sentences are short and complete, and each row has either patterns or exit codes."""
    assert len(BY_ID) == len(HINTS)
    for hint in HINTS:
        assert re.fullmatch(r"[a-z]+(?:_[a-z]+)*", hint.id)
        assert bool(hint.patterns) != bool(hint.exit_codes)
        for sentence in (hint.text, hint.next):
            assert sentence[0] == sentence[0].upper() or sentence.startswith("dbt ")
            assert sentence.endswith(".")
            assert len(sentence) <= 120


def test_patterns_run_in_re2() -> None:
    """RE2 accepts every pattern, so none can backtrack endlessly, and it finds the same matches as Python's re."""
    texts = [normalized(message) for _, message in (*EXAMPLES, *LOOK_ALIKES)]
    for hint in HINTS:
        for pattern in hint.patterns:
            linear = re2.compile(pattern)
            for text in texts:
                assert bool(linear.search(text)) == bool(re.search(pattern, text)), pattern


def test_the_page_is_what_the_table_makes() -> None:
    """docs/hints.md is what `make hints` would write, and so lists every hint."""
    assert hints_page.PAGE.read_text(encoding="utf-8") == hints_page.page()
