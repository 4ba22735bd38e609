"""dbt's own results of a failure in the thread: from run_results.json if there is one, from the log otherwise."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from bolt_sandbox.bolt import Character, Fault, Schedule, Step
from tests.e2e.stage import Stage
from tests.e2e.test_logs import shows

RESULTS = "target/run_results.json"


async def failed(stage: Stage, slug: str) -> str:
    """Start a run that fails, and return the blocks of its announcement."""
    await stage.start_bot()
    await stage.slash(f"run {slug}")
    await stage.until(stage.card_says("failed after"))
    await stage.until(lambda: bool(stage.replies()))
    return json.dumps(stage.replies()[0].blocks, ensure_ascii=False)


def schedule(stage: Stage, *steps: Step) -> None:
    """Add a schedule with these commands."""
    stage.sandbox.bolt.add_schedule(Schedule(0, "Odd", "odd", Character(steps)))


def account(*results: object) -> bytes:
    """A run_results.json that was generated just now."""
    made = {"generated_at": datetime.now(UTC).isoformat()}
    return json.dumps({"metadata": made, "results": results}).encode()


async def test_failed_nodes_are_listed_with_the_counts_of_all(stage: Stage) -> None:
    """Failed nodes are listed with kind, message and hint, warned ones by name; the download sends no credentials."""
    blocks = await failed(stage, "data-quality-tests")
    assert "• *unique_stg_orders_order_id* (test): Got 1 result, configured to fail if != 0" in blocks
    assert blocks.count("Got 1 result, configured to fail") == 1
    assert ":bulb: The query ran fine, but the data broke the rule that this test checks." in blocks
    assert (
        "dbt reports 1 fail, 1 warn, 4 skipped, 1 pass, 4 success. Warned: not_null_stg_orders_customer_id." in blocks
    )
    ((path, headers),) = stage.sandbox.bolt.downloads
    assert path == RESULTS
    assert not {"x-api-key", "x-api-secret", "authorization", "cookie"} & {name.lower() for name in headers}


async def test_the_slowest_nodes_are_told_to_whoever_asks(stage: Stage) -> None:
    """The slowest nodes are shown privately to the person who asks, and the thread gets nothing."""
    await failed(stage, "data-quality-tests")
    await stage.until(lambda: len(stage.replies()) == 2)
    ts = stage.replies()[0].ts
    await stage.sandbox.slack.people.click("grace", "data-eng", ts, label="Slowest nodes")
    await stage.until(stage.told_privately("The slowest nodes of run", user="grace"))
    assert "raw_customers" in stage.private("grace")[-1].text
    assert len(stage.replies()) == 2


async def test_a_stale_source_is_read_from_its_own_file(stage: Stage) -> None:
    """Stale sources are read from sources.json, which `dbt source freshness` writes."""
    blocks = await failed(stage, "freshness")
    assert "• *raw.raw_orders* (source)" in blocks
    assert "dbt reports 1 error." in blocks


async def test_a_file_of_an_earlier_command_is_not_believed(stage: Stage) -> None:
    """After a compilation error, the results of an earlier seed are still there, but the log is used instead."""
    blocks = await failed(stage, "seed-then-compile")
    assert stage.sandbox.bolt.downloads
    assert "Compilation Error" in blocks
    assert "dbt reports" not in blocks
    assert "Slowest" not in blocks


async def test_a_success_names_its_warnings(stage: Stage) -> None:
    """A success's warnings are on its card and in the thread; they aren't read for a command that only runs models."""
    node = {
        "unique_id": "test.shop.not_null_orders_id.1a2b",
        "status": "warn",
        "message": "Got 1 result",
        "failures": 1,
    }
    schedule(stage, Step("dbt run", 20, 0, "shell", (RESULTS,)), Step("dbt build", 40, 0, "shell", (RESULTS,)))
    await stage.start_bot()
    await stage.slash("run odd")
    await shows(stage, "dbt build")
    stage.sandbox.bolt.files[RESULTS] = account(node)
    await stage.until(stage.card_says("succeeded in"))
    await stage.until(stage.replied("1 warning: not_null_orders_id."))
    await stage.until(lambda: "1 warning: not_null_orders_id" in str(stage.cards()[0].blocks))
    assert "failed" not in str(stage.cards()[0].blocks)
    assert len(stage.sandbox.bolt.downloads) == 1


async def test_two_hundred_failed_nodes_stay_within_slacks_limits(stage: Stage) -> None:
    """Of 200 failed nodes, the first are listed and the rest counted; names mention nobody, and secrets are masked."""
    nodes = [
        {
            "unique_id": f"model.shop.<!channel>_{number}_" + "n" * 90,
            "status": "error",
            "message": "*bold* <@U0ADA> password=hunter2hunter2 " + "m" * 400,
            "execution_time": 1.25,
        }
        for number in range(200)
    ]
    schedule(stage, Step("dbt run", 60, 1, "run-model-error", (RESULTS,)))
    await stage.start_bot()
    await stage.slash("run odd")
    await shows(stage, "dbt run")
    stage.sandbox.bolt.files[RESULTS] = account(*nodes)
    await stage.until(stage.replied("failed (command"))
    (post, *_) = stage.replies()
    blocks = json.dumps(post.blocks, ensure_ascii=False)
    assert "dbt reports 200 error." in blocks
    assert "more" in blocks
    assert "hunter2" not in blocks
    assert all(block["type"] != "section" or "<!channel>" not in str(block) for block in post.blocks)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe", b'{"metadata": {}, "results": 7}', b"{" * 100_000])
async def test_a_file_that_is_none_falls_back_to_the_log(stage: Stage, content: bytes) -> None:
    """If the results file is broken, the failure is read from the log."""
    stage.sandbox.bolt.files[RESULTS] = content
    blocks = await failed(stage, "hourly")
    assert "net_amnt" in blocks
    assert "dbt reports" not in blocks


async def test_a_file_of_50_mb_falls_back_to_the_log(stage: Stage) -> None:
    """A results file of 50 MB falls back to the log."""
    stage.sandbox.bolt.files[RESULTS] = b" " * 50_000_000
    blocks = await failed(stage, "hourly")
    assert "net_amnt" in blocks
    assert "dbt reports" not in blocks


async def test_an_expired_address_is_asked_for_anew_and_then_done_without(stage: Stage) -> None:
    """An expired download link is requested once more, then the log is used."""
    stage.sandbox.bolt.url_lives_s = 1e-6
    blocks = await failed(stage, "hourly")
    assert "net_amnt" in blocks
    assert stage.asked("boltResourceUrl") == 2


async def test_an_address_that_does_not_come_delays_the_end_by_seconds_only(stage: Stage) -> None:
    """If no download link comes, the run's end is still announced, from the log."""
    stage.sandbox.bolt.add_fault(Fault("timeout", operation="boltResourceUrl", count=None))
    await stage.start_bot({"BOLT_BOT_API_TIMEOUT_S": "2"})
    await stage.slash("run hourly")
    await stage.until(stage.card_says("failed after"), timeout_s=20)
    await stage.until(stage.replied("failed (command"))
    assert "net_amnt" in str(stage.replies()[0].blocks)


