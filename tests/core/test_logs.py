"""Reading what dbt and others print."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.logs import excerpt, keep, log_file, mask_in_pieces, strip_ansi, tail
from bot.core.redact import Redactor

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


DONE = "21:05:13  Done. PASS=1 WARN=1 ERROR=0 SKIP=0 TOTAL=2\n"
WARNED = f"""21:05:13  Completed with 0 errors, 0 partial successes, and 1 warning:
21:05:13  Warning in test a (b.yml)
21:05:13  Got 1 result, configured to warn if != 0
{DONE}"""
TRACEBACK = """Traceback (most recent call last):
  File "a.py", line 1, in <module>
KeyError: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "b.py", line 1, in <module>
ValueError: y
"""


@pytest.mark.parametrize(
    ("stdout", "stderr", "kind", "lines"),
    [
        (WARNED + "upload failed\n", "", "tail", "upload failed"),
        ("step 1\nERROR: it broke\n", "DeprecationWarning: old\n", "tail", "step 1\nERROR: it broke"),
        ("Cloning\n", "fatal: could not read from remote\n", "tail", "fatal: could not read from remote"),
        ("\n".join(str(n) for n in range(99)), "", "tail", "\n".join(str(n) for n in range(59, 99))),
        ("", "noise\n" * 90 + TRACEBACK, "traceback", "\n".join(line for line in TRACEBACK.split("\n") if line)),
        ("", "", "tail", ""),
    ],
)
def test_of_other_output_what_tells_most_is_shown(stdout: str, stderr: str, kind: str, lines: str) -> None:
    """A chain of tracebacks from its first, else the tail of the stream that speaks of an error."""
    found = excerpt(stdout, stderr, 2900)
    assert found.kind == kind
    assert found.lines.endswith(lines)
    assert kind == "tail" or found.lines == lines


def test_a_long_tail_begins_with_a_line() -> None:
    """Where room is short the last lines are whole ones."""
    found = excerpt("\n".join(f"line {n} " + "x" * 50 for n in range(40)), "", 300)
    assert len(found.lines) <= 300
    assert found.lines.startswith("line ")


def test_a_traceback_is_called_by_its_exception() -> None:
    """That is what the card says."""
    alone = TRACEBACK.rpartition("\n\n")[2]
    found = excerpt("", alone, 900)
    assert (found.kind, found.summary) == ("traceback", "ValueError: y")


def test_other_adapters_and_levels_of_logging_are_read() -> None:
    """Headings of older versions, debug's level and thread, unit tests, and a message that has a `Done.` of its own."""
    text = (
        "21:05:13.123456 [error] [MainThread]: Completed with 2 errors, 0 partial successes, and 0 warnings:\n"
        "21:05:13.123456 [error] [MainThread]: Database Error in model fct (models/fct.sql)\n"
        "  division by zero\nDone.\n"
        "21:05:13.123456 [error] [MainThread]: Failure in unit_test t (models/t.yml)\n"
        "  Database Error in unit_test t (models/t.yml)\n  actual differs\n"
        "21:05:13.123456 [info ] [MainThread]: Done. PASS=0 WARN=0 ERROR=2 SKIP=0 TOTAL=2\n"
    )
    found = excerpt(text, "", 900)
    assert found.kind == "dbt"
    assert found.summary == "1 model failed, 1 unit test failed"
    assert [(node.name, node.message) for node in found.nodes] == [
        ("fct", "division by zero Done."),
        ("t", "actual differs"),
    ]
    assert found.lines.startswith("Database Error in model fct (models/fct.sql)\n")


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
        ("\x1b(Bplain", "plain"),
        ("\x1b]0;title\nnot lost", "\nnot lost"),
        ("\x1b]8;;https://x.test\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\u202eturned\u2066", "turned"),
        ("half \ud800 a pair", "half \ufffd a pair"),
        ("c1 \x9b \x85 gone", "c1   gone"),
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
    assert "--- cut here: the log is longer than 1.0 MB;" in file.text


