"""Reading what dbt and other tools print."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.logs.clean import strip_ansi
from bot.core.logs.log_findings import LogFindings
from bot.core.logs.read_log import Reading, read_log, reading
from bot.core.logs.run_results import NodeResult, Results
from tests.core.logs.test_read_dbt_one import FIRST_LINES_OF_1_5, FRESHNESS_OF_1_8, QUIET, WITHOUT_HEADING
from tests.core.logs.test_read_dbt_two import FUSION

SAMPLES = Path(__file__).parents[2] / "data" / "dbt"


def sample(name: str) -> str:
    """The stdout of one dbt command."""
    return (SAMPLES / f"{name}.stdout.txt").read_text()


def excerpt(stdout: str, stderr: str, limit: int) -> Reading:
    """Read these streams alone, without a file of results."""
    return reading(read_log(stdout, stderr, limit), limit=limit)


@pytest.mark.parametrize(
    ("name", "summary", "lines"),
    [
        (
            "02-build-model-error",
            "1 test failed, 4 skipped because of it",
            (
                "Failure in test unique_stg_orders_order_id (models/sources.yml)\n"
                "  Got 1 result, configured to fail if != 0\n"
                "  compiled code at target/compiled/shop/models/sources.yml/unique_stg_orders_order_id.sql"
            ),
        ),
        (
            "03-run-model-error",
            "1 model failed, 1 skipped because of it",
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
    """The excerpt is dbt's own report, without times, colors and warnings; the summary counts the failures."""
    found = excerpt(sample(name), "", 2900)
    assert found.excerpt == lines
    assert found.summary == summary


def test_failed_nodes_are_named() -> None:
    """Each failed node has its status, name, kind and message."""
    (test,) = excerpt(sample("02-build-model-error"), "", 2900).failures
    assert (test.status, test.name, test.kind) == ("fail", "unique_stg_orders_order_id", "test")
    (model,) = excerpt(sample("03-run-model-error"), "", 2900).failures
    assert (model.status, model.message) == (
        "error",
        'Binder Error: Values list "o" does not have a column named "net_amnt"',
    )


@pytest.mark.parametrize("name", ["01-seed", "04-retry-success", "10-no-nodes", "11-deps"])
def test_without_a_report_the_tail_serves(name: str) -> None:
    """If nothing is recognized, the last lines are shown."""
    assert excerpt(sample(name), "", 2900).excerpt.endswith(strip_ansi(sample(name)).rstrip().splitlines()[-1])


def test_another_tool_speaks_on_stderr() -> None:
    """A traceback on stderr is shown."""
    assert excerpt("working\n", "Traceback (most recent call last):\nValueError: x\n", 500).excerpt.endswith(
        "ValueError: x"
    )


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
        ("Cloning\n", "fatal: couldn't read from remote\n", "tail", "fatal: couldn't read from remote"),
        ("\n".join(str(n) for n in range(99)), "", "tail", "\n".join(str(n) for n in range(59, 99))),
        ("", "noise\n" * 90 + TRACEBACK, "traceback", "\n".join(line for line in TRACEBACK.split("\n") if line)),
        ("", "", "tail", ""),
    ],
)
def test_of_other_output_what_tells_most_is_shown(stdout: str, stderr: str, kind: str, lines: str) -> None:
    """A chain of tracebacks is shown from its first one; otherwise, the tail of the stream with an error is shown."""
    found = excerpt(stdout, stderr, 2900)
    assert found.dialect == kind
    assert found.excerpt.endswith(lines)
    assert kind == "tail" or found.excerpt == lines


def test_other_adapters_and_levels_of_logging_are_read() -> None:
    """Older headings, debug logging's level and thread, unit tests, and a message containing `Done.` are understood."""
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


