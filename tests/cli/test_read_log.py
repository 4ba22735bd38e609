"""`bolt-bot read-log`: the bot's findings about a command's output, read from files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.cli import main

SAMPLES = Path(__file__).parents[1] / "data" / "dbt"
MODEL_ERROR = SAMPLES / "03-run-model-error.stdout.txt"


def test_one_json_object_says_it_all(capsys: pytest.CaptureFixture[str]) -> None:
    """JSON has the summary, counts, lines that matter, failed nodes and hint, in dbt's words for kinds and statuses."""
    results = SAMPLES / "03-run-model-error.run_results.json"
    status = main(["read-log", "--stdout", str(MODEL_ERROR), "--results", str(results), "--exit", "1", "--json"])
    said = json.loads(capsys.readouterr().out)
    assert status == 0
    assert said["excerpt"].startswith("Failure in model fct_revenue (models/marts/fct_revenue.sql)\n")
    del said["excerpt"]
    assert said == {
        "summary": "1 model failed, 1 skipped because of it",
        "failed": {"model": 1},
        "nodes": [
            {
                "status": "error",
                "name": "fct_revenue",
                "kind": "model",
                "message": 'Binder Error: Values list "o" does not have a column named "net_amnt"',
            }
        ],
        "hint": {
            "id": "missing_column",
            "text": "The query uses a column that doesn't exist, perhaps because it was renamed upstream.",
            "next": "Compare the column name with the table it comes from.",
            "retry": "no",
        },
    }


def test_for_people_it_prints_text(capsys: pytest.CaptureFixture[str]) -> None:
    """Text has the summary first, then the lines that matter, then the failed nodes."""
    assert main(["read-log", "--stdout", str(MODEL_ERROR)]) == 0
    told = capsys.readouterr().out
    assert told.startswith("1 model failed, 1 skipped because of it\n\nThe query uses a column that doesn't exist")
    assert "\n\n    Failure in model fct_revenue" in told
    assert "\nerror  model fct_revenue  Binder Error" in told


def test_other_tools_have_no_nodes_and_secrets_are_masked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Another tool's output has no nodes; both streams are read, even in UTF-16, and secrets are masked."""
    out, err = tmp_path / "out", tmp_path / "err"
    out.write_bytes("Lädt\r\n".encode("utf-16"))
    err.write_text("\x1b[31mfatal: cannot reach https://ada:hunter2secret@git.test/x\x1b[0m\n")
    assert main(["read-log", "--stdout", str(out), "--stderr", str(err), "--exit", "128", "--json"]) == 0
    told = capsys.readouterr().out
    said = json.loads(told)
    assert said["failed"] == {}
    assert said["nodes"] == []
    assert said["summary"].startswith("fatal: cannot reach https://")
    assert "hunter2secret" not in told
    assert "\\u001b" not in told


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "can't be read: No such file or directory"),
        ("{oops", "isn't a run_results.json or sources.json from dbt"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, why: str
) -> None:
    """If a file can't be read, the command prints one sentence that names the file, and exits with status 2."""
    path = tmp_path / "run_results.json"
    if content is not None:
        path.write_text(content)
    assert main(["read-log", "--stdout", str(MODEL_ERROR), "--results", str(path), "--json"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"{path} {why}.\n"


def test_row_values_are_left_out_unless_they_are_wanted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Row values are left out of the log and dbt's results, as in the bot's posts, unless they're asked for."""
    message = 'Database Error in model m (m.sql)\n  invalid input syntax for type integer: "twenty"'
    out, results = tmp_path / "out", tmp_path / "run_results.json"
    out.write_text(f"12:00:00  Running with dbt=1.8.9\n12:00:01  Completed with 1 error\n12:00:01    {message}\n")
    results.write_text(
        json.dumps(
            {"results": [{"unique_id": "model.k.m", "status": "error", "message": message, "execution_time": 1}]}
        )
    )
    asked = ["read-log", "--stdout", str(out), "--results", str(results), "--exit", "1"]
    assert main(asked) == 0
    told = capsys.readouterr().out
    assert "twenty" not in told
    assert "(row values left out)" in told
    assert main([*asked, "--show-row-values"]) == 0
    assert "twenty" in capsys.readouterr().out
