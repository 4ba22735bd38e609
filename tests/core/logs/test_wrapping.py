"""A tool's output inside the prefixes and JSON that schedulers and containers add."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from bot.core.logs.clean import strip_ansi
from bot.core.logs.read_log import Reading, read_log, reading
from tests.core.logs.cases import LIMIT, cases

(OLD,) = (case for case in cases() if case.name == "v3-dbt17-order")
PLAIN = strip_ansi(OLD.stdout)


def read(stdout: str, stderr: str = "") -> Reading:
    """The reading of these streams of a failed command."""
    return reading(read_log(stdout, stderr, LIMIT), limit=LIMIT, exit_code=1)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda line: f"[2026-11-28, 12:00:01 UTC] {{subprocess.py:93}} INFO - {line}",
        lambda line: f"[2026-11-28T12:00:01.123+0000] INFO - {line}",
        lambda line: f"dbt-1  | {line}",
        lambda line: f"2026-11-28T12:00:01.1234567Z {line}",
        lambda line: f"2026-11-28T12:00:01.123456789Z stdout F {line}",
        lambda line: f"2026-11-28 12:00:01,123 - INFO - {line}",
        lambda line: f"2026-11-28 12:00:01 +0000 - dagster - INFO - {line}",
        lambda line: f"12:00:01.123 | INFO    | Task run 'dbt-0' - {line}",
        lambda line: f"Nov 28 12:00:01 etl-1 dbt[71]: {line}",
        lambda line: f"INFO:root:{line}",
        lambda line: f"[dbt] {line}",
        lambda line: f"dbt-1  | [2026-11-28T12:00:01.123+0000] INFO - {line}",
        lambda line: json.dumps({"log": f"{line}\n", "stream": "stdout", "time": "2026-11-28T12:00:01Z"}),
        lambda line: line[10:] if line[2:3] == ":" else line,
        lambda line: f"{line[:8]} {line[10:]}" if line[2:3] == ":" else line,
    ],
)
def test_dbt_is_read_inside_its_wrapping(wrap: Callable[[str], str]) -> None:
    """The same failures are found whatever precedes each line, even if dbt's own times are missing."""
    found = read("".join(f"{wrap(line)}\n" for line in PLAIN.splitlines()))
    bare = read(OLD.stdout)
    assert found.summary == bare.summary == "2 models failed, 1 test failed, 1 skipped because of them"
    assert found.failed == bare.failed
    assert [one.message for one in found.failures] == [one.message for one in bare.failures]
    assert found.excerpt.startswith("Runtime Error in model a_bad (models/a_bad.sql)\n")


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        ({"level": "error", "msg": "no route to host", "error": "dial tcp: refused"}, "ERROR no route to host"),
        ({"type": "LOG", "log": {"level": "ERROR", "message": "no route to host"}}, "ERROR no route to host"),
        (
            {"type": "TRACE", "trace": {"type": "ERROR", "error": {"message": "no route to host"}}},
            "ERROR no route to host",
        ),
        ({"level": 50, "msg": "no route to host"}, "ERROR no route to host"),
        ({"severity": "CRITICAL", "message": "no route to host"}, "CRITICAL no route to host"),
        ({"level": "error", "event": "no route to host", "exception": "E: x"}, "ERROR no route to host"),
    ],
)
def test_json_lines_of_other_tools_show_their_messages(event: dict[str, object], shown: str) -> None:
    """An error in JSON lines is found far from the end, and shown as text."""
    quiet = [json.dumps({"level": "info", "msg": f"closing stream {number}"}) for number in range(500)]
    found = read("\n".join([*quiet[:9], json.dumps(event), *quiet]))
    assert found.summary == shown
    assert shown in found.excerpt.split("\n")
    assert "{" not in found.excerpt


def test_errors_keep_the_prefix_that_tells_when() -> None:
    """Lines of other tools keep their prefix, because it says when something happened."""
    lines = [f"2026-11-28T12:00:{second:02}Z INFO step {second}" for second in range(60)]
    found = read("\n".join([*lines, "2026-11-28T12:01:00Z ERROR the disk is full", *lines]))
    assert "2026-11-28T12:01:00Z ERROR the disk is full" in found.excerpt
