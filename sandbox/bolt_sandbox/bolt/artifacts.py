"""dbt's artifacts: run_results.json and sources.json consistent with the log, and a small manifest.json."""

from __future__ import annotations

import hashlib
import re
import uuid
from datetime import datetime, timedelta
from typing import Any

from bolt_sandbox.bolt.model import UUIDS
from bolt_sandbox.bolt.output import template
from bolt_sandbox.bolt.plan import MANIFEST, RUN_RESULTS, SOURCES
from bolt_sandbox.bolt.run_state import CommandView

DBT_VERSION = "1.10.13"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
STAMP = re.compile(r"\d\d:\d\d:\d\d  ?")
RESULT = re.compile(
    r"\d+ of \d+ (?P<word>OK|ERROR STALE|ERROR|SKIP|PASS|WARN|FAIL)(?: (?P<count>\d+))? (?P<what>\S.*?) \.{2,} "
    r"\[(?P<end>.*?)(?: in (?P<took>[\d.]+)s)?\]"
)
HEADED = re.compile(r"(?:Failure|Warning) in (?:model|test|seed) (?P<name>\S+) \((?P<path>\S+)\)")
STATUSES = {
    "OK": "success",
    "ERROR": "error",
    "SKIP": "skipped",
    "PASS": "pass",
    "WARN": "warn",
    "FAIL": "fail",
}
WRITTEN_AT = 0.97

MODELS = {
    "stg_customers": ("seed.shop.raw_customers",),
    "stg_orders": ("seed.shop.raw_orders",),
    "orders_by_day": ("model.shop.stg_orders",),
    "fct_revenue": ("model.shop.stg_orders", "model.shop.stg_customers"),
    "fct_margin": ("model.shop.fct_revenue",),
}
TESTS = {
    "not_null_stg_orders_customer_id": "stg_orders",
    "not_null_stg_orders_order_id": "stg_orders",
    "unique_stg_orders_order_id": "stg_orders",
    "not_null_orders_by_day_day": "orders_by_day",
}


def content(path: str, command: CommandView) -> dict[str, Any]:
    """Return the file as written by a command. Raises KeyError for a path that no command writes."""
    makers = {MANIFEST: manifest, RUN_RESULTS: run_results, SOURCES: sources}
    return makers[path](command)


def run_results(command: CommandView) -> dict[str, Any]:
    """Return run_results.json in schema version 6. The results match the log, and their times match the command."""
    lines = _plain_lines(command)
    messages = _messages(lines)
    results = [_result(match, messages, command) for line in lines if (match := RESULT.match(line))]
    return {
        "metadata": _metadata("run-results/v6", command),
        "results": results,
        "elapsed_time": round(command.step.duration_s * 0.8, 6),
        "args": _args(command.step.command),
    }


def sources(command: CommandView) -> dict[str, Any]:
    """Return sources.json in schema version 3, with one source: stale if the command failed."""
    at = _written_at(command)
    is_stale = command.step.return_code != 0
    age = timedelta(days=20, hours=21) if is_stale else timedelta(hours=3)
    criteria = {
        "warn_after": {"count": 1, "period": "day"},
        "error_after": {"count": 2, "period": "day"},
    }
    result = {
        "unique_id": "source.shop.raw.raw_orders",
        "max_loaded_at": (at - age).isoformat(),
        "snapshotted_at": at.isoformat(),
        "max_loaded_at_time_ago_in_s": age.total_seconds(),
        "status": "error" if is_stale else "pass",
        "criteria": {**criteria, "filter": None},
        "adapter_response": {"_message": "OK"},
        "timing": _timing(at, 0.02),
        "thread_id": "Thread-1 (worker)",
        "execution_time": 0.02,
    }
    return {
        "metadata": _metadata("sources/v3", command),
        "results": [result],
        "elapsed_time": 0.22,
    }


def manifest(command: CommandView) -> dict[str, Any]:
    """Return a small manifest.json in schema version 12, with the nodes that appear in the logs."""
    nodes = dict(_nodes())
    parents = {each: node["depends_on"]["nodes"] for each, node in nodes.items()}
    return {
        "metadata": {
            **_metadata("manifest/v12", command),
            "project_name": "shop",
            "adapter_type": "duckdb",
        },
        "nodes": nodes,
        "sources": {"source.shop.raw.raw_orders": _node("source", "raw_orders", "models/sources.yml", ())},
        "macros": {},
        "docs": {},
        "exposures": {},
        "metrics": {},
        "groups": {},
        "selectors": {},
        "disabled": {},
        "parent_map": parents,
        "child_map": {each: [child for child, of in parents.items() if each in of] for each in parents},
    }