@pytest.mark.parametrize("shown", [False, True])
async def test_row_values_are_left_out_wherever_the_log_is_read(stage: Stage, *, shown: bool) -> None:
    """Row values are left out of the thread, its file, `/bolt logs` and dbt's results, unless a setting shows them."""
    stage.settings["BOLT_BOT_SHOW_ROW_VALUES"] = str(shown)
    row = "DETAIL:  Failing row contains (1, Ada Lovelace)."
    schedule(stage, Step("dbt run", 30.0, 1, prints=("Database Error", f"  {row}"), writes=(RESULTS,)))
    node = {"unique_id": "model.shop.a", "status": "error", "message": f"Database Error\n  {row}"}
    stage.sandbox.bolt.files[RESULTS] = account(node, {**node, "unique_id": "model.shop.b"})
    blocks = await failed(stage, "odd")
    await stage.until(lambda: len(stage.replies()) == 2)
    await stage.slash(f"logs {stage.started()[-1].id}")
    await stage.until(stage.told_privately("`dbt run`"))
    (name,) = stage.replies()[1].files
    file = (stage.sandbox.workspace.files[name].content or b"").decode()
    for text in (blocks, file, json.dumps(stage.private()[-1].blocks)):
        assert ("Ada Lovelace" in text) is shown
        assert ("Failing row contains (row values left out)" in text) is not shown
