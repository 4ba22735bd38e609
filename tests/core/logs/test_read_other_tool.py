"""Other tools' output: the line that best says what went wrong, and the lines around it."""

from __future__ import annotations

import pytest

from bot.core.logs.log_findings import LogFindings
from bot.core.logs.read_other_tool import LINE_MOST, TAIL_LINES, read_other

JAVA = (
    'Exception in thread "main" org.acme.JobException: stage failed\n'
    + "\tat org.acme.A.b(A.scala:1)\n" * 60
    + "Caused by: java.sql.SQLException: ORA-00942: no such table\n"
    + "\tat oracle.D.e(D.java:4)\n" * 60
)


TRACEBACK = """Traceback (most recent call last):
  File "a.py", line 1, in <module>
KeyError: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "b.py", line 1, in <module>
ValueError: y
"""


def other(stdout: str, stderr: str = "", limit: int = 2_900, *, with_dbt: bool = False) -> LogFindings:
    """The findings in these streams."""
    streams = (stdout.split("\n"), stderr.split("\n"))
    return read_other(streams, streams, limit, with_dbt=with_dbt)


@pytest.mark.parametrize(
    ("stdout", "stderr", "summary"),
    [
        ("x\n" * 90 + JAVA, "", "java.sql.SQLException: ORA-00942: no such table"),
        ("ok\n" * 9 + "ERROR: no such relation\n" + "INFO closing\n" * 900 + "make: *** [all] Error 1\n", "",
         "ERROR: no such relation"),
        ("", "./run.sh: line 3: FOO: unbound variable\n", "./run.sh: line 3: FOO: unbound variable"),
        ("", "curl: (6) Could not resolve host: api.test\n", "curl: (6) Could not resolve host: api.test"),
        ("", "usage: load.py [-h] --to TO\nload.py: error: --to is required\n", "load.py: error: --to is required"),
        ("╷\n│ Error: Invalid provider\n╵\n", "", "Error: Invalid provider"),
        ("Error in step load: HTTP 429, trying again\n" + "ok\n" * 60, TRACEBACK, "ValueError: y"),
    ],
)  # fmt: skip
def test_other_tools_are_called_by_their_error(stdout: str, stderr: str, summary: str) -> None:
    """The error is found wherever it is in the output, and is among the lines shown."""
    found = other(stdout, stderr)
    assert found.problem == summary
    assert summary in found.shown


def test_a_chain_of_tracebacks_is_shown_from_its_first() -> None:
    """A chain of tracebacks is shown from the first one on, and the last exception is the problem."""
    found = other("", "noise\n" * 90 + TRACEBACK)
    assert (found.dialect, found.problem) == ("traceback", "ValueError: y")
    assert found.shown.split("\n") == [line for line in TRACEBACK.split("\n") if line]


def test_a_long_traceback_keeps_its_first_line_and_its_last_ones() -> None:
    """A long traceback is cut in the middle, because the exception is at its end."""
    frames = "".join(f'  File "a.py", line {number}, in f\n    call()\n' for number in range(200))
    found = other("", f"Traceback (most recent call last):\n{frames}ValueError: y\n", 500)
    assert len(found.shown) <= 500
    assert found.shown.startswith("Traceback (most recent call last):\n…\n")
    assert found.shown.endswith("ValueError: y")


@pytest.mark.parametrize(
    "line",
    [
        "0 errors",
        "errors=0",
        "no errors found",
        "DeprecationWarning: error classes move",
        "INFO retry after error",
        "all good",
    ],
)
def test_what_only_sounds_like_an_error_is_none(line: str) -> None:
    """Zero counts, warnings and retries aren't errors."""
    assert other(f"{line}\n").problem == ""


def test_the_stream_that_speaks_of_an_error_is_shown() -> None:
    """The stream that mentions an error is shown, or both streams if both mention one."""
    assert other("step 1\nERROR: it broke\n", "DeprecationWarning: old\n").shown == "step 1\nERROR: it broke"
    assert other("Cloning\n", "fatal: could not read\n").shown == "fatal: could not read"
    assert other("ERROR: a\n", "ERROR: b\n").shown == "ERROR: a\nERROR: b"


def test_without_any_word_of_an_error_the_tail_is_shown() -> None:
    """If no line mentions an error, the last whole lines are shown."""
    lines = [str(number) for number in range(99)]
    assert other("\n".join(lines)).shown.split("\n") == lines[-TAIL_LINES:]
    short = other("\n".join(f"line {number} {'x' * 50}" for number in range(40)), limit=300).shown
    assert len(short) <= 300
    assert short.startswith("line ")


def test_the_last_word_on_stderr_is_kept() -> None:
    """The last line on stderr that isn't a warning is kept, because it's usually the error."""
    assert other("", "it is all lost\nwarning: old\n").last == "it is all lost"


def test_dbts_lines_are_left_to_dbts_reader() -> None:
    """dbt's own lines aren't taken for errors, whatever words they contain; a script's lines are."""
    text = "12:00:01  1 of 1 OK created model errors_by_day\nupload.sh: cannot reach bucket\n"
    assert other(text, with_dbt=True).problem == "upload.sh: cannot reach bucket"


def test_linted_files_are_named() -> None:
    """The files that a linter failed are counted, and the first ones named."""
    text = "".join(f"== [models/m{number}.sql] FAIL\nL: 1 | x\n" for number in range(7))
    assert other(text).problem.startswith("7 files failed the check: models/m0.sql, ")


def test_what_matters_is_found_in_a_long_output() -> None:
    """An error in a long output is shown with the lines around it, a mark for omitted lines, and no overlong line."""
    text = "ok\n" * 500 + "x" * 5_000 + "\nERROR: no such relation\nat line 3\n" + "ok\n" * 500
    shown = other(text).shown.split("\n")
    at = shown.index("ERROR: no such relation")
    assert shown[at + 1] == "at line 3"
    assert "…" in shown
    assert max(map(len, shown)) <= LINE_MOST
