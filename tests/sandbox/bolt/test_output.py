"""dbt's logs and files, compared with real ones."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bolt_sandbox.bolt.artifacts import content
from bolt_sandbox.bolt.model import Step
from bolt_sandbox.bolt.output import LOGS, PLAIN, Source, as_text, fake_secrets, printed, whole_log
from bolt_sandbox.bolt.run_state import CommandView

SAMPLES = Path(__file__).parents[4] / "shared" / "dbt-samples"
STAMP = re.compile(r"^\x1b\[0m\d\d:\d\d:\d\d", re.MULTILINE)
TOOK = re.compile(r"in 0 hours .*s\)\.")
OF_SAMPLE = {
    "01-seed": "seed",
    "02-build-model-error": "build-test-failure",
    "03-run-model-error": "run-model-error",
    "04-retry-success": "retry-success",
    "07-source-freshness-error": "freshness-error",
    "08-compilation-error": "compilation-error",
    "10-no-nodes": "no-nodes",
    "11-deps": "deps",
}
START = datetime(2026, 11, 23, 23, 59, 58, tzinfo=UTC)
KINDS = sorted(path.stem for path in LOGS.glob("*.txt")) + sorted(PLAIN)


def source(kind: str, duration_s: float = 4.0) -> Source:
    """A log of this kind."""
    return Source(kind, "dbt run", START, duration_s, 7)


def ended(kind: str, command: str = "dbt run", code: int = 1) -> CommandView:
    """A command of 4 s that has ended."""
    step = Step(command, 4.0, code, kind)
    return CommandView(1, 0, step, START, 4.0, START + timedelta(seconds=4), code)


def without_times(text: str) -> str:
    """A log without the times, which differ from one run to the next."""
    return TOOK.sub("", STAMP.sub("", text))


def sample(name: str) -> Path:
    """A file that a real dbt wrote; the test is skipped without it."""
    path = SAMPLES / name
    if not path.exists():
        pytest.skip("the samples of dbt's output are not beside the project")
    return path


@pytest.mark.parametrize(("name", "kind"), OF_SAMPLE.items())
def test_logs_say_what_dbt_says(name: str, kind: str) -> None:
    """Apart from the times, a log is what a real dbt printed, including colors."""
    real = sample(f"{name}.stdout.txt").read_text(encoding="utf-8")
    ours = as_text(list(whole_log(source(kind))), "STDOUT")
    assert without_times(ours) == without_times(real)


@pytest.mark.parametrize("kind", KINDS)
def test_lines_are_printed_in_the_time_of_the_command(kind: str) -> None:
    """Every line is printed within the command's time and in order, and timestamps in lines are the run's."""
    lines = whole_log(source(kind))
    times = [line.at_s for line in lines]
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] <= 4.0
    for line in lines[:50]:
        stamped = re.match(r"\x1b\[0m(\d\d:\d\d:\d\d)", line.text)
        assert stamped is None or stamped[1] == f"{START + timedelta(seconds=line.at_s):%H:%M:%S}"


def test_the_noisy_log() -> None:
    """The noisy log is megabytes long, fails as dbt does, and contains every made-up credential."""
    text = as_text(list(whole_log(source("noisy"))), "STDOUT")
    assert 2_000_000 < len(text) < 5_000_000
    assert all(secret in text for secret in fake_secrets(7))
    assert text.index("Completed with 1 error") < text.index("While connecting with") < text.index("Done. PASS")


def test_a_stopped_command_says_so() -> None:
    """A stopped command has printed its output so far, and then *Terminated* on stderr."""
    lines = printed(source("seed"), 2.0, stopped=True)
    assert as_text(lines, "STDERR") == "Terminated\n"
    assert "Done." not in as_text(lines, "STDOUT")


@pytest.mark.parametrize(
    ("name", "kind"),
    [(name, kind) for name, kind in OF_SAMPLE.items() if name[:2] in ("01", "02", "03", "04", "10")],
)
def test_run_results_are_those_of_dbt(name: str, kind: str) -> None:
    """run_results.json has the shape, nodes, statuses, messages and counts of failures of dbt's own file."""
    real = json.loads(sample(f"{name}.run_results.json").read_text(encoding="utf-8"))
    ours = content("target/run_results.json", ended(kind))
    assert ours.keys() == real.keys()
    assert ours["metadata"].keys() == real["metadata"].keys()
    assert ours["metadata"]["dbt_schema_version"] == real["metadata"]["dbt_schema_version"]
    assert essence(ours["results"]) == essence(real["results"])
    for mine, theirs in zip(ours["results"], real["results"], strict=True):
        assert mine.keys() == theirs.keys()


def essence(results: list[dict[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """The essential results of each node; a test's id has no hash."""
    names = ("status", "message", "failures", "compiled", "relation_name")
    return {".".join(each["unique_id"].split(".")[:3]): tuple(each[name] for name in names) for each in results}


def test_sources_are_those_of_dbt() -> None:
    """sources.json has the shape and status of dbt's own file."""
    real = json.loads(sample("07-source-freshness-error.sources.json").read_text(encoding="utf-8"))
    ours = content("target/sources.json", ended("freshness-error", "dbt source freshness"))
    assert ours.keys() == real.keys()
    (mine,), (theirs,) = ours["results"], real["results"]
    assert mine.keys() == theirs.keys()
    assert (mine["unique_id"], mine["status"], mine["criteria"]) == (
        theirs["unique_id"], theirs["status"], theirs["criteria"],
    )  # fmt: skip


@pytest.mark.parametrize("path", ["target/run_results.json", "target/manifest.json", "target/sources.json"])
def test_files_are_written_within_the_times_of_their_command(path: str) -> None:
    """generated_at is within the command's times, so that an earlier command's file can be recognized."""
    command = ended("run-model-error")
    written = datetime.fromisoformat(content(path, command)["metadata"]["generated_at"])
    assert command.ended_at is not None
    assert command.started_at < written < command.ended_at


def test_what_a_command_ran() -> None:
    """The args contain the subcommand and the whole command."""
    args = content("target/run_results.json", ended("noisy", "dbt --debug run"))["args"]
    assert (args["which"], args["invocation_command"]) == ("run", "dbt --debug run")


def test_the_manifest_knows_the_nodes_of_the_results() -> None:
    """Every node in any run_results.json is in manifest.json, with its file."""
    nodes = content("target/manifest.json", ended("seed"))["nodes"]
    for kind in ("seed", "build-success", "build-test-failure", "run-model-error", "retry-success", "test-failure"):
        for each in content("target/run_results.json", ended(kind))["results"]:
            assert nodes[each["unique_id"]]["original_file_path"]