# Pieces of logs that the reader knows, which are put together in any order.
PIECES = [
    "12:00:00  ", "12:00:00.123456 [error] [MainThread]: ", "Running with dbt=1.8.9\n", "Completed with 2 errors:\n",
    "  Database Error in model m (m.sql)\n", "Failure in test t (t.yml)\n", "Done. PASS=1 ERROR=2 TOTAL=3\n",
    "1 of 2 ERROR creating sql table model a.m ... [ERROR in 0.1s]\n", "1 of 1 ERROR STALE freshness of a.b ... [ERROR]\n",
    "Encountered an error:\n", "Encountered an error while running operation: x\n", "Exception on worker thread. x\n",
    "Traceback (most recent call last):\n", "ValueError: x\n", "Caused by: x\n", "\tat a.b(C.java:1)\n", "dbt-fusion 2.0\n",
    "[error] [X (dbt1048)]: m\n", "error: dbt1308: m\n", "  --> models/m.sql:1:2\n", "Failed [1s] model a.m\n",
    '{"info": {"msg": "x", "level": "error"}}\n', '{"log": {"level": "ERROR"}}\n', "{[" * 9, "dbt-1  | ",
    "[2026-11-28T12:00:01Z] INFO - ", "== [a.sql] FAIL\n", "on-run-end failed, error:\n", "1 check failed:\n",
    "\r", "\r\n", "\n", "\x1b[31m", "\x00", "\ufeff", "x" * 400, "  ", "ERROR", "… \u2028",
]  # fmt: skip
KNOWN = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)


@given(KNOWN | st.text(), KNOWN | st.text(), st.integers(200, 5000), st.sampled_from([None, 0, 1, 137]))
def test_no_output_breaks_the_reader(stdout: str, stderr: str, limit: int, exit_code: int | None) -> None:
    """Whatever a command prints, the excerpt fits and has no escape or carriage return, and a failure has a summary."""
    node = NodeResult("model.k.m", "error", stderr[:500])
    for results in (None, Results(None, {"error": 1}, (node,))):
        found = reading(read_log(stdout, stderr, limit), results, limit=limit, exit_code=exit_code)
        assert len(found.excerpt) <= limit
        assert len(found.summary or "") <= 300
        assert not {"\x1b", "\r", "\x00"} & set(found.excerpt + (found.summary or ""))
        assert found.summary or not (exit_code or found.failures)
        assert all(one.name and one.kind for one in found.failures)


@pytest.mark.parametrize(
    "unit",
    ["\x1b[", "\x1b]", "\x1b[0;", "a\r", "Failure in model m (m)\n", "word ", "Traceback (most recent call last):\n",
     "Encountered an error:\n", "Done.\n", "12:00:00  Running with dbt=1.8.9\n", "12:00:00  Completed with 2 errors\n",
     "12:00:00  Database Error in model m (m)\n  x\n", "1 of 2 ERROR creating model a.b .. [ERROR in 1s]\n",
     "1 of 2 ERROR . . ", "1 of 1 ERROR STALE freshness of a.b [ERROR]\n", "Exception on worker thread. x\n",
     "[error] [X (dbt1048)]: Database error in model m: x\n", "[error] [X (dbt1048)]: x\n  --> a\n", "Failed [1s] model a.m\n",
     '{"msg": "error"}\n', '{"log": {"log": ', "{", "dbt-1 | ", "dbt-1 | x\n", "[2026-11-28T12:00:01Z] ", "error ",
     "Caused by: x\n", "\tat a.b(\n", "a.b.", "A", "== [x] FAIL\n", "ERROR=1 ", "(in (", "on-run-end failed, error:\n",
     "2026-11-28 ", "INFO:a:", "Error in model (", "\ufeff\x00", "During handling of the above\nTraceback (most recent call last):\n", "\n"],
)  # fmt: skip
def test_reading_takes_linear_time(unit: str) -> None:
    """Eight times the text takes less than twenty times as long; a quadratic rule would take sixty-four."""

    def seconds(count: int) -> float:
        text = (unit * count)[:count]
        began = time.process_time()
        excerpt(text, text, 2900)
        return time.process_time() - began

    small = min(seconds(20_000) for _ in range(3))
    # Other load can only add time, so the quickest of three small runs counts, and one quick large run is enough.
    assert any(seconds(160_000) < 20 * max(small, 0.002) for _ in range(3))


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        (FIRST_LINES_OF_1_5, "1 model failed, 1 seed failed, 1 test failed"),
        (WITHOUT_HEADING, "2 models failed"),
        (FRESHNESS_OF_1_8, "2 sources failed"),
        (QUIET, "1 model failed"),
        (FUSION, "1 seed failed, 1 test failed, 1 skipped because of them"),
    ],
)
def test_each_dialect_of_dbt_is_recognized(text: str, summary: str) -> None:
    """Failures are counted by kind, models first; dbt 2's own stack is left out."""
    found = excerpt(text, "", 2900)
    assert (found.dialect, found.summary) == ("dbt", summary)
    assert "<unknown>" not in found.excerpt


