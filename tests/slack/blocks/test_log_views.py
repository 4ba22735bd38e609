"""The look of logs, artifacts and failures, block by block."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from slack_sdk.models.blocks import Block

from bolt_sandbox.slack.validate import check_blocks
from bot.core.logs.nodes import failed, slowest
from bot.core.model.bolt import BoltCommand, Resource
from bot.core.model.cause import Cause, Retry
from bot.core.model.log_tail import LogBatch
from bot.core.model.run import Changed, End, FailedNode, Observation, Run, RunFacts, RunKey, SlowNode
from bot.core.text.message import Message
from bot.core.views.artifact_list import artifact_list
from bot.core.views.card import run_card
from bot.core.views.live_log import batch_post
from bot.core.views.thread import end_post
from bot.slack.blocks.render import render

AT = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)
KEY = RunKey("w", 4711)
TEST = BoltCommand(9, "dbt test", AT, AT + timedelta(seconds=38), 1)


def shown(message: Message) -> str:
    """The blocks as a person reads them, one per paragraph, after checking them with Slack's rules and its SDK."""
    text, blocks = render(message)
    assert text
    check_blocks(blocks)
    for block in blocks:
        parsed = Block.parse(block)
        assert parsed is not None
        parsed.validate_json()
    return "\n".join(_block(block) for block in blocks)


def _block(block: dict[str, Any]) -> str:
    match block["type"]:
        case "section":
            return str(block["text"]["text"])
        case "context":
            return f"({block['elements'][0]['text']})"
        case "actions":
            return " ".join(f"[{one['text']['text']}]" for one in block["elements"])
        case _:
            box = block["elements"][0]["elements"][0]["text"]
            return "\n".join(f"| {line}" for line in box.split("\n"))


def test_a_failure_with_dbts_own_account() -> None:
    """A failure shows the command, the causes, what changed, the nodes and the counts, and offers the slowest nodes."""
    end = End(
        failed=TEST,
        number=1,
        excerpt="Failure in test unique_orders\n  Got 2 results",
        nodes=(
            FailedNode("FAIL", "unique_orders", "test", "Got 2 results, configured to fail if != 0", 0.4, 2),
            FailedNode("ERROR", "fct_revenue", "model", 'column "net_amnt" does not exist', 12.0),
        ),
        log="read",
        failed_nodes=200,
        counts=(("error", 199), ("fail", 1), ("success", 3)),
        warned=("not_null_a",),
        warned_nodes=1,
        slowest=(SlowNode("fct_revenue", "model", 12.0),),
        commit="9a8b7c6d5e4f",
        causes=(
            Cause(150, "missing_column", "The query uses a column that doesn't exist.", "Compare the name.", Retry.NO),
            Cause(49, "deadlock", "Two jobs blocked each other.", "Retry.", Retry.YES),
            Cause(1),
        ),
        changed=Changed(3, since=AT, succeeded_at=AT, commit_then="3f2c1ab0d1e2"),
    )
    facts = RunFacts(commands=("dbt test",), asked_by="U0ADA")
    run = Run(KEY, facts=facts, seen=Observation("FAILED", (TEST,)), end=end)
    assert shown(end_post(run, "https://app.example")) == (
        "`dbt test` failed (command 1 of 1, exit code 1, 38 s). <@U0ADA>\n"
        ":bulb: 150 failures: The query uses a column that doesn't exist. Compare the name.\n"
        ":bulb: 49 failures: Two jobs blocked each other. Retry.\n"
        "1 failure for other reasons.\n"
        "(Code changed since the last success: 3f2c1ab → 9a8b7c6. 3rd failure in a row, since "
        "<!date^1795443600^{date_short_pretty} at {time}|2026-11-23 14:20 UTC>.)\n"
        "• *unique_orders* (test): Got 2 results, configured to fail if != 0\n"
        '• *fct_revenue* (model): column "net_amnt" does not exist\n'
        "… and 198 more\n"
        "(dbt reports 199 error, 1 fail, 3 success. Warned: not_null_a.)\n"
        "[Slowest nodes]"
    )
    assert shown(slowest(run)) == "The slowest nodes of run 4711:\n| 12 s  fct_revenue  model"