def unique_id(what: str) -> str:
    """Return a node's id, from its name in the log, such as `sql table model main.fct_revenue` or `test unique_x`."""
    name = what.rpartition(" ")[2].rpartition(".")[2]
    if name in MODELS:
        return f"model.shop.{name}"
    if name.startswith("raw_"):
        return f"seed.shop.{name}"
    return f"test.shop.{name}.{hashlib.sha256(name.encode()).hexdigest()[:10]}"


def _plain_lines(command: CommandView) -> list[str]:
    kind = "run-model-error" if command.step.log == "noisy" else command.step.log
    return [STAMP.sub("", COLOUR.sub("", line), count=1) for line in template(kind)]


def _messages(lines: list[str]) -> dict[str, str]:
    messages: dict[str, str] = {}
    name, block = "", list[str]()
    for line in lines:
        headed = HEADED.match(line)
        if headed:
            name, block = headed["name"], []
        elif name and not line.strip():
            messages.setdefault(name, "\n".join(block).strip())
            name = ""
        else:
            block.append(line)
    return messages


def _result(match: re.Match[str], messages: dict[str, str], command: CommandView) -> dict[str, Any]:
    status = STATUSES[match["word"]]
    node = unique_id(match["what"])
    took_s = float(match["took"] or 0)
    is_test, was_skipped = node.startswith("test."), status == "skipped"
    name = node.split(".")[2]
    failures = int(match["count"] or 0) if is_test and not was_skipped else None
    built = match["end"] if status == "success" else None
    message = messages.get(name) if status in ("error", "fail", "warn") else built
    answered = {} if was_skipped or status == "error" else {"_message": message or "OK"}
    return {
        "status": status,
        "timing": [] if was_skipped else _timing(_written_at(command), took_s),
        "thread_id": "Thread-1 (worker)",
        "execution_time": took_s,
        "adapter_response": answered,
        "message": message,
        "failures": failures,
        "unique_id": node,
        "compiled": None if node.startswith("seed.") else not was_skipped,
        "compiled_code": None,
        "relation_name": f'"shop"."main"."{name}"' if node.startswith("model.") else None,
        "batch_results": None,
    }


def _timing(end: datetime, took_s: float) -> list[dict[str, str]]:
    start = end - timedelta(seconds=took_s)
    return [
        {"name": "compile", "started_at": _zulu(start), "completed_at": _zulu(start)},
        {"name": "execute", "started_at": _zulu(start), "completed_at": _zulu(end)},
    ]


def _metadata(schema: str, command: CommandView) -> dict[str, Any]:
    return {
        "dbt_schema_version": f"https://schemas.getdbt.com/dbt/{schema}.json",
        "dbt_version": DBT_VERSION,
        "generated_at": _zulu(_written_at(command)),
        "invocation_id": str(uuid.uuid5(UUIDS, str(command.id))),
        "invocation_started_at": _zulu(command.started_at),
        "env": {},
    }


def _args(text: str) -> dict[str, Any]:
    which = next((word for word in text.split()[1:] if not word.startswith("-")), "run")
    return {
        "which": which,
        "invocation_command": text,
        "select": [],
        "exclude": [],
        "vars": {},
        "use_colors": True,
    }


def _written_at(command: CommandView) -> datetime:
    return command.started_at + timedelta(seconds=command.step.duration_s * WRITTEN_AT)


def _zulu(moment: datetime) -> str:
    return f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def _nodes() -> list[tuple[str, dict[str, Any]]]:
    seeds = [("seed", name, f"seeds/{name}.csv", ()) for name in ("raw_customers", "raw_orders")]
    models = [
        (
            "model",
            name,
            f"models/{'staging' if name.startswith('stg') else 'marts'}/{name}.sql",
            parents,
        )
        for name, parents in MODELS.items()
    ]
    tests = [("test", name, "models/sources.yml", (f"model.shop.{model}",)) for name, model in TESTS.items()]
    return [(unique_id(name), _node(kind, name, path, of)) for kind, name, path, of in (*seeds, *models, *tests)]


def _node(kind: str, name: str, path: str, parents: tuple[str, ...]) -> dict[str, Any]:
    return {
        "resource_type": kind,
        "name": name,
        "unique_id": "source.shop.raw.raw_orders" if kind == "source" else unique_id(name),
        "package_name": "shop",
        "original_file_path": path,
        "database": "shop",
        "schema": "main",
        "tags": [],
        "description": "",
        "columns": {},
        "depends_on": {"macros": [], "nodes": list(parents)},
    }
