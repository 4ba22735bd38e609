"""The output of dbt 1, from 1.5 on: the failed nodes, and the message of each."""

from __future__ import annotations

import pytest

from bot.core.logs.clean import Folded
from bot.core.logs.read_dbt_one import is_dbt_one, read_dbt_one

# dbt prints two spaces after the time of an empty line; the reader doesn't need them.
FIRST_LINES_OF_1_5 = """12:00:00  Running with dbt=1.5.11
12:00:01  1 of 3 ERROR creating sql view model a.m ..................... [ERROR in 0.05s]
12:00:01
12:00:01  Finished running 1 view model, 1 test, 1 seed in 0 hours 0 minutes and 0.3 seconds (0.3s).
12:00:01
12:00:01  Completed with 3 errors and 0 warnings:
12:00:01
12:00:01  Database Error in model m (models/m.sql)
12:00:01    column "x" does not exist
12:00:01
12:00:01    LINE 3: x
12:00:01    compiled Code at target/run/m.sql
12:00:01
12:00:01  Failure in test not_null_x (models/s.yml)
12:00:01    Got 2 results, configured to fail if != 0
12:00:01
12:00:01    compiled Code at target/compiled/x.sql
12:00:01
12:00:01  Compilation Error in seed z (seeds/z.csv)
12:00:01    bad row
12:00:01
12:00:01  Done. PASS=0 WARN=0 ERROR=3 SKIP=0 TOTAL=3
"""


# A message may have the words of a heading, and an exception outside dbt has no heading, but may have two paragraphs.
WORDS_OF_1_5 = """12:00:00  Running with dbt=1.5.12
12:00:01  1 of 2 ERROR creating sql table model a.m1 ................... [ERROR in 0.05s]
12:00:01  2 of 2 ERROR creating sql table model a.m2 ................... [ERROR in 0.05s]
12:00:01
12:00:01  Completed with 2 errors and 0 warnings:
12:00:01
12:00:01  division by zero
12:00:01
12:00:01  and more
12:00:01
12:00:01  Compilation Error in model m2 (models/m2.sql)
12:00:01    oh no
12:00:01
12:00:01    Database Error in model ghost (models/ghost.sql)
12:00:01      phantom
12:00:01
12:00:01  Done. PASS=0 WARN=0 ERROR=2 SKIP=0 TOTAL=2
"""


WITHOUT_HEADING = """12:00:00  Running with dbt=1.8.9
12:00:01  1 of 2 ERROR creating sql table model a.m1 ................... [ERROR in 0.05s]
12:00:01  2 of 2 ERROR creating sql table model a.m2 ................... [ERROR in 0.05s]
12:00:01
12:00:01  Completed with 2 errors and 0 warnings:
12:00:01
12:00:01    'NoneType' object is not subscriptable
12:00:01
12:00:01    Database Error in model m2 (models/m2.sql)
  oh no
12:00:01
12:00:01  Done. PASS=0 WARN=0 ERROR=2 SKIP=0 TOTAL=2
"""


FRESHNESS_OF_1_8 = """12:00:00  Running with dbt=1.8.9
12:00:01  1 of 3 ERROR STALE freshness of raw.orders ................... [ERROR STALE in 0.02s]
12:00:01  2 of 3 ERROR freshness of raw.gone ........................... [ERROR in 0.02s]
12:00:01  3 of 3 WARN freshness of raw.late ............................ [WARN in 0.02s]
12:00:01
12:00:01  Finished running 3 sources in 0 hours 0 minutes and 0.3 seconds (0.3s).
12:00:01    Database Error in source gone (models/sources.yml)
  relation "raw.gone" does not exist
12:00:01
12:00:01  Done.
"""


QUIET = """12:00:01  1 of 2 ERROR creating sql table model a.m1 ................... [ERROR in 0.05s]
12:00:02  Failure in model m1 (models/m1.sql)
12:00:02    Database Error in model m1 (models/m1.sql)
  division by zero
"""