def test_one_cause_for_many_and_a_retry_that_cannot_help() -> None:
    """One hint covers all failures, the commit is unchanged since the last success, and a button leads to all nodes."""
    nodes = tuple(FailedNode("ERROR", f"m{number}", "model", "division by zero") for number in range(5))
    cause = Cause(5, "div_zero", "The query divides by zero in at least one row.", "Guard the divisor.", Retry.NO)
    end = End(
        failed=TEST, excerpt="", nodes=nodes, failed_nodes=5, log="read", causes=(cause,), commit="3f2c1ab",
        changed=Changed(1, succeeded_at=AT, commit_then="3f2c1ab"),
    )  # fmt: skip
    run = Run(KEY, facts=RunFacts(commands=("dbt test",)), seen=Observation("FAILED", (TEST,)), end=end)
    told = shown(end_post(run, "https://app.example"))
    assert told == (
        "`dbt test` failed (command 1 of 1, exit code 1, 38 s).\n"
        ":bulb: The query divides by zero in at least one row. Guard the divisor. The cause is the same for all 5 failures. "
        "Fix this first; a retry alone won't help.\n"
        "(Same commit as the last success (<!date^1795443600^{date_short_pretty} at {time}|2026-11-23 14:20 UTC>): "
        "check data, warehouse, packages, or settings. First failure since then.)\n"
        "• *m0* (model): division by zero\n• *m1* (model): division by zero\n• *m2* (model): division by zero\n"
        "… and 2 more\n"
        "[All failed nodes]"
    )
    card = render(run_card(run, "https://app.example"))[1]
    assert ":bulb: The query divides by zero in at least one row. Guard the divisor. Fix this first" in str(card)
    (actions,) = (block for block in card if block["type"] == "actions")
    assert "style" not in actions["elements"][0]
    _, blocks = render(failed(run))
    assert all(f"m{number}" in str(blocks) for number in range(5))


def test_a_failure_of_which_only_the_log_tells() -> None:
    """Without dbt's results, a failure shows its command and the lines from the log."""
    end = End(failed=TEST, number=1, excerpt="it broke", log="read")
    run = Run(KEY, facts=RunFacts(commands=("dbt test",)), seen=Observation("FAILED", (TEST,)), end=end)
    assert shown(end_post(run, "https://app.example")) == (
        "`dbt test` failed (command 1 of 1, exit code 1, 38 s).\n| it broke"
    )


def test_new_lines_of_a_followed_log() -> None:
    """The first post offers to stop, the last one says that the run has ended, and one after an hour offers to go on."""
    first = batch_post(KEY, LogBatch("dbt run", 2, "a\nb", 7, "2:0"), 0)
    assert shown(first) == "2 new lines in the log of `dbt run` (run 4711):\n| a\n| b\n[Stop following]"
    last = batch_post(KEY, LogBatch("dbt run", 1, "c", 7, "3:0", "ended"), 1)
    assert shown(last) == (
        "1 new line in the log of `dbt run` (run 4711). Run 4711 has ended, so its log is complete.\n| c"
    )
    hour = batch_post(KEY, LogBatch("", 0, "", 7, "3:0", "hour"), 9)
    assert shown(hour) == "I've followed the log of run 4711 for an hour, so I'm stopping here.\n[Keep following]"


def test_what_commands_left_behind() -> None:
    """Files of one command are listed together, and hostile paths are only labels."""
    files = [
        (TEST, Resource(1, "target/run_results.json")),
        (TEST, Resource(2, "target/<!here> *x*.json")),
        (BoltCommand(8, "dbt seed"), Resource(3, "target/manifest.json")),
    ]
    assert shown(artifact_list(KEY, "FAILED", files)) == (
        "Run 4711 produced 3 files from 2 commands. The last command is listed first.\n"
        "`dbt test`\n"
        "[target/run_results.json] [target/<!here> *x*.json]\n"
        "`dbt seed`\n"
        "[target/manifest.json]"
    )
