"""Reading what dbt and others print."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.insight.clean import strip_ansi
from bot.core.insight.reading import Reading, read_log, reading

SAMPLES = Path(__file__).parents[2] / "data" / "dbt"


def sample(name: str) -> str:
    """What one dbt command wrote to stdout."""
    return (SAMPLES / f"{name}.stdout.txt").read_text()


def excerpt(stdout: str, stderr: str, limit: int) -> Reading:
    """What is said of these streams alone."""
    return reading(read_log(stdout, stderr, limit), limit=limit)


@pytest.mark.parametrize(
    ("name", "summary", "lines"),
    [
        (
            "02-build-model-error",
            "1 test failed, 4 skipped",
            (
                "Failure in test unique_stg_orders_order_id (models/sources.yml)\n"
                "  Got 1 result, configured to fail if != 0\n"
                "  compiled code at target/compiled/shop/models/sources.yml/unique_stg_orders_order_id.sql"
            ),
        ),
        (
            "03-run-model-error",
            "1 model failed, 1 skipped",
            (
                "Failure in model fct_revenue (models/marts/fct_revenue.sql)\n"
                "  Runtime Error in model fct_revenue (models/marts/fct_revenue.sql)\n"
                '  Binder Error: Values list "o" does not have a column named "net_amnt"\n'
                "  compiled code at target/compiled/shop/models/marts/fct_revenue.sql"
            ),
        ),
        (
            "07-source-freshness-error",
            "1 source failed",
            "Failure in source raw_orders (models/sources.yml)\n  Status: error",
        ),
        (
            "08-compilation-error",
            (
                "Compilation Error: Model 'model.shop.broken_ref' (models/marts/broken_ref.sql) "
                "depends on a node named 'no_such_model' which was not found"
            ),
            (
                "Encountered an error:\nCompilation Error\n  Model 'model.shop.broken_ref' (models/marts/broken_ref.sql) "
                "depends on a node named 'no_such_model' which was not found"
            ),
        ),
    ],
)
def test_the_lines_that_matter_are_dbts_own_report(name: str, summary: str, lines: str) -> None:
    """The blocks between what it completed with and `Done.`: without times, colours and warnings."""
    found = excerpt(sample(name), "", 2900)
    assert found.excerpt == lines
    assert found.summary == summary


def test_failed_nodes_are_named() -> None:
    """Status, name, kind and message of each."""
    (test,) = excerpt(sample("02-build-model-error"), "", 2900).failures
    assert (test.status, test.name, test.kind) == ("fail", "unique_stg_orders_order_id", "test")
    (model,) = excerpt(sample("03-run-model-error"), "", 2900).failures
    assert (model.status, model.message) == (
        "error",
        'Binder Error: Values list "o" does not have a column named "net_amnt"',
    )


@pytest.mark.parametrize("name", ["01-seed", "04-retry-success", "10-no-nodes", "11-deps"])
def test_without_a_report_the_tail_serves(name: str) -> None:
    """Nothing is recognised: the last lines are better than nothing."""
    assert excerpt(sample(name), "", 2900).excerpt.endswith(strip_ansi(sample(name)).rstrip().splitlines()[-1])


def test_another_tool_speaks_on_stderr() -> None:
    """A traceback is there, not on stdout."""
    assert excerpt("working\n", "Traceback (most recent call last):\nValueError: x\n", 500).excerpt.endswith(
        "ValueError: x"
    )


def test_every_failure_keeps_its_head_where_room_is_short() -> None:
    """Many failures, little room: each shown one begins with its heading, and the rest is counted."""
    blocks = "".join(f"\x1b[0m21:05:13  Failure in model m{n} (m{n}.sql)\n  {'x' * 900}\n" for n in range(30))
    text = f"21:05:13  Completed with 30 errors, 0 warnings:\n{blocks}21:05:13  Done. PASS=0 WARN=0 ERROR=30 SKIP=0 TOTAL=30\n"
    found = excerpt(text, "", 2900)
    assert len(found.excerpt) <= 2900
    assert found.excerpt.startswith("Failure in model m0 ")
    assert "more failure" in found.excerpt
    assert found.summary == "30 models failed"


DONE = "21:05:13  Done. PASS=1 WARN=1 ERROR=0 SKIP=0 TOTAL=2\n"
WARNED = f"""21:05:13  Completed with 0 errors, 0 partial successes, and 1 warning:
21:05:13  Warning in test a (b.yml)
21:05:13  Got 1 result, configured to warn if != 0
{DONE}"""
TRACEBACK = """Traceback (most recent call last):
  File "a.py", line 1, in <module>
