"""How a run's commands are listed."""

from __future__ import annotations

from bot.core.model.bolt import BoltCommand
from bot.core.model.run import Observation, Run, RunKey
from bot.flows.status import commands


def told(count: int) -> str:
    """Return a list of `count` commands as a person reads it; the last command is still running."""
    listed = [BoltCommand(number, f"dbt run {number}", return_code=0) for number in range(1, count)]
    run = Run(RunKey("w", 1), seen=Observation("RUNNING", (*listed, BoltCommand(count, "dbt test"))))
    return "".join(str(getattr(span, "text", span)) for span in commands(run))


def test_commands_have_the_numbers_that_logs_takes() -> None:
    """Commands have the card's numbers: the schedule's own count from 1, and Bolt's preparations have none."""
    assert told(2) == "1. dbt run 1 ok\n2. dbt test running"
    before = (BoltCommand(8, "git clone x", return_code=0), BoltCommand(9, "dbt deps", return_code=0))
    run = Run(RunKey("w", 1), seen=Observation("RUNNING", (*before, BoltCommand(1, "dbt run"))))
    assert "".join(str(getattr(span, "text", span)) for span in commands(run)) == (
        "Bolt's own: git clone x ok\nBolt's own: dbt deps ok\n1. dbt run running"
    )


def test_of_many_commands_the_last_ones_keep_their_numbers() -> None:
    """Earlier ones are left out."""
    lines = told(200).split("\n")
    assert lines[0] == "185 earlier commands left out"
    assert lines[1] == "186. dbt run 186 ok"
    assert lines[-1] == "200. dbt test running"
