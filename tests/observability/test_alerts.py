"""Alerts and dashboards: promtool accepts them, each alert is tested and has a runbook, none is invented."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django_prometheus.middleware import Metrics
from prometheus_client import REGISTRY

from cutroom import metrics, worker

ROOT = Path(settings.BASE_DIR)
PROMETHEUS = ROOT / "deploy" / "prometheus"
DASHBOARDS = sorted((ROOT / "deploy" / "grafana" / "dashboards").glob("*.json"))

RULES = [
    rule
    for group in yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]


def promtool(*arguments: str | Path) -> str:
    if shutil.which("promtool") is None:
        pytest.skip("promtool is missing: apt install prometheus")
    result = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def expressions(dashboard: Path) -> list[str]:
    document = json.loads(dashboard.read_text())
    return [target["expr"] for panel in document["panels"] for target in panel["targets"]]


@cache
def known_metrics() -> set[str]:
    """Every sample name that the product can expose, and what Prometheus itself adds."""
    Metrics.get_instance()
    assert worker.TASKS_FAILED
    suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"], "gauge": [""]}
    events = {
        f"{family.name}{suffix}"
        for family in REGISTRY.collect()
        for suffix in suffixes.get(family.type, [""])
    }
    readings = {f"{metrics.PREFIX}{reading.name}" for reading in metrics.registered()}
    return events | readings | {"up", "ALERTS", f"{metrics.PREFIX}reading_ok"}


def named_metrics(expression: str) -> set[str]:
    return set(re.findall(r"\b(?:up|ALERTS|(?:cutroom|django)_[a-z_]+)\b", expression))


def test_promtool_accepts_the_rules_and_the_configuration() -> None:
    assert "SUCCESS" in promtool("check", "rules", PROMETHEUS / "alerts.yml")
    promtool("check", "config", "--syntax-only", PROMETHEUS / "prometheus.yml")


def test_each_alert_fires_when_it_should() -> None:
    assert "SUCCESS" in promtool("test", "rules", PROMETHEUS / "alerts_test.yml")


def test_each_alert_is_tested_firing_and_quiet() -> None:
    tests = yaml.safe_load((PROMETHEUS / "alerts_test.yml").read_text())["tests"]
    cases = [case for test in tests for case in test["alert_rule_test"]]
    names = {rule["alert"] for rule in RULES}
    assert {case["alertname"] for case in cases if case["exp_alerts"]} == names
    assert {case["alertname"] for case in cases if not case["exp_alerts"]} == names


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_an_alert_says_how_grave_it_is_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["annotations"]["summary"].endswith(".")
    runbook = ROOT / rule["annotations"]["runbook"]
    assert runbook.parent == ROOT / "docs" / "runbooks"
    assert rule["alert"] in runbook.read_text()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_an_alert_watches_metrics_that_exist(rule: dict[str, Any]) -> None:
    assert named_metrics(rule["expr"]) - known_metrics() == set()


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: str(path.stem))
def test_a_dashboard_shows_metrics_that_exist(path: Path, tmp_path: Path) -> None:
    named = {name for expression in expressions(path) for name in named_metrics(expression)}
    assert named
    assert named - known_metrics() == set()
    rules = [{"record": f"panel:{number}", "expr": expr} for number, expr in enumerate(expressions(path))]
    as_rules = tmp_path / "panels.yml"
    as_rules.write_text(yaml.safe_dump({"groups": [{"name": path.stem, "rules": rules}]}))
    promtool("check", "rules", as_rules)


def test_dashboards_can_be_provisioned_together() -> None:
    documents = [json.loads(path.read_text()) for path in DASHBOARDS]
    assert [document["uid"] for document in documents] == [path.stem for path in DASHBOARDS]
    for document in documents:
        panels = document["panels"]
        assert len({panel["id"] for panel in panels}) == len(panels)
        assert all(panel["title"] and panel["description"].endswith(".") for panel in panels)