KeyError: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "b.py", line 1, in <module>
ValueError: y
"""


@pytest.mark.parametrize(
    ("stdout", "stderr", "kind", "lines"),
    [
        (WARNED + "upload failed\n", "", "tail", "upload failed"),
        ("step 1\nERROR: it broke\n", "DeprecationWarning: old\n", "tail", "step 1\nERROR: it broke"),
        ("Cloning\n", "fatal: could not read from remote\n", "tail", "fatal: could not read from remote"),
        ("\n".join(str(n) for n in range(99)), "", "tail", "\n".join(str(n) for n in range(59, 99))),
        ("", "noise\n" * 90 + TRACEBACK, "traceback", "\n".join(line for line in TRACEBACK.split("\n") if line)),
        ("", "", "tail", ""),
    ],
)
def test_of_other_output_what_tells_most_is_shown(stdout: str, stderr: str, kind: str, lines: str) -> None:
    """A chain of tracebacks from its first, else the tail of the stream that speaks of an error."""
    found = excerpt(stdout, stderr, 2900)
    assert found.dialect == kind
    assert found.excerpt.endswith(lines)
    assert kind == "tail" or found.excerpt == lines


def test_a_long_tail_begins_with_a_line() -> None:
    """Where room is short the last lines are whole ones."""
    found = excerpt("\n".join(f"line {n} " + "x" * 50 for n in range(40)), "", 300)
    assert len(found.excerpt) <= 300
    assert found.excerpt.startswith("line ")


def test_a_traceback_is_called_by_its_exception() -> None:
    """That is what the card says."""
    alone = TRACEBACK.rpartition("\n\n")[2]
    found = excerpt("", alone, 900)
    assert (found.dialect, found.summary) == ("traceback", "ValueError: y")


def test_other_adapters_and_levels_of_logging_are_read() -> None:
    """Headings of older versions, debug's level and thread, unit tests, and a message that has a `Done.` of its own."""
    text = (
        "21:05:13.123456 [error] [MainThread]: Completed with 2 errors, 0 partial successes, and 0 warnings:\n"
        "21:05:13.123456 [error] [MainThread]: Database Error in model fct (models/fct.sql)\n"
        "  division by zero\nDone.\n"
        "21:05:13.123456 [error] [MainThread]: Failure in unit_test t (models/t.yml)\n"
        "  Database Error in unit_test t (models/t.yml)\n  actual differs\n"
        "21:05:13.123456 [info ] [MainThread]: Done. PASS=0 WARN=0 ERROR=2 SKIP=0 TOTAL=2\n"
    )
    found = excerpt(text, "", 900)
    assert found.dialect == "dbt"
    assert found.summary == "1 model failed, 1 unit test failed"
    assert [(node.name, node.message) for node in found.failures] == [
        ("fct", "division by zero\nDone."),
        ("t", "actual differs"),
    ]
    assert found.excerpt.startswith("Database Error in model fct (models/fct.sql)\n")


@given(st.text(), st.text(), st.integers(200, 5000))
def test_no_output_breaks_the_reader(stdout: str, stderr: str, limit: int) -> None:
    """Whatever a command prints, the excerpt fits and holds no escape."""
    found = excerpt(stdout, stderr, limit)
    assert len(found.excerpt) <= limit
    assert "\x1b" not in found.excerpt


@pytest.mark.parametrize(
    "unit",
    ["\x1b[", "\x1b]", "\x1b[0;", "a\r", "Failure in model m (m)\n", "word ", "Traceback (most recent call last):\n",
     "Encountered an error:\n", "Done.\n", "During handling of the above\nTraceback (most recent call last):\n", "\n"],
)  # fmt: skip
def test_reading_takes_linear_time(unit: str) -> None:
    """Eight times the text takes at most some twenty times as long: a quadratic rule would take sixty-four."""

    def seconds(count: int) -> float:
        text = (unit * count)[:count]
        best = float("inf")
        for _ in range(3):
            began = time.process_time()
            excerpt(text, text, 2900)
            best = min(best, time.process_time() - began)
        return best

    small, large = seconds(20_000), seconds(160_000)
    assert large < 20 * max(small, 0.002)
