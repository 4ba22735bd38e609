"""dbt's own results of a failed command, kept small and shown within limits."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bot.core.logs.nodes import NODES_KEPT, TABLE_SHOWN, counts, node_table, seconds, slowest, with_results
from bot.core.logs.run_results import NodeResult, Results, read_results
from bot.core.model.bolt import BoltCommand
from bot.core.model.run import End, FailedNode, Observation, Run, RunKey, SlowNode
from bot.core.text.message import Paragraph, Preformatted
from bot.core.views.thread import end_post

AT = datetime(2026, 11, 23, 21, 5, tzinfo=UTC)
SAMPLE = Path(__file__).parents[2] / "data" / "dbt" / "02-build-model-error.run_results.json"
KEY = RunKey("w", 4711)


def same(text: str) -> str:
    """Mask nothing."""
    return text


def end_of(*failed: NodeResult, warned: tuple[NodeResult, ...] = ()) -> End:
    """The end of a run in which these failed."""
    results = Results(AT, {"error": len(failed), "warn": len(warned), "success": 3}, failed, warned, failed[:5])
    return with_results(End(), results, same)


def test_a_real_account_is_told_worst_first() -> None:
    """dbt's results show failed nodes with times and rows, the count of each status, and warned nodes by name."""
    document = json.loads(SAMPLE.read_text())
    at = datetime.fromisoformat(document["metadata"]["generated_at"])
    results = read_results(SAMPLE.read_bytes(), not_before=at, not_after=at)
    assert results is not None
    end = with_results(End(), results, same)
    (node,) = end.nodes
    assert (node.status, node.kind, node.failures) == ("FAIL", "test", 1)
    assert node.seconds is not None
    table = node_table(end.nodes, end.failed_nodes)
    assert table.startswith("FAIL  unique_stg_orders_order_id  test  0.")
    assert table.endswith("1 row  Got 1 result, configured to fail if != 0")
    assert counts(end) == (
        "dbt reports 1 fail, 1 warn, 4 skipped, 1 pass, 4 success. Warned: not_null_stg_orders_customer_id.",
    )
    assert len(end.slowest) == 5


def test_two_hundred_failed_nodes_fit_and_are_counted() -> None:
    """The first failed nodes are shown, then how many more there are."""
    failed = [NodeResult(f"model.shop.{'m' * 80}_{number}", "error", "x" * 500, 1.5) for number in range(200)]
    end = end_of(*failed)
    assert (len(end.nodes), end.failed_nodes) == (NODES_KEPT, 200)
    table = node_table(end.nodes, end.failed_nodes)
    assert len(table) <= TABLE_SHOWN
    shown = table.count("ERROR")
    assert 10 <= shown <= NODES_KEPT
    assert table.endswith(f"… and {200 - shown} more")


def test_short_rows_are_all_there() -> None:
    """If every row fits, the table has no line that counts further rows."""
    table = node_table((FailedNode("ERROR", "a", "model", "no such column"), FailedNode("FAIL", "bb", "test", "Got 2")))
    assert table == "ERROR  a   model  no such column\nFAIL   bb  test   Got 2"


def test_what_is_secret_is_masked_before_it_is_cut() -> None:
    """Messages are masked before they're cut, because half a secret isn't recognized."""
    message = "x" * 290 + " the-secret-of-all"
    node = NodeResult("model.shop.a", "error", message)
    end = with_results(End(), Results(AT, {"error": 1}, (node,)), lambda text: text.replace("the-secret-of-all", "•••"))
    assert "secret" not in end.nodes[0].message


def test_without_failed_nodes_those_of_the_log_stay() -> None:
    """If dbt reports no failed node, those from the log stay: a command may fail after all its nodes succeeded."""
    from_log = End(nodes=(FailedNode("ERROR", "on-run-end", "operation", "x"),), failed_nodes=1)
    assert with_results(from_log, Results(AT, {"success": 3}), same).nodes == from_log.nodes


def test_an_unknown_status_comes_before_what_is_well() -> None:
    """An unknown status comes before success, because it may be bad."""
    end = with_results(End(), Results(AT, {"success": 2, "melted": 1, "error": 1}), same)
    assert [word for word, _ in end.counts] == ["error", "melted", "success"]


