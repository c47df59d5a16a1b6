"""Dockerfile, compose and Kubernetes: accepted by their linters, and agreed with each other and the code."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from cutroom import queues
from tests.deployment.production import ROOT

DEPLOY = ROOT / "deploy"
PROGRAMS = Path(sys.executable).parent
WORKERS = {f"worker-{queue}" for queue in queues.ALL}


@pytest.fixture(scope="module")
def compose(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What docker compose makes of compose.yaml, all profiles, with a fresh environment."""
    checkout = tmp_path_factory.mktemp("checkout")
    (checkout / "compose.yaml").write_text((ROOT / "compose.yaml").read_text())
    (checkout / "deploy").mkdir()
    (checkout / "deploy" / "cutroom.env").write_text(new_env())
    command = [str(PROGRAMS / "docker-compose"), "--profile", "*", "config", "--format", "json"]
    found = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    services: dict[str, Any] = json.loads(found.stdout)["services"]
    return services


def new_env() -> str:
    command = ["sh", str(DEPLOY / "new-env"), "https://cutroom.example.com", "login@cutroom.example.com"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def kubernetes_objects() -> Iterator[dict[str, Any]]:
    for path in sorted(DEPLOY.glob("kubernetes/**/*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            if document["kind"] != "Kustomization":
                yield from document.get("items", [document])


def named(kind: str) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each for each in kubernetes_objects() if each["kind"] == kind}


def containers(each: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = each["spec"]["template"]["spec"]["containers"]
    return found


def test_the_dockerfile_passes_its_linter() -> None:
    found = subprocess.run(
        [str(PROGRAMS / "hadolint"), "--failure-threshold=style", "Dockerfile"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout


def test_the_image_is_weak_and_has_no_signal_of_its_own() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert "USER 10001" in text
    assert "HEALTHCHECK" in text
    assert "REMAP_SIGTERM" not in text


@pytest.mark.parametrize(
    "each", list(kubernetes_objects()), ids=lambda each: f"{each['kind']}-{each['metadata']['name']}"
)
def test_kubernetes_knows_every_object(each: dict[str, Any]) -> None:
    if each["kind"] == "ScaledObject":
        assert set(each["spec"]) >= {"scaleTargetRef", "triggers", "minReplicaCount", "maxReplicaCount"}
        return
    kubernetes_validate.validate(each, kubernetes_validate.latest_version(), strict=True)


def test_kustomizations_name_every_file() -> None:
    for path in DEPLOY.glob("kubernetes/**/kustomization.yaml"):
        listed = yaml.safe_load(path.read_text())["resources"]
        assert sorted(listed) == sorted({each.name for each in path.parent.glob("*.yaml")} - {path.name})


def test_each_queue_has_a_worker_in_both(compose: dict[str, Any]) -> None:
    assert {name for name in compose if name.startswith("worker-")} == WORKERS
    deployments = named("Deployment")
    assert {name for name in deployments if name.startswith("worker-")} == WORKERS
    for name in WORKERS:
        wanted = ["worker", name.removeprefix("worker-")]
        assert compose[name]["command"][:2] == wanted
        assert containers(deployments[name])[0]["args"][:2] == wanted


def test_prometheus_asks_services_that_exist_in_both(compose: dict[str, Any]) -> None:
    jobs = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    asked = {name for job in jobs for each in job["dns_sd_configs"] for name in each["names"]}
    assert asked == WORKERS | {"web"}
    services = named("Service")
    assert asked <= set(compose)
    assert asked == set(services)
    # One address a pod, or Prometheus would meet another pod at each look.
    assert {each["spec"]["clusterIP"] for each in services.values()} == {"None"}


def test_no_process_of_ours_is_root_or_writes_to_the_image(compose: dict[str, Any]) -> None:
    ours = {name: each for name, each in compose.items() if each.get("image") == "cutroom"}
    assert set(ours) == WORKERS | {"web", "beat", "migrate"}
    assert all(each["read_only"] and each["cap_drop"] == ["ALL"] for each in ours.values())
    for each in [*named("Deployment").values(), *named("Job").values()]:
        assert each["spec"]["template"]["spec"]["securityContext"]["runAsNonRoot"]
        guard = containers(each)[0]["securityContext"]
        assert (guard["readOnlyRootFilesystem"], guard["allowPrivilegeEscalation"]) == (True, False)


def test_migrations_end_before_anything_starts(compose: dict[str, Any]) -> None:
    for name in WORKERS | {"web", "beat"}:
        assert compose[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_steps_scale_by_the_age_of_their_queue() -> None:
    scaled = named("ScaledObject")
    assert set(scaled) == {f"worker-{kind}" for kind in queues.STEPS}
    for name, each in scaled.items():
        assert each["spec"]["scaleTargetRef"] == {"name": name}
        query = each["spec"]["triggers"][0]["metadata"]["query"]
        assert query == f'max(cutroom_queue_oldest_seconds{{kind="{name.removeprefix("worker-")}"}})'


def test_a_stopping_worker_has_time_to_hand_on(compose: dict[str, Any]) -> None:
    assert {compose[name]["stop_grace_period"] for name in WORKERS} == {"1m0s"}
    deployments = named("Deployment")
    for name in WORKERS:
        assert deployments[name]["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 60


def test_fresh_secrets_are_long_and_different() -> None:
    first, second = (dict(line.split("=", 1) for line in new_env().split("\n") if "=" in line) for _ in "ab")
    secrets = {name for name in first if name.endswith(("SECRET", "KEY", "PASSWORD", "TOKEN"))}
    assert {"SECRET_KEY", "JWT_SECRET", "S3_SECRET_ACCESS_KEY", "APP_PASSWORD"} <= secrets
    assert all(len(first[name]) >= 50 and first[name] != second[name] for name in secrets)
    assert len({first[name] for name in secrets}) == len(secrets)
    assert first["ALLOWED_HOSTS"] == "cutroom.example.com"


def test_an_address_without_tls_is_refused() -> None:
    command = ["sh", str(DEPLOY / "new-env"), "http://cutroom.example.com", "a@example.com"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (2, "")
    assert "https://" in found.stderr