@pytest.mark.parametrize(
    ("lines", "summary"),
    [
        (
            "Compilation Error in operation x-on-run-end-0 (./dbt_project.yml)\n  The lamp is out\n  \n  > in macro douse",
            "Compilation Error in operation x-on-run-end-0 (./dbt_project.yml): The lamp is out",
        ),
        (
            "Runtime Error\n  Compilation Error in model m (models/m.sql)\n    bulb burnt\n    twice",
            "Runtime Error: Compilation Error in model m (models/m.sql): bulb burnt",
        ),
        (
            "Parsing Error\n  Error reading x: bad.yml - Runtime Error\n    Syntax error near line 5\n    ----",
            "Parsing Error: Error reading x: bad.yml - Runtime Error: Syntax error near line 5",
        ),
    ],
)
def test_the_summary_ends_with_the_first_line_of_the_message(lines: str, summary: str) -> None:
    """All headings above a message are joined to its first line; the lines below it are left out."""
    text = f"12:00:00  Running with dbt=1.10.1\n12:00:01  Encountered an error:\n{lines}\n"
    assert reading(read_log(text, "", 2900), limit=2900, exit_code=2).summary == summary


@pytest.mark.parametrize(
    ("exit_code", "summary"),
    [
        (137, "Killed (exit status 137, SIGKILL)"),
        (143, "Terminated (exit status 143, SIGTERM)"),
        (1, "Ended with exit status 1 and no error in its output"),
        (0, None),
        (None, None),
    ],
)
def test_without_a_word_the_exit_status_tells(exit_code: int | None, summary: str | None) -> None:
    """Without an error in the output, the summary comes from the exit status."""
    assert reading(read_log("working\n", "", 2900), limit=2900, exit_code=exit_code).summary == summary


def test_a_warning_on_stderr_is_not_what_killed_a_command() -> None:
    """A harmless warning on stderr doesn't replace what a killed command printed last on stdout."""
    text = "12:00:00  Running with dbt=1.10.1\n12:00:01  1 of 3 START sql table model a.slow ........... [RUN]\n"
    warned = "tracker.py:254: UserWarning: 1 leaked semaphore\n  warnings.warn('tracker')\n"
    found = reading(read_log(text, warned, 2900), limit=2900, exit_code=143)
    assert found.summary == "Terminated (exit status 143, SIGTERM)"
    assert "START sql table model a.slow" in found.excerpt


def test_a_run_that_was_killed_names_what_had_failed_by_then() -> None:
    """If a command was killed before its report, progress lines show what had failed."""
    text = (
        "12:00:00  Running with dbt=1.10.1\n12:00:01  1 of 3 ERROR creating sql table model a.m1 ... [ERROR in 0.05s]\n"
    )
    found = reading(read_log(text, "", 2900), limit=2900, exit_code=137)
    assert found.failed == {"model": 1}
    assert found.summary == ("1 model failed; killed (exit status 137, SIGKILL)")


def test_what_only_the_log_knows_is_added_to_dbts_results() -> None:
    """Only what dbt's results lack comes from the log: a failed hook, and a run-operation's message."""
    results = Results(
        None, {"success": 1, "error": 1}, (NodeResult("model.k.m2", "error", "Database Error in model m2\n  x"),)
    )
    hook = "12:00:01    on-run-end failed, error:\n relation is gone\n"
    text = WITHOUT_HEADING.replace("12:00:01  Done.", f"{hook}12:00:01  \n12:00:01  Done.")
    found = reading(read_log(text, "", 2900), results, limit=2900)
    assert found.failed == {"model": 1, "operation": 1}
    assert found.summary == "1 model failed, 1 hook failed"
    assert "relation is gone" in found.excerpt

    swept = Results(None, {"error": 1}, (NodeResult("macro.k.sweep", "error", "", failures=1),))
    text = "12:00:00  Encountered an error while running operation: Runtime Error\n  no such place\n"
    (operation,) = reading(read_log(text, "", 2900), swept, limit=2900).failures
    assert (operation.kind, operation.name, operation.message, operation.rows) == (
        "operation",
        "sweep",
        "no such place",
        None,
    )