def test_many_warned_nodes_are_counted() -> None:
    """Ten warned nodes are named, and the rest are counted."""
    warned = tuple(NodeResult(f"test.shop.t{number}.abc", "warn") for number in range(30))
    (text,) = counts(end_of(NodeResult("model.shop.a", "error"), warned=warned))
    assert isinstance(text, str)
    assert text.endswith("t8, t9 and 20 more.")


def test_nothing_is_counted_where_dbt_left_no_account() -> None:
    """Without dbt's results, no counts are shown."""
    assert counts(End()) == ()


def test_the_slowest_are_told_to_whoever_asks() -> None:
    """The slowest nodes are shown in a table, and in the text for notifications and screen readers."""
    run = Run(
        KEY, seen=Observation("FAILED"), end=End(slowest=(SlowNode("fct", "model", 252), SlowNode("a", "test", 0.04)))
    )
    message = slowest(run)
    assert message.text == ("The slowest nodes of run 4711: fct (4 min 12 s), a (0.04 s).",)
    assert message.blocks[1] == Preformatted("4 min 12 s  fct  model\n    0.04 s  a    test")
    assert "don't know" in str(slowest(Run(KEY)).text)


def test_times_are_as_exact_as_matters() -> None:
    """Times get less exact as they get longer: hundredths only below a second."""
    assert [seconds(value) for value in (0.036, 3.21, 38.4, 252)] == ["0.04 s", "3.2 s", "38 s", "4 min 12 s"]


SHORT = FailedNode("FAIL", "unique_orders_id", "test", "Got 2 results, configured to fail if != 0", 0.1, 2)
LONG = FailedNode("ERROR", "fct_revenue", "model", 'Binder Error: column "net" not found ' + "in from clause " * 10)


def failed_run(end: End) -> tuple[list[str], str]:
    """The code blocks of a failed run's post, and its list of nodes."""
    end = replace(end, failed=BoltCommand(1, "dbt build", return_code=1), log="read", counts=(("error", 2),))
    run = Run(KEY, seen=Observation("FAILED", (BoltCommand(1, "dbt build", return_code=1),)), end=end)
    blocks = end_post(run, "https://b.test").blocks
    listed = [str(block.text) for block in blocks if isinstance(block, Paragraph) and "• " in str(block.text)]
    return [block.text for block in blocks if isinstance(block, Preformatted)], "".join(listed)


def test_what_the_list_says_is_not_in_the_excerpt() -> None:
    """A short message is shown in the list and left out of the excerpt; a long one is only in the excerpt."""
    test = "Failure in test unique_orders_id (models/a.yml)\n  Got 2 results, configured to fail if != 0\n"
    test += "  compiled code at target/compiled/a.sql"
    model = f"Runtime Error in model fct_revenue (models/b.sql)\n  {LONG.message}\n  LINE 3: select net"
    (excerpt,), nodes = failed_run(End(excerpt=f"{test}\n\n{model}", nodes=(SHORT, LONG)))
    assert excerpt == model
    assert nodes.count("Got 2 results") == 1
    assert "Binder Error" not in nodes
    assert "fct_revenue" in nodes
    boxes, nodes = failed_run(End(excerpt=test, nodes=(SHORT,)))
    assert boxes == []
    assert "Got 2 results" in nodes
    column = FailedNode("ERROR", "fct_revenue", "model", 'column "net" does not exist')
    block = 'Database Error in model fct_revenue (models/b.sql)\n  column "net" does not exist\n  LINE 3: select net\n     ^'
    (excerpt,), nodes = failed_run(End(excerpt=block, nodes=(column,)))
    assert excerpt == "Database Error in model fct_revenue (models/b.sql)\n  LINE 3: select net\n     ^"
    assert 'column "net" does not exist' in nodes


def test_lines_that_are_of_no_node_stay() -> None:
    """Lines that belong to no node, such as a traceback, stay in the excerpt."""
    (excerpt,), nodes = failed_run(End(excerpt="Traceback\n  KeyError: 'x'", nodes=(SHORT,)))
    assert excerpt == "Traceback\n  KeyError: 'x'"
    assert "Got 2 results" in nodes
