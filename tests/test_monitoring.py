"""Alert rules and the dashboard: they use only the bot's metrics, and the rules fire when they should."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from tests.metrics import declared, needs_promtool, run_promtool, series
from tests.test_docs import anchors

ROOT = Path(__file__).parents[1]
RULES = ROOT / "deploy" / "prometheus" / "alerts.yaml"
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "bolt-bot.json").read_text(encoding="utf-8"))
# The labels that Prometheus adds to each series.
ADDED = {"instance", "job"}


def alerts() -> list[dict[str, Any]]:
    """The alert rules."""
    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    rules: list[dict[str, Any]] = group["rules"]
    return rules


def panels() -> list[dict[str, Any]]:
    """The panels with data."""
    return [one for one in DASHBOARD["panels"] if one["type"] != "row"]


def expressions() -> Iterator[tuple[str, str]]:
    """The alert or panel of each expression, and the expression."""
    yield from ((rule["alert"], rule["expr"]) for rule in alerts())
    for panel in panels():
        yield from ((panel["title"], target["expr"]) for target in panel["targets"])


def reported() -> dict[str, set[str]]:
    """The labels of each series that a bot reports, including those of Python and the process."""
    kinds = {family.name: family.type for family in REGISTRY.collect()}
    found = {}
    for name, labels in declared().items():
        for one in series(name, kinds.get(name, "gauge")):
            found[one] = {*labels, *ADDED} | ({"le"} if one.endswith("_bucket") else set())
    for family in REGISTRY.collect():
        if not family.name.startswith("bolt_bot_"):
            found |= {sample.name: {*sample.labels, *ADDED} for sample in family.samples}
    return found


def named(expression: str) -> tuple[set[str], set[str]]:
    """The series and the labels that an expression names."""
    names = set(re.findall(r"\b(?:bolt_bot|process|python)_\w+", re.sub(r'"[^"]*"', '""', expression)))
    selected = re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", expression)
    grouped = [name for group in re.findall(r"\bby \(([^)]*)\)", expression) for name in re.findall(r"\w+", group)]
    return names, {*selected, *grouped}


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_each_expression_names_what_is_reported(where: str, expression: str) -> None:
    """Each expression uses only reported metrics, and labels that they have."""
    names, labels = named(expression)
    known = reported()
    assert names, where
    assert names - known.keys() == set()
    assert labels - set().union(*(known[name] for name in names)) == set()


def test_each_legend_names_labels_of_its_series() -> None:
    """Legends use no labels that were aggregated away, because those would be empty."""
    for panel in panels():
        for target in panel["targets"]:
            shown = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            names, labels = named(target["expr"])
            assert shown <= labels | ADDED, panel["title"]
            assert names


def test_the_dashboard_has_each_section() -> None:
    """The dashboard has all sections, and panels have unique ids and don't overlap."""
    rows = [one["title"] for one in DASHBOARD["panels"] if one["type"] == "row"]
    assert rows == ["Now", "People", "Runs", "Slack", "Bolt", "Redis", "Watches", "Processes"]
    cells: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        mine = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not mine & cells, panel["title"]
        assert at["x"] + at["w"] <= 24
        cells |= mine
    assert len({one["id"] for one in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_each_metric_is_shown_or_alerted_on() -> None:
    """Each metric is shown or alerted on, except those that only explain another one."""
    used = {re.sub(r"_(bucket|sum|count)$", "", name) for _, one in expressions() for name in named(one)[0]}
    explaining = {
        "bolt_bot_due_set_members",
        "bolt_bot_file_reads_total",
        "bolt_bot_jobs_under_way",
        "bolt_bot_tasks_under_way",
        "bolt_bot_watches_lost_total",
    }
    assert declared().keys() - used == explaining


def test_each_alert_says_what_to_do() -> None:
    """Each alert has a summary, a description, and a runbook that exists."""
    headings = anchors((ROOT / "docs" / "operate.md").read_text(encoding="utf-8"))
    for rule in alerts():
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"].keys() == {"summary", "description", "runbook"}
        page, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert page == "docs/operate.md"
        assert anchor == rule["alert"].lower()
        assert anchor in headings


def test_each_alert_has_a_test() -> None:
    """Each alert has a test in which it's first quiet, then firing."""
    given = yaml.safe_load(RULES.with_name("alerts.test.yaml").read_text(encoding="utf-8"))["tests"]
    tried = {one["name"]: [bool(at["exp_alerts"]) for at in one["alert_rule_test"]] for one in given}
    assert tried == {rule["alert"]: [False, True] for rule in alerts()}


@needs_promtool
def test_the_rules_are_valid_and_fire() -> None:
    """According to Prometheus's own tool, the rules are valid and fire on made-up series."""
    run_promtool("check", "rules", "--lint=all", "--lint-fatal", RULES.name, cwd=RULES.parent)
    run_promtool("test", "rules", "alerts.test.yaml", cwd=RULES.parent)


def test_the_monitoring_profile_mounts_what_is_there() -> None:
    """The monitoring profile mounts existing files: Prometheus has the rules and the bot, Grafana its dashboard."""
    services = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    ours = {name: one for name, one in services.items() if one.get("profiles") == ["monitoring"]}
    assert ours.keys() == {"prometheus", "grafana"}
    mounts = [volume.split(":") for one in ours.values() for volume in one["volumes"] if volume.startswith("./")]
    assert all((ROOT / path).exists() and how == "ro" for path, _, how in mounts)
    inside = {there for _, there, _ in mounts}
    scraping = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    assert set(scraping["rule_files"]) <= inside
    assert scraping["scrape_configs"][0]["static_configs"] == [{"targets": ["bot:8080"]}]
    provider = ROOT / "deploy" / "grafana" / "provisioning" / "dashboards" / "bolt-bot.yaml"
    (found,) = yaml.safe_load(provider.read_text(encoding="utf-8"))["providers"]
    assert f"{found['options']['path']}/bolt-bot.json" in inside
    assert all(port.startswith("127.0.0.1:") for one in ours.values() for port in one["ports"])
