"""Connections that many requests share carry no tenant along: PgBouncer, a pool, a kept connection."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.conf import settings
from django.db import connections

from rendering.models import Project
from tenants.context import tenant_context
from tenants.models import Role
from tests.cast import bearer, found_tenant, join
from tests.deployment import production

ROOT = Path(settings.BASE_DIR)
TENANTS = 20
PATIENCE_SECONDS = 300

CONFIG = """
[databases]
{name} = host={host} dbname={name} user={user} password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 1
max_client_conn = 100
"""


@dataclass(frozen=True)
class Bouncer:
    """A running PgBouncer with one server connection, and its address."""

    url: str


@pytest.fixture
def bouncer(transactional_db: None) -> Iterator[Bouncer]:
    """In front of the test database, in transaction mode."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        pytest.skip("pgbouncer is not installed")
    database: Any = connections["default"].settings_dict
    facts = {name.lower(): database[name] for name in ("HOST", "NAME", "USER", "PASSWORD")}
    port = _free_port()
    # Not below pytest's own directory, which another user may not enter.
    with TemporaryDirectory(dir="/tmp") as home:
        config = Path(home, "pgbouncer.ini")
        config.write_text(CONFIG.format(port=port, **facts))
        process = subprocess.Popen([program, "-q", str(config)], **_as_owner(database["HOST"], config))
        try:
            _wait_for(port, process)
            yield Bouncer(url=f"postgresql://{facts['user']}:x@127.0.0.1:{port}/{facts['name']}")
        finally:
            process.terminate()
            process.wait()


def _as_owner(host: str, config: Path) -> Any:
    """Root may not run PgBouncer, and the embedded server's socket is for its own user only."""
    if os.geteuid() != 0:
        return {}
    place = Path(host).stat()
    for path in (config.parent, config):
        os.chown(path, place.st_uid, place.st_gid)
    return {"user": place.st_uid, "group": place.st_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("pgbouncer did not start")


@pytest.fixture
def callers(transactional_db: None) -> list[tuple[str, str]]:
    """Twenty tenants, each with a member, a project and an access token."""
    found = []
    for number in range(TENANTS):
        tenant = found_tenant(f"tenant-{number}")
        member = join(tenant, "ada", Role.ADMIN)
        with tenant_context(tenant.pk):
            Project.objects.create(slug="film", title=str(tenant.pk))
        client: Any = bearer(member, tenant)
        found.append((str(tenant.pk), client._credentials["HTTP_AUTHORIZATION"].removeprefix("Bearer ")))
    return found


def ask(tmp_path: Path, orders: list[dict[str, Any]], **environment: str) -> list[dict[str, Any]]:
    """The reports of processes that ask at the same time, one an order."""
    ours = {"JWT_SECRET": settings.JWT_SECRET, "SITE_URL": settings.SITE_URL}
    variables = production.environment(tmp_path, **ours, **environment)

    def report(number: int) -> dict[str, Any]:
        file = tmp_path / f"order-{number}.json"
        file.write_text(json.dumps(orders[number]))
        command = [sys.executable, "-m", "tests.tenants.pooled_app", str(file)]
        done = subprocess.run(
            command, cwd=ROOT, env=variables, capture_output=True, timeout=PATIENCE_SECONDS, check=False
        )
        assert done.returncode == 0, done.stderr.decode()[-4000:]
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    with ThreadPoolExecutor(len(orders)) as processes:
        return list(processes.map(report, range(len(orders))))


def order(callers: list[tuple[str, str]], **more: Any) -> dict[str, Any]:
    return {"callers": callers, "threads": 4, "seed": 1, "keeps": False, **more}


@pytest.mark.committed
def test_t7_ten_thousand_requests_through_one_connection_of_pgbouncer(
    callers: list[tuple[str, str]], bouncer: Bouncer, tmp_path: Path
) -> None:
    """Two processes, twenty tenants, transaction mode: no row of another, no setting left behind."""
    orders = [order(callers, requests=5000, seed=seed) for seed in (1, 2)]
    reports = ask(tmp_path, orders, DATABASE_URL=bouncer.url, DATABASE_PREPARE="false")
    assert reports == [{"asked": 5000, "foreign": []}] * 2


@pytest.mark.committed
@pytest.mark.parametrize(
    ("keeps", "threads"), [(False, 8), (True, 1)], ids=["a pool of one", "one kept connection"]
)
def test_t8_a_connection_that_is_used_again_starts_without_a_tenant(
    callers: list[tuple[str, str]], tmp_path: Path, keeps: bool, threads: int
) -> None:
    orders = [order(callers, requests=600, threads=threads, keeps=keeps)]
    reports = ask(tmp_path, orders, DATABASE_POOL_SIZE="1")
    assert reports == [{"asked": 600, "foreign": []}]


@pytest.mark.committed
def test_t7_the_instrument_sees_a_leak(
    callers: list[tuple[str, str]], bouncer: Bouncer, tmp_path: Path
) -> None:
    """With a setting of the session instead of the transaction the same requests do see foreign rows."""
    orders = [order(callers, requests=100, leaks=True)]
    [report] = ask(tmp_path, orders, DATABASE_URL=bouncer.url, DATABASE_PREPARE="false")
    assert report["foreign"]


def test_t20_django_prepares_nothing_by_itself_and_a_pooler_can_forbid_the_rest(tmp_path: Path) -> None:
    """PgBouncer before 1.21 knows no prepared statements. Under T7 DATABASE_PREPARE=false is in use."""
    show = (
        "from django.conf import settings as s; print(s.DATABASES['default']['OPTIONS']['prepare_threshold'])"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", show],
            cwd=ROOT,
            env=production.environment(tmp_path, DATABASE_PREPARE=wish),
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for wish in ("true", "false")
    ]
    assert said == ["5", "None"]
