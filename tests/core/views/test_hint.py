"""Hints in one line, and for several causes."""

from __future__ import annotations

from dataclasses import replace

from bot.core.model.cause import Cause, Retry
from bot.core.views.hint import hint_line, hint_lines, of_runs

COLUMN = Cause(2, "missing_column", "A column is missing.", "Check its name.", Retry.NO)
LOCK = Cause(1, "deadlock", "Two jobs blocked each other.", "Retry.", Retry.YES)


def said(sentence: tuple[object, ...]) -> str:
    """The words alone."""
    return "".join(span if isinstance(span, str) else f"<{getattr(span, 'text', '')}>" for span in sentence).strip()


def test_no_hint_is_no_line() -> None:
    """What nobody knows is left out."""
    assert hint_line(()) == hint_line((Cause(3),)) == hint_lines(()) == hint_lines((Cause(3),)) == ()


def test_one_cause() -> None:
    """For all of them, and whether a retry helps."""
    assert said(hint_line((COLUMN,))) == (
        "<> A column is missing. Check its name. Fix this first; a retry alone won't help."
    )
    assert "It's the same for all 2 failures." in said(hint_lines((COLUMN,)))
    assert "same for all" not in said(hint_lines((LOCK,)))
    assert "Fix this first" not in said(hint_line((LOCK,)))


def test_several_causes() -> None:
    """Each with its number; a retry may help some of them."""
    told = said(hint_lines((COLUMN, LOCK, Cause(4))))
    assert "2 failures: A column is missing." in told
    assert "1 failure: Two jobs" in told
    assert "4 failures for other reasons." in told
    assert "Fix this first" not in told
    assert said(hint_line((COLUMN, LOCK))).startswith("<> 2 failures: A column")


def test_more_causes_than_are_shown() -> None:
    """The most frequent three; the others are counted."""
    many = tuple(Cause(1, f"hint_{number}", f"Reason {number}.", "Do this.") for number in range(6))
    told = said(hint_lines(many))
    assert "Reason 2." in told
    assert "Reason 3." not in told
    assert told.endswith("3 failures for other reasons.")


def test_a_runbook_is_linked() -> None:
    """A team's own rows may have one."""
    assert said(hint_line((Cause(1, "ours", "It broke.", "Look.", runbook="https://wiki.test/x"),))).endswith(
        "Look. <Runbook>"
    )


def test_causes_of_several_runs() -> None:
    """Each run counts once, by its most frequent cause; those without a hint come last."""
    causes = of_runs([(COLUMN,), (Cause(7),), (LOCK, COLUMN), (replace(COLUMN, count=9),), ()])
    assert [(cause.id, cause.count) for cause in causes] == [("missing_column", 2), ("deadlock", 1), ("", 2)]
    assert "2 runs: A column is missing." in said(hint_lines(causes, "run"))
    assert said(hint_lines(causes, "run")).endswith("2 runs for other reasons.")
