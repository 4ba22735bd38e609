"""Many ends in one message: counted, failures first, each by name and number."""

from __future__ import annotations

from dataclasses import replace

from bot.core.model.cause import Cause, Retry
from bot.core.model.run import LOST, End, Observation, Run, RunFacts, RunKey
from bot.core.text.text import Mention
from bot.core.views.end_batch import LINES_A_BLOCK, end_batch_message
from tests.core.views.plain import said, shown

APP = "https://app.example"


def ended(number: int, state: str = "SUCCESS") -> Run:
    """A run that is over."""
    facts = RunFacts("nightly", f"Nightly {number}", asked_by="U1")
    return Run(RunKey("w", number), facts=facts, seen=Observation(state), end=End())


def test_ends_are_counted_by_how_they_ended() -> None:
    """The first line counts the ends by outcome, failures first."""
    message = end_batch_message([ended(1), ended(2, "FAILED"), ended(3), ended(4, "CANCELED"), ended(5, "ERROR")], APP)
    first = shown(message)[0]
    assert first.startswith("5 runs ")
    assert "2 failed, 2 succeeded, 1 cancelled" in first
    assert said(message.text).startswith(first)


def test_what_failed_or_was_lost_comes_first() -> None:
    """Failed and lost runs come first, each group by number, in the blocks and in the notification."""
    message = end_batch_message([ended(1), ended(4, "FAILED"), ended(3, LOST), ended(2)], APP)
    lines = [line for line in shown(message) if "run " in line][-4:]
    assert [line.partition("· run ")[2].split()[0] for line in lines] == ["3", "4", "1", "2"]
    text = said(message.text)
    assert text.index("run 3)") < text.index("run 4)") < text.index("run 1)") < text.index("run 2)")


def test_only_those_whose_run_went_wrong_are_mentioned() -> None:
    """Only people whose run went wrong are mentioned."""
    bad = end_batch_message([replace(ended(1, "FAILED"), facts=RunFacts("n", asked_by="U2")), ended(2)], APP)
    mentioned = [span for block in bad.blocks for span in block.text if isinstance(span, Mention)]  # type: ignore[union-attr]
    assert mentioned == [Mention("U2")]


def test_logs_are_promised_only_if_something_failed() -> None:
    """The thread is mentioned only if a run failed, because otherwise no log follows there."""
    assert "thread" in shown(end_batch_message([ended(1, "FAILED"), ended(2)], APP))[0]
    assert "thread" not in shown(end_batch_message([ended(1), ended(2)], APP))[0]


def test_what_failures_have_in_common_is_said_once() -> None:
    """A shared cause is shown once with the number of runs, however many nodes of each run have it."""
    cause = Cause(7, "missing_column", "A column is missing.", "Check its name.", Retry.NO)
    broken = replace(ended(1, "FAILED"), end=End(causes=(cause,)))
    message = end_batch_message([broken, replace(broken, key=RunKey("w", 2)), ended(3)], APP)
    assert sum("A column is missing." in line for line in shown(message)) == 1
    assert any("2 runs" in line for line in shown(message))


def test_many_ends_take_several_blocks() -> None:
    """Many ends are spread over several blocks, because Slack limits each block."""
    message = end_batch_message([ended(number) for number in range(1, 3 * LINES_A_BLOCK)], APP)
    assert len(message.blocks) == 1 + 3
    assert len(shown(message)) == 3 * LINES_A_BLOCK
