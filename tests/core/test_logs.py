"""Reading what dbt and others print."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.logs import excerpt, keep, log_file, mask_in_pieces, strip_ansi

SAMPLES = Path(__file__).parents[1] / "data" / "dbt"


def sample(name: str) -> str:
    """What one dbt command wrote to stdout."""
    return (SAMPLES / f"{name}.stdout.txt").read_text()


@pytest.mark.parametrize(
    ("name", "summary", "lines"),
    [
        (
            "02-build-model-error",
            "1 test failed, 4 skipped",
            (
                "Failure in test unique_stg_orders_order_id (models/sources.yml)\n"
                "  Got 1 result, configured to fail if != 0\n"
                "  compiled code at target/compiled/shop/models/sources.yml/unique_stg_orders_order_id.sql"
            ),
        ),
        (
            "03-run-model-error",
            "1 model failed, 1 skipped",
            (
                "Failure in model fct_revenue (models/marts/fct_revenue.sql)\n"
                "  Runtime Error in model fct_revenue (models/marts/fct_revenue.sql)\n"
                '  Binder Error: Values list "o" does not have a column named "net_amnt"\n'
                "  compiled code at target/compiled/shop/models/marts/fct_revenue.sql"
            ),
        ),
        (
            "07-source-freshness-error",
            "1 source failed",
            "Failure in source raw_orders (models/sources.yml)\n  Status: error",
        ),
        (
            "08-compilation-error",
            "Compilation Error",
            (
                "Encountered an error:\nCompilation Error\n  Model 'model.shop.broken_ref' (models/marts/broken_ref.sql) "
                "depends on a node named 'no_such_model' which was not found"
            ),
        ),
    ],
)
def test_the_lines_that_matter_are_dbts_own_report(name: str, summary: str, lines: str) -> None:
    """The blocks between what it completed with and `Done.`: without times, colours and warnings."""
    found = excerpt(sample(name), "", 2900)
    assert found.lines == lines
    assert found.summary == summary


def test_failed_nodes_are_named() -> None:
    """Status, name, kind and message of each."""
    (test,) = excerpt(sample("02-build-model-error"), "", 2900).nodes
    assert (test.status, test.name, test.kind) == ("FAIL", "unique_stg_orders_order_id", "test")
    (model,) = excerpt(sample("03-run-model-error"), "", 2900).nodes
    assert (model.status, model.message) == (
        "ERROR",
        'Binder Error: Values list "o" does not have a column named "net_amnt"',
    )


@pytest.mark.parametrize("name", ["01-seed", "04-retry-success", "10-no-nodes", "11-deps"])
def test_without_a_report_the_tail_serves(name: str) -> None:
    """Nothing is recognised: the last lines are better than nothing."""
    assert excerpt(sample(name), "", 2900).lines.endswith(strip_ansi(sample(name)).rstrip().splitlines()[-1])


def test_another_tool_speaks_on_stderr() -> None:
    """A traceback is there, not on stdout."""
    assert excerpt("working\n", "Traceback (most recent call last):\nValueError: x\n", 500).lines.endswith(
        "ValueError: x"
    )


def test_every_failure_keeps_its_head_where_room_is_short() -> None:
    """Many failures, little room: each shown one begins with its heading, and the rest is counted."""
    blocks = "".join(f"\x1b[0m21:05:13  Failure in model m{n} (m{n}.sql)\n  {'x' * 900}\n" for n in range(30))
    text = f"21:05:13  Completed with 30 errors, 0 warnings:\n{blocks}21:05:13  Done. PASS=0 WARN=0 ERROR=30 SKIP=0 TOTAL=30\n"
    found = excerpt(text, "", 2900)
    assert len(found.lines) <= 2900
    assert found.lines.startswith("Failure in model m0 ")
    assert "more failure" in found.lines
    assert found.summary == "30 models failed"


@given(st.text(), st.text(), st.integers(200, 5000))
def test_no_output_breaks_the_reader(stdout: str, stderr: str, limit: int) -> None:
    """Whatever a command prints, the excerpt fits and holds no escape."""
    found = excerpt(stdout, stderr, limit)
    assert len(found.lines) <= limit
    assert "\x1b" not in found.lines


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07x", "x"),
        ("10%\r50%\r100%\ndone", "100%\ndone"),
        ("a\r\nb", "a\nb"),
        ("bell\x07\x00", "bell"),
    ],
)
def test_escapes_and_control_characters_go(text: str, plain: str) -> None:
    """A line that was drawn over keeps its last state."""
    assert strip_ansi(text) == plain


def test_a_small_log_is_whole_with_stderr_behind_stdout() -> None:
    """Nothing is cut that need not be."""
    file = log_file("out\n", "err\n")
    assert not file.cut
    assert file.text == "out\n\n--- stderr ---\nerr\n"


def test_a_large_log_keeps_its_first_lines_and_its_tail() -> None:
    """At most a megabyte of UTF-8, no character split, and a line that says what was cut."""
    text = "".join(f"línea {number}\n" for number in range(200_000))
    file = log_file(text, "")
    assert file.cut
    assert len(file.text.encode()) <= 1_000_000
    assert file.text.startswith("línea 0\n")
    assert file.text.endswith("línea 199999\n")
    assert "--- cut here: the whole log has" in file.text


def test_what_is_kept_of_a_huge_log_begins_and_ends_with_lines() -> None:
    """Reading all of it would stop everything else."""
    text = "".join(f"line {number}\n" for number in range(1_000_000))
    kept = keep(text)
    assert len(kept) < 2_200_000
    assert kept.startswith("line 0\n")
    assert kept.endswith("line 999999\n")


def test_pieces_end_with_lines_and_never_inside_a_key() -> None:
    """What is masked in pieces is masked as if it were whole."""
    key = "-----BEGIN PRIVATE KEY-----\n" + "A" * 60 + "\n" + "-----END PRIVATE KEY-----\n"
    text = ("x" * 50 + "\n") * 3 + key + ("y" * 50 + "\n") * 3
    pieces: list[str] = []

    def note(piece: str) -> str:
        pieces.append(piece)
        return piece

    assert mask_in_pieces(text, note, size=200) == text
    assert len(pieces) > 1
    assert all(piece.count("-----BEGIN") == piece.count("-----END") for piece in pieces)
