"""The output of dbt 2 (Fusion): its progress and its report, together."""

from __future__ import annotations

import pytest

from bot.core.logs.clean import Folded
from bot.core.logs.read_dbt_two import is_dbt_two, points_to, read_dbt_two

FUSION = """dbt-fusion 2.0.0-preview.145
 Succeeded [  1.00s] model dev.a (table)
    Failed [  1.74s] test  dev_dbt_test__audit.unique_my_model_id
    Failed [  0.30s] seed  main.countries (table)
   Skipped [-------] model dev.c

=================== Errors and Warnings ====================
[error] [TestFailed (dbt1405)]: Test failed: got 3 rows
  --> models/my_model.yml:6:9
   0: <unknown>
   1: start_thread
             at ./nptl/pthread_create.c:442:8
[error] [DbDriverFailed (dbt1308)]: Database Error in seed countries (target/run/x.sql)
  IO Error: No files found
[warning] [Deprecated (dbt1005)]: old

=================== Execution Summary ====================
Finished 'build' with 2 errors for target 'dev' [1s]
Summary: 5 total | 1 success | 2 error | 1 skipped
"""


def test_each_node_is_found_with_its_report() -> None:
    """Each failed node is matched with its report by file or by name, without the frames of dbt's own stack."""
    found = read_dbt_two(FUSION.split("\n"))
    assert [(one.status, one.kind, one.name, one.message) for one in found.failures] == [
        ("fail", "test", "unique_my_model_id", "Test failed: got 3 rows"),
        ("error", "seed", "countries", "IO Error: No files found"),
    ]
    assert not any("<unknown>" in line or "nptl" in line for one in found.failures for line in one.lines)
    assert found.skipped == 1
    assert found.problem == ""


@pytest.mark.parametrize(
    ("line", "made"),
    [
        ("dbt-fusion 2.0.0-preview.145", True),
        ("=================== Errors and Warnings ====================", True),
        ("error: dbt1308: no such file", True),
        ("[error] [X (dbt1048)]: m", True),
        ("[error] [worker]: m", False),
        ("12:00:00  Running with dbt=1.8.9", False),
    ],
)
def test_it_is_known_by_its_own_lines(line: str, made: bool) -> None:  # noqa: FBT001 - a parameter
    """dbt 2 is recognized by its name, its headings, and errors with its codes."""
    assert is_dbt_two(Folded([line])) is made


def test_a_report_that_names_no_node_stopped_the_command() -> None:
    """An error that names no node is a problem with the whole command."""
    found = read_dbt_two(["error: dbt1013: Could not find profile", "suggestion: make one"])
    assert found.failures == ()
    assert found.problem == "Could not find profile"
    assert found.lines == ("error: dbt1013: Could not find profile",)


def test_a_report_points_to_its_model() -> None:
    """A model that has no progress line is named by the file that the report points to."""
    found = read_dbt_two(["[error] [SyntaxError (dbt0101)]: unexpected token", "  --> models/marts/orders.sql:3:1"])
    (one,) = found.failures
    assert (one.kind, one.name, one.status, one.message) == ("model", "orders", "error", "unexpected token")
    assert points_to("orders", one.lines)
    assert not points_to("customers", one.lines)


def test_a_warning_is_no_failure() -> None:
    """A warning isn't a failure, and its lines aren't added to the error before it."""
    found = read_dbt_two(
        ["[error] [X (dbt1308)]: it broke", "[warning] [Deprecated (dbt1005)]: old", "  --> models/a.sql:1:1"]
    )
    assert found.failures == ()
    assert found.lines == ("[error] [X (dbt1308)]: it broke",)
