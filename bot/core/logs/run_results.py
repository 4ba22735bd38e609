"""Reading dbt's own results for a command: run_results.json, and sources.json of `dbt source freshness`.

Every version of the schema has `metadata.generated_at` and a list of results with a status and a `unique_id`; nothing
else is relied on. The file may be left over from an earlier command of the same run, if this one failed to compile.
It's trusted only if it was made between the command's own times.

`bot.flows.dbt_results` downloads the files, within limits of size and time.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.core.text.text import duration

# Larger files aren't read: a node takes about 2 kB, more with its compiled code.
READ_LIMIT = 64_000_000
MESSAGE_LIMIT = 2_000
NAME_LIMIT = 300
SLOWEST = 5
# The command's times and dbt's come from different clocks. The tolerance applies only to the end: just before the
# command's beginning, the previous command wrote its file.
CLOCKS_APART = timedelta(seconds=5)

FAILED = frozenset({"fail", "error", "runtime error", "partial success"})
WARNED = frozenset({"warn"})


@dataclass(frozen=True, slots=True)
class NodeResult:
    """The result of a node. `kind` is `model`, `test`, `source` …; `seconds` is None if it isn't reported."""

    unique_id: str
    status: str
    message: str = ""
    seconds: float | None = None
    failures: int | None = None

    @property
    def kind(self) -> str:
        """The first part of the unique id, or `node` if the id has only one part."""
        kind, dot, _ = self.unique_id.partition(".")
        return kind if dot else "node"

    @property
    def name(self) -> str:
        """dbt's short name: a test's without its hash, a unit test's without its model, a source's with its table."""
        parts = self.unique_id.split(".")
        if self.kind == "test" and len(parts) > 3:
            return ".".join(parts[2:-1])
        if self.kind == "unit_test":
            return parts[-1]
        return ".".join(parts[2:]) or self.unique_id


@dataclass(frozen=True, slots=True)
class Results:
    """The results of a command. `counts` is keyed by dbt's own status; `failed` and `warned` keep dbt's order."""

    generated_at: datetime | None
    counts: Mapping[str, int]
    failed: tuple[NodeResult, ...] = ()
    warned: tuple[NodeResult, ...] = ()
    slowest: tuple[NodeResult, ...] = ()


def read_results(
    text: str | bytes, *, not_before: datetime | None = None, not_after: datetime | None = None
) -> Results | None:
    """Parse a run_results.json or a sources.json.

    Returns None if it's neither, or wasn't made between the given times (UTC-aware).
    """
    if len(text) > READ_LIMIT:
        return None
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or not isinstance(document.get("results"), list):
        return None
    generated_at = _generated_at(document)
    if not _between(generated_at, not_before, not_after):
        return None
    nodes = [node for node in map(_node, document["results"]) if node is not None]
    timed = [node for node in nodes if node.seconds]
    return Results(
        generated_at,
        Counter(node.status for node in nodes),
        failed=tuple(node for node in nodes if node.status in FAILED),
        warned=tuple(node for node in nodes if node.status in WARNED),
        slowest=tuple(sorted(timed, key=lambda node: node.seconds or 0, reverse=True)[:SLOWEST]),
    )


def _between(at: datetime | None, not_before: datetime | None, not_after: datetime | None) -> bool:
    if not_before is None and not_after is None:
        return True
    late = at is not None and not_after is not None and at > not_after + CLOCKS_APART
    early = at is not None and not_before is not None and at < not_before
    return at is not None and not late and not early


def _generated_at(document: dict[str, object]) -> datetime | None:
    metadata = document.get("metadata")
    written = metadata.get("generated_at") if isinstance(metadata, dict) else None
    # In the oldest files it's at the top level.
    written = written or document.get("generated_at")
    if not isinstance(written, str):
        return None
    try:
        at = datetime.fromisoformat(written)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _node(result: object) -> NodeResult | None:
    """Read a result. Returns None if it has no status. The oldest files keep the id in `node`."""
    if not isinstance(result, dict) or not isinstance(result.get("status"), str):
        return None
    node = result.get("node")
    unique_id = result.get("unique_id") or (node.get("unique_id") if isinstance(node, dict) else None)
    message = result.get("message") or result.get("error") or _stale(result)
    failures = result.get("failures")
    return NodeResult(
        unique_id[:NAME_LIMIT] if isinstance(unique_id, str) else "",
        result["status"].strip().lower()[:40],
        message[:MESSAGE_LIMIT] if isinstance(message, str) else "",
        _seconds(result.get("execution_time")),
        failures if isinstance(failures, int) and not isinstance(failures, bool) and failures >= 0 else None,
    )


def _stale(result: dict[str, object]) -> str:
    """The message for a stale source in sources.json: how old its newest row was."""
    age = _seconds(result.get("max_loaded_at_time_ago_in_s"))
    stale = age is not None and result.get("status") in {"error", "warn"}
    return f"stale: its newest row was {duration(age or 0)} old" if stale else ""


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        seconds = float(value)
    except OverflowError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
