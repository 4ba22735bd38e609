"""What logs, artifacts and failures look like, block by block."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from slack_sdk.models.blocks import Block

from bolt_sandbox.slack.validate import check_blocks
from bot.core.insight.nodes import slowest
from bot.core.model.bolt import Command, Resource
from bot.core.model.run import End, FailedNode, Observation, Run, RunFacts, RunKey, SlowNode
from bot.core.text.message import Message
from bot.core.views.artifact_list import listing
from bot.core.views.live_log import Batch, batch_post
from bot.core.views.thread import end_post
from bot.slack.blocks.render import render

AT = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)
KEY = RunKey("w", 4711)
TEST = Command(9, "dbt test", AT, AT + timedelta(seconds=38), 1)


def shown(message: Message) -> str:
    """The blocks as a person reads them, one a paragraph, after both Slack's rules and its SDK's own."""
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
    """The command, the lines that matter, the nodes, the counts, the slowest on request."""
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
    )
    facts = RunFacts(commands=("dbt test",), asked_by="U0ADA")
    run = Run(KEY, facts=facts, seen=Observation("FAILED", (TEST,)), end=end)
    assert shown(end_post(run, "https://app.example")) == (
        "`dbt test` failed (command 1 of 1, exit code 1, 38 s). <@U0ADA>\n"
        "| Failure in test unique_orders\n"
        "|   Got 2 results\n"
        "| FAIL   unique_orders  test   0.40 s  2 rows  Got 2 results, configured to fail if != 0\n"
        '| ERROR  fct_revenue    model  12 s            column "net_amnt" does not exist\n'
        "| … and 198 more\n"
        "(dbt counts 199 error, 1 fail, 3 success. Warned: not_null_a.)\n"
        "[Slowest nodes]"
    )
    assert shown(slowest(run)) == "The slowest nodes of run 4711:\n| 12 s  fct_revenue  model"


def test_a_failure_of_which_only_the_log_tells() -> None:
    """As much as is known."""
    end = End(failed=TEST, number=1, excerpt="it broke", log="read")
    run = Run(KEY, facts=RunFacts(commands=("dbt test",)), seen=Observation("FAILED", (TEST,)), end=end)
    assert shown(end_post(run, "https://app.example")) == (
        "`dbt test` failed (command 1 of 1, exit code 1, 38 s).\n| it broke"
    )


def test_new_lines_of_a_followed_log() -> None:
    """The first post and the last one."""
    first = batch_post(KEY, Batch("dbt run", 2, "a\nb", 7, "2:0"), 0)
    assert shown(first) == "2 new lines of the log of `dbt run` (run 4711):\n| a\n| b\n[Stop following]"
    last = batch_post(KEY, Batch("dbt run", 1, "c", 7, "3:0", "ended"), 1)
    assert shown(last) == ("1 new line of the log of `dbt run` (run 4711). Run 4711 is over, and so is its log.\n| c")
    hour = batch_post(KEY, Batch("", 0, "", 7, "3:0", "hour"), 9)
    assert shown(hour) == "I have followed the log of run 4711 for an hour and stop here.\n[Follow on]"


def test_what_commands_left_behind() -> None:
    """Those of one command together; hostile paths are only labels."""
    files = [
        (TEST, Resource(1, "target/run_results.json")),
        (TEST, Resource(2, "target/<!here> *x*.json")),
        (Command(8, "dbt seed"), Resource(3, "target/manifest.json")),
    ]
    assert shown(listing(KEY, "FAILED", files)) == (
        "Run 4711 left 3 files behind, of 2 commands. The last command comes first.\n"
        "`dbt test`\n"
        "[target/run_results.json] [target/<!here> *x*.json]\n"
        "`dbt seed`\n"
        "[target/manifest.json]"
    )
