"""Cards as Slack gets them, in a readable form: the texts, and each button's label, look, spoken label and action."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_sdk.models.blocks import Block

from bolt_sandbox.slack.validate import check_blocks
from bot.core.model.bolt import BoltCommand
from bot.core.model.run import End, Observation, Retried, Run, RunFacts, RunKey
from bot.core.views.card import run_card
from bot.slack.blocks.render import render

ASKED = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)
FACTS = RunFacts("nightly", "Nightly", "main", commands=("dbt run", "dbt test"), asked_by="U1", asked_at=ASKED)
TEST = BoltCommand(9, "dbt test", ASKED, ASKED + timedelta(seconds=38), 1)
AT = "<!date^1795443600^{time}|14:20 UTC>"

RUN = Run(RunKey("w", 4711), facts=FACTS)
RUNNING = replace(
    RUN,
    facts=replace(FACTS, usual_s=600.0),
    seen=Observation("RUNNING", (replace(TEST, text="dbt run", return_code=None, ended_at=None),), 100),
)
FAILED = replace(
    RUN,
    seen=Observation("FAILED", (TEST,)),
    end=End(ASKED, ASKED + timedelta(seconds=252), failed=TEST, log="read", summary="2 of 48 tests failed"),
    retried=Retried(4712, "U2"),
)
SUCCESS = replace(
    RUN,
    facts=replace(FACTS, parent_run=4710),
    seen=Observation("SUCCESS"),
    end=End(ASKED, ASKED + timedelta(seconds=543), recovered=3),
)


def readable(blocks: list[dict[str, Any]]) -> list[str]:
    """A line for each text, and for each button its label, look, spoken label and action."""
    lines: list[str] = []
    for block in blocks:
        if block["type"] == "section":
            lines += block["text"]["text"].split("\n")
        elif block["type"] == "context":
            lines += [element["text"] for element in block["elements"]]
        else:
            lines += [
                f"[{one['text']['text']}] {one.get('style', 'plain')}, {one['accessibility_label']}, {one['action_id']}"
                for one in block["elements"]
            ]
    return lines


@pytest.mark.parametrize(
    ("run", "lines"),
    [
        (
            RUNNING,
            [
                ":hourglass_flowing_sand: *Nightly* is running",
                "▰▰▰▰▰▰▰▰▰▱ later than usual · 0 of 2 · `dbt run` · usually done by <!date^1795444200^{time}|14:30 UTC>",
                f"<https://app.example/bolt/run_id/4711|Run 4711> · main · started by <@U1> at {AT}",
                "[Cancel run] danger, Cancel run 4711 of Nightly, run.cancel",
                "[Open in Bolt] plain, Open in Bolt: run 4711, run.open",
                "[Live log] plain, Live log: run 4711 of Nightly, command.logs.0",
            ],
        ),
        (
            FAILED,
            [
                ":x: *Nightly* failed after 4 min 12 s",
                "`dbt test` exited with 1: 2 of 48 tests failed. Details in the thread.",
                "Retried by <@U2> as <https://app.example/bolt/run_id/4712|run 4712>",
                f"<https://app.example/bolt/run_id/4711|Run 4711> · main · started by <@U1> at {AT}",
                "[Retry failed] primary, Retry failed: run 4711 of Nightly, run.retry",
                "[Retry all] plain, Retry all: run 4711 of Nightly, run.retry_all",
                "[Logs] plain, Logs: run 4711 of Nightly, command.logs.0",
                "[Artifacts] plain, Artifacts: run 4711 of Nightly, command.artifacts.0",
                "[Open in Bolt] plain, Open in Bolt: run 4711, run.open",
            ],
        ),
        (
            SUCCESS,
            [
                ":white_check_mark: *Nightly* succeeded in 9 min 3 s, recovered after 3 failures",
                (
                    "<https://app.example/bolt/run_id/4711|Run 4711> · main"
                    f" · <https://app.example/bolt/run_id/4710|Retry of run 4710> · started by <@U1> at {AT}"
                ),
                "[Run again] plain, Run again: run 4711 of Nightly, run.again",
                "[Logs] plain, Logs: run 4711 of Nightly, command.logs.0",
                "[Artifacts] plain, Artifacts: run 4711 of Nightly, command.artifacts.0",
                "[Open in Bolt] plain, Open in Bolt: run 4711, run.open",
            ],
        ),
    ],
)
def test_what_slack_shows_of_a_card(run: Run, lines: list[str]) -> None:
    """Each state's card reads as expected, and both Slack's rules and its SDK's models accept it."""
    _, blocks = render(run_card(run, "https://app.example"))
    assert readable(blocks) == lines
    check_blocks(blocks)
    for block in Block.parse_all(blocks):
        block.validate_json()


@pytest.mark.parametrize("name", ["x" * 200, "🎉" * 200, "a/b  c", "\u202eشيء", '<!here> & "*x*"', "\\" * 200])
def test_names_of_any_kind_make_a_card_that_slack_takes(name: str) -> None:
    """Slack accepts cards with names that are long, right to left, or look like markup."""
    facts = replace(FACTS, name=name, slug=name, branch=name, commands=(name,) * 20, overridden=True)
    for run in (RUNNING, FAILED, SUCCESS):
        _, blocks = render(run_card(replace(run, facts=facts), "https://app.example"))
        check_blocks(blocks)