FIXTURE_OF_1_9 = """12:00:00  Running with dbt=1.9.11
12:00:01  1 of 3 ERROR stg_lamps::fixture ............................... [ERROR in 0.05s]
12:00:01  2 of 3 FAIL 1 stg_lamps::rows ................................. [FAIL 1 in 0.05s]
12:00:01  3 of 3 ERROR hook: coast.on-run-end.0 ......................... [ERROR in 0.02s]
12:00:01
12:00:01  Completed with 4 errors, 0 partial successes, and 0 warnings:
12:00:01
12:00:01    Compilation Error in model lamps (models/unit.yml)
  Invalid column name: 'lamp'
12:00:01
12:00:01  Failure in unit_test rows (models/unit.yml)
12:00:01

actual differs from expected:

@@ ,id
+++,1

12:00:01
12:00:01    coast.on-run-end.0 failed, error:
 no such table
12:00:01
12:00:01  Done. PASS=0 WARN=0 ERROR=3 SKIP=0 TOTAL=3
"""


TAGS_OF_1_12 = """12:00:00  Running with dbt=1.12.6
12:00:01  Completed with 3 errors, 0 partial successes, and 1 warning:
12:00:01
12:00:01  [ERROR]: in test unique_x (models/s.yml)
12:00:01    Got 2 results, configured to fail if != 0
12:00:01
12:00:01    compiled code at target/compiled/x.sql
12:00:01
12:00:01  [ERROR]: in unit_test fixture (models/unit.yml)
12:00:01    Compilation Error in model lamps (models/unit.yml)
  Invalid column name: 'lamp'
12:00:01
12:00:01  [ERROR]: in unit_test rows (models/unit.yml)
12:00:01

actual differs from expected:

@@ ,id
+++,1

12:00:01
12:00:01  [WARNING]: in test not_null_x (models/s.yml)
12:00:01  [WARNING]: Got 1 result, configured to warn if != 0
12:00:01
12:00:01  Done. PASS=0 WARN=1 ERROR=3 SKIP=0 NO-OP=0 REUSED=0 TOTAL=4
"""


def nodes(text: str) -> list[tuple[str, str, str, str]]:
    """Status, kind, name and message of each failure."""
    return [(one.status, one.kind, one.name, one.message) for one in read_dbt_one(text.split("\n")).failures]


@pytest.mark.parametrize(
    ("text", "failed"),
    [
        (
            FIRST_LINES_OF_1_5,
            [
                ("error", "model", "m", 'column "x" does not exist'),
                ("fail", "test", "not_null_x", "Got 2 results, configured to fail if != 0"),
                ("error", "seed", "z", "bad row"),
            ],
        ),
        (
            WORDS_OF_1_5,
            [
                ("error", "model", "m1", "division by zero"),
                ("error", "model", "m2", "oh no\nphantom"),
            ],
        ),
        (
            WITHOUT_HEADING,
            [
                ("error", "model", "m1", "'NoneType' object is not subscriptable"),
                ("error", "model", "m2", "oh no"),
            ],
        ),
        (
            FRESHNESS_OF_1_8,
            [
                ("runtime error", "source", "raw.gone", 'relation "raw.gone" does not exist'),
                ("error", "source", "raw.orders", "stale"),
            ],
        ),
        (QUIET, [("error", "model", "m1", "division by zero")]),
        (
            TAGS_OF_1_12,
            [
                ("fail", "test", "unique_x", "Got 2 results, configured to fail if != 0"),
                ("error", "unit_test", "fixture", "Invalid column name: 'lamp'"),
                ("fail", "unit_test", "rows", "actual differs from expected:\n@@ ,id\n+++,1"),
            ],
        ),
        (
            FIXTURE_OF_1_9,
            [
                ("error", "unit_test", "fixture", "Invalid column name: 'lamp'"),
                ("fail", "unit_test", "rows", "actual differs from expected:\n@@ ,id\n+++,1"),
                ("error", "operation", "coast-on-run-end-0", "no such table"),
            ],
        ),
        ("12:00:02  [ERROR]: in model m1 (m1.sql)\n12:00:02    oh no\n", [("error", "model", "m1", "oh no")]),
    ],
    ids=["1.5", "1.5, words", "without a heading", "freshness", "quiet", "1.12", "1.9", "1.12, quiet"],
)
def test_each_node_has_its_own_message(text: str, failed: list[tuple[str, str, str, str]]) -> None:
    """Each node gets its own message, in whatever way this version of dbt prints its headings."""
    assert is_dbt_one(Folded(text.split("\n")))
    assert nodes(text) == failed


