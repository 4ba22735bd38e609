"""Hints in one line, and for several causes."""

from __future__ import annotations

from dataclasses import replace

from bot.core.model.cause import Cause, Retry
from bot.core.views.hint import hint_line, hint_lines, of_runs

COLUMN = Cause(2, "missing_column", "A column is missing.", "Check its name.", Retry.NO)
LOCK = Cause(1, "deadlock", "Two jobs blocked each other.", "Retry.", Retry.YES)


def said(sentence: tuple[object, ...]) -> str:
    """The sentence as text, with spans other than plain text in angle brackets."""
    return "".join(span if isinstance(span, str) else f"<{getattr(span, 'text', '')}>" for span in sentence).strip()


def test_no_hint_is_no_line() -> None:
    """Without a known cause there's no line."""
    assert hint_line(()) == hint_line((Cause(3),)) == hint_lines(()) == hint_lines((Cause(3),)) == ()


def test_one_cause() -> None:
    """For a single cause, the line says that all failures share it, and that a retry alone won't help."""
    assert said(hint_line((COLUMN,))) == (
        "<> A column is missing. Check its name. Fix this first; a retry alone won't help."
    )
    assert "The cause is the same for all 2 failures." in said(hint_lines((COLUMN,)))
    assert "same for all" not in said(hint_lines((LOCK,)))
    assert "Fix this first" not in said(hint_line((LOCK,)))


def test_several_causes() -> None:
    """Several causes are each shown with their number of failures, without saying that a retry is useless."""
    told = said(hint_lines((COLUMN, LOCK, Cause(4))))
    assert "2 failures: A column is missing." in told
    assert "1 failure: Two jobs" in told
    assert "4 failures for other reasons." in told
    assert "Fix this first" not in told
    assert said(hint_line((COLUMN, LOCK))).startswith("<> 2 failures: A column")


def test_more_causes_than_are_shown() -> None:
    """The first three causes are shown, and the others are counted."""
    many = tuple(Cause(1, f"hint_{number}", f"Reason {number}.", "Do this.") for number in range(6))
    told = said(hint_lines(many))
    assert "Reason 2." in told
    assert "Reason 3." not in told
    assert told.endswith("3 failures for other reasons.")


def test_a_runbook_is_linked() -> None:
    """A team's own hint may link a runbook."""
    assert said(hint_line((Cause(1, "ours", "It broke.", "Look.", runbook="https://wiki.test/x"),))).endswith(
        "Look. <Runbook>"
    )


def test_causes_of_several_runs() -> None:
    """Each run counts once, by its first cause; runs without a hint come last."""
    causes = of_runs([(COLUMN,), (Cause(7),), (LOCK, COLUMN), (replace(COLUMN, count=9),), ()])
    assert [(cause.id, cause.count) for cause in causes] == [("missing_column", 2), ("deadlock", 1), ("", 2)]
    assert "2 runs: A column is missing." in said(hint_lines(causes, "run"))
    assert said(hint_lines(causes, "run")).endswith("2 runs for other reasons.")