@pytest.mark.parametrize("macro", ["sweep", "coast.sweep"])
def test_an_operation_is_called_by_its_macro(macro: str) -> None:
    """The macro's name isn't in the log, so it's taken from the command, without the package, as in dbt's results."""
    text = "12:00:00  Encountered an error while running operation: Runtime Error\n  no such place\n"
    found = reading(read_log(text, "", 2900), limit=2900, exit_code=1, command=f"dbt run-operation {macro}")
    assert [one.name for one in found.failures] == ["sweep"]


def test_a_source_whose_check_failed_is_added_to_dbts_results() -> None:
    """dbt's sources.json has only the stale source. Sources with tables of the same name are told apart."""
    stale = NodeResult("source.k.raw.orders", "error", "The newest row is 3 days old")
    for gone, table in (("raw.gone", "gone"), ("old.orders", "orders")):
        text = FRESHNESS_OF_1_8.replace("raw.gone", gone).replace("source gone", f"source {table}")
        found = reading(read_log(text, "", 2900), Results(None, {"error": 1}, (stale,)), limit=2900)
        assert found.summary == "2 sources failed"
        assert [(one.name, one.status) for one in found.failures] == [("raw.orders", "error"), (gone, "runtime error")]
        old, failed = found.failures
        assert (old.message, failed.message) == (
            "The newest row is 3 days old",
            f'relation "{gone}" does not exist',
        )


def test_a_source_that_the_log_names_by_its_schema_is_the_one_of_dbts_results() -> None:
    """The table's name is enough if the log doesn't have the source's, and the failure isn't counted twice."""
    stale = NodeResult("source.k.raw.orders", "error", "The newest row is 3 days old")
    text = FRESHNESS_OF_1_8.replace("raw.orders", "landing.orders").replace("2 of 3 ERROR", "2 of 3 OK")
    text = text.replace("source gone", "source orders")
    found = reading(read_log(text, "", 2900), Results(None, {"error": 1}, (stale,)), limit=2900)
    assert [(one.name, one.message) for one in found.failures] == [("raw.orders", "The newest row is 3 days old")]
    assert found.summary == "1 source failed"


def test_results_are_enough_where_the_log_is_lost() -> None:
    """From dbt's results alone, the failures are read without colors or carriage returns, and masked."""
    message = "Database Error in model m (m.sql)\r\n  \x1b[31mno hunter2 here\x1b[0m\r\n"
    results = Results(None, {"error": 1}, (NodeResult("model.k.m", "error", message),))
    found = reading(LogFindings(), results, limit=2900, mask=lambda text: text.replace("hunter2", "•••"))
    assert found.summary == "1 model failed"
    assert found.excerpt == "Error in model m\n  Database Error in model m (m.sql)\n  no ••• here"
    assert [one.message for one in found.failures] == ["no ••• here"]


def test_nodes_of_one_name_are_each_counted() -> None:
    """Unit tests of two models may have the same name; a block that is printed twice is one failure."""
    nodes = tuple(NodeResult(f"unit_test.k.{model}.totals", "fail", "actual differs from expected") for model in "ab")
    found = reading(LogFindings(), Results(None, {"fail": 2}, nodes), limit=2900)
    assert (found.failed, found.summary) == ({"unit_test": 2}, "2 unit tests failed")
    block = "12:00:01  Failure in unit_test totals (models/{}.yml)\n12:00:01    actual differs from expected: {}\n"
    report = "".join(block.format(name, name) for name in "aba")
    text = f"12:00:00  Running with dbt=1.10.1\n12:00:01  Completed with 3 errors:\n{report}12:00:01  Done. PASS=0 SKIP=0\n"
    assert excerpt(text, "", 2900).failed == {"unit_test": 2}