def test_sources_with_tables_of_one_name_are_told_apart() -> None:
    """A block's heading has only the table's name, so a source is identified by its status, then by its order."""
    text = FRESHNESS_OF_1_8.replace("raw.gone", "old.orders").replace("source gone", "source orders")
    assert nodes(text) == [
        ("runtime error", "source", "old.orders", 'relation "old.orders" does not exist'),
        ("error", "source", "raw.orders", "stale"),
    ]
    progress = "".join(
        f"12:00:01  {number} of 3 ERROR STALE freshness of {name}.orders ......... [ERROR STALE in 0.02s]\n"
        for number, name in enumerate("abc", start=1)
    )
    block = "12:00:02  Failure in source orders (models/sources.yml)\n12:00:02    Status: error\n"
    text = f"12:00:00  Running with dbt=1.10.1\n{progress}12:00:02\n{block * 3}12:00:02  Done.\n"
    assert nodes(text) == [("error", "source", f"{name}.orders", "stale") for name in "abc"]


@pytest.mark.parametrize(
    "text", ["", "ERROR: it broke\n", "12:00:00 job started\n12:00:01 ERROR x\n", "dbt-fusion 2.0.0\n"]
)
def test_another_tools_lines_are_not_taken_for_dbts(text: str) -> None:
    """Another tool's output isn't taken for dbt's, even if it has times or mentions an error."""
    assert not is_dbt_one(Folded(text.split("\n")))


def test_of_several_commands_the_last_that_failed_is_read() -> None:
    """If a script runs dbt more than once, the last run that failed is read."""
    found = read_dbt_one((WITHOUT_HEADING + "12:00:09  Running with dbt=1.8.9\n12:00:10  Done. PASS=1\n").split("\n"))
    assert [one.name for one in found.failures] == ["m1", "m2"]


@pytest.mark.parametrize("tag", ["", "[ERROR]: "])
def test_what_stopped_dbt_as_a_whole_is_no_nodes_failure(tag: str) -> None:
    """A project that can't be parsed is the whole command's problem, not a node's. dbt 1.12 puts a tag first."""
    text = f"12:00:00  Running with dbt=1.8.9\n12:00:01  {tag}Encountered an error:\nCompilation Error\n  no such ref\n"
    found = read_dbt_one(text.split("\n"))
    assert found.failures == ()
    assert found.problem == "Compilation Error\nno such ref"


def test_a_failed_operation_says_why_with_or_without_a_tag() -> None:
    """The reason begins on the line that reports the failed operation; dbt 1.12 puts a tag before it."""
    for tag in ("", "[ERROR]: "):
        text = f"12:00:01  {tag}Encountered an error while running operation: Database Error\n  no such table\n"
        failed = [("error", "operation", "", "no such table")]
        assert nodes("12:00:00  Running with dbt=1.12.6\n" + text) == failed


def test_a_killed_run_is_told_by_its_progress() -> None:
    """Without a report, progress lines name the failed nodes; those that an interrupt cancelled aren't failures."""
    lines = [
        "12:00:00  Running with dbt=1.10.1",
        "12:00:01  1 of 3 ERROR creating sql table model a.m1 ... [ERROR in 0.05s]",
        "12:00:02  CANCEL query model.a.m2 .... [CANCEL]",
        "12:00:02  3 of 3 ERROR creating sql table model a.m3 ... [ERROR in 0.05s]",
    ]
    found = read_dbt_one(lines)
    assert [one.name for one in found.failures] == ["m1"]
    assert not found.ended


def test_skipped_nodes_and_tests_are_counted() -> None:
    """Skipped nodes are counted from dbt's last line, and tests from its line about what ran."""
    text = (
        "12:00:00  Running with dbt=1.8.9\n12:00:01  Finished running 3 data tests in 0 hours 0 minutes and 0.3 seconds (0.3s).\n"
        "12:00:01  Completed with 1 error and 0 warnings:\n12:00:01\n12:00:01  Failure in test t (t.yml)\n"
        "12:00:01    Got 2 results, configured to fail if != 0\n12:00:01  Done. PASS=2 WARN=0 ERROR=1 SKIP=4 TOTAL=7\n"
    )
    found = read_dbt_one(text.split("\n"))
    assert (found.skipped, found.tests) == (4, 3)
