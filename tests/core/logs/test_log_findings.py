"""The readers' shared functions: the parts of a message that say what happened, and dbt's names for things."""

from __future__ import annotations

import pytest

from bot.core.logs.log_findings import ERROR_HEAD, Failure, kind_of, own_message, status_of, without_repeats


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ["Database Error in model m (models/m.sql)", "  no such table", "  compiled code at target/m.sql"],
            "no such table",
        ),
        (["  Runtime Error", "    it broke", "    > in macro x (m.sql)"], "it broke"),
        (["  LINE 3: from a", "               ^", '  column "x"'], 'column "x"'),
        (["Traceback (most recent call last):", '  File "a.py", line 1', "    x()", "ValueError: y"], "ValueError: y"),
        (["Got 2 results", "-----", "See test failures:"], "Got 2 results"),
        (["Runtime Error"], "Runtime Error"),
        ([], ""),
    ],
)
def test_a_message_is_what_happened(lines: list[str], message: str) -> None:
    """Headings, places and stack frames are left out; a bare error class stays if there's nothing else."""
    assert own_message(lines) == message


@pytest.mark.parametrize(
    ("line", "kind", "name"),
    [
        ("Database Error in model orders (models/orders.sql)", "model", "orders"),
        ("Failure in unit_test totals (models/x.yml)", "unit_test", "totals"),
        ("  Compilation Error in seed z", "seed", "z"),
        ("Warning in test a (b.yml)", "test", "a"),
    ],
)
def test_a_heading_names_a_node(line: str, kind: str, name: str) -> None:
    """A heading names its node, in the format of every version of dbt 1."""
    head = ERROR_HEAD.match(line)
    assert head is not None
    assert (head["kind"], head["name"]) == (kind, name)


def test_a_sentence_about_a_model_is_no_heading() -> None:
    """A sentence that mentions an error in a model isn't a heading."""
    assert ERROR_HEAD.match("Error while reading model orders") is None
    assert ERROR_HEAD.match("there was an Error in model orders and more") is None


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("unit test", "unit_test"),
        ("hook", "operation"),
        ("macro", "operation"),
        ("sql operation", "operation"),
        ("model", "model"),
    ],
)
def test_kinds_are_called_as_in_dbts_ids(word: str, kind: str) -> None:
    """Kinds are named as in dbt's ids, and anything that runs a macro is an operation."""
    assert kind_of(word) == kind


@pytest.mark.parametrize(
    ("kind", "message", "status"),
    [
        ("test", "Got 3 results, configured to fail if != 0", "fail"),
        ("test", "Database Error", "error"),
        ("unit_test", "actual differs from expected:", "fail"),
        ("source", "Status: fail", "fail"),
        ("model", "Got 3 results", "error"),
    ],
)
def test_a_test_that_found_something_failed_and_anything_else_is_an_error(kind: str, message: str, status: str) -> None:
    """As in dbt, a check that found bad data failed; anything else is an error."""
    assert status_of(kind, message) == status


def test_a_block_that_is_printed_twice_is_one_failure() -> None:
    """Repeated blocks, or a block and its progress line, are one failure; two messages for one name are two."""
    one, silent = Failure("model", "m", "error", "it broke"), Failure("model", "m", "error")
    other = Failure("model", "m", "error", "it broke elsewhere")
    assert without_repeats([silent, one, one]) == (one,)
    assert without_repeats([one, other]) == (one, other)
    assert without_repeats([silent, silent]) == (silent,)


def test_versions_of_a_model_that_fail_alike_are_two_failures() -> None:
    """A log names a model without its version: only the file shows that two of them failed, for the same reason."""
    one, two = (
        Failure("model", "m", "error", "no such table", (f"Failure in model m (models/m_v{version}.sql)",))
        for version in (1, 2)
    )
    assert without_repeats([one, two, one]) == (one, two)


def test_a_projects_hook_is_told_from_an_operation() -> None:
    """on-run-end is a hook; a run-operation, which is a macro too, isn't."""
    assert Failure("operation", "on-run-end", "error").is_hook
    assert not Failure("operation", "sweep", "error").is_hook