@given(st.text(), st.text(), st.integers(1000, 3000))
def test_no_log_makes_a_file_that_is_too_large(stdout: str, stderr: str, limit: int) -> None:
    """In bytes, whatever characters it holds."""
    file = log_file(stdout * 40, stderr * 40, limit)
    assert len(file.text.encode()) <= limit


def test_a_log_of_one_long_line_is_cut_inside_it() -> None:
    """There is no other place."""
    file = log_file("z" * 2_000_000 + "\nlast\n", "")
    assert 990_000 < len(file.text) <= 1_000_000
    assert file.text.endswith("zzz\nlast\n")
    assert len(keep("z" * 3_000_000 + "\nlast\n")) > 2_000_000


def test_a_secret_with_a_colour_inside_is_whole_for_the_masker() -> None:
    """What is kept has no colours any more, and is masked after that."""
    value = "ghp_abcdEFGH1234567890"
    kept = keep(f"token \x1b[31m{value[:9]}\x1b[0m{value[9:]}\n")
    assert value not in mask_in_pieces(kept, Redactor().mask)
    assert value in kept


def test_a_line_longer_than_a_piece_is_masked_whole() -> None:
    """It may be one long line of JSON, with a secret anywhere in it."""
    value = "ghp_abcdEFGH1234567890"
    line = "x " * 500 + value + " y" * 500
    for size in range(1000, 1040):
        assert value not in mask_in_pieces(f"{line}\n{line}", Redactor().mask, size=size)


@given(
    st.lists(st.sampled_from(["a", "\n", " ", "-----BEGIN K-----", "-----END K-----"])).map("".join), st.integers(1, 40)
)
def test_pieces_lose_nothing(text: str, size: int) -> None:
    """Put together they are the text."""
    assert mask_in_pieces(text, str, size=size) == text


@pytest.mark.parametrize(
    "unit",
    ["\x1b[", "\x1b]", "\x1b[0;", "a\r", "Failure in model m (m)\n", "word ", "Traceback (most recent call last):\n",
     "Encountered an error:\n", "Done.\n", "During handling of the above\nTraceback (most recent call last):\n", "\n"],
)  # fmt: skip
def test_reading_takes_linear_time(unit: str) -> None:
    """Eight times the text takes at most some twenty times as long: a quadratic rule would take sixty-four."""

    def seconds(count: int) -> float:
        text = (unit * count)[:count]
        best = float("inf")
        for _ in range(3):
            began = time.process_time()
            excerpt(text, text, 2900)
            best = min(best, time.process_time() - began)
        return best

    small, large = seconds(20_000), seconds(160_000)
    assert large < 20 * max(small, 0.002)


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
    text = ("x " * 25 + "\n") * 3 + key + ("y " * 25 + "\n") * 3
    pieces: list[str] = []

    def note(piece: str) -> str:
        pieces.append(piece)
        return piece

    assert mask_in_pieces(text, note, size=200) == text
    assert len(pieces) > 1
    assert all(piece.count("-----BEGIN") == piece.count("-----END") for piece in pieces)


def test_the_tail_has_both_streams() -> None:
    """The last lines of stdout, then those of stderr; of one alone no mark."""
    out = "".join(f"out {number}\n" for number in range(100))
    both = tail(out, "err 1\nerr 2\n", 2900)
    assert both.startswith("out 80\n")
    assert both.endswith("out 99\n--- stderr ---\nerr 1\nerr 2")
    assert tail("", "err\n", 2900) == "err"
    assert tail(out, "", 2900).startswith("out 60\n")
    assert tail("", "", 2900) == ""


@given(st.text(max_size=5000), st.text(max_size=5000), st.integers(200, 3000))
def test_the_tail_fits(out: str, err: str, limit: int) -> None:
    """Whatever is printed."""
    assert len(tail(out, err, limit)) <= limit
