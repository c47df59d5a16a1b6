"""What the tests of backups and erasure share: a store, a key pair, media, and somebody to lose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pyrage
import pytest
from django.db import connections
from psycopg import sql
from pytest_django import Settings

from gdpr import conf
from gdpr.backups import databases, keys, making, manifests
from gdpr.backups.manifests import Manifest
from gdpr.backups.stores import LocalStore, Store
from gdpr.models import BackupRun
from rendering import scripts
from tenants import storage
from tenants.context import tenant_context
from tests.cast import Cast


@dataclass(frozen=True)
class Vault:
    """A backup store in a folder, and the private key that opens what lies there."""

    root: Path
    identity_file: Path

    @property
    def store(self) -> LocalStore:
        """The part of this installation."""
        return LocalStore(self.root / conf.instance())

    @property
    def identities(self) -> list[Any]:
        """The private key, ready to use."""
        return keys.identities(self.identity_file)

    def manifest(self, run: BackupRun) -> Manifest:
        """What a backup says of itself."""
        return manifests.load(run.pk, store=self.store, instance=conf.instance())

    def path(self, name: str) -> Path:
        """The file behind a name of the store."""
        return self.store.root / name


@pytest.fixture
def vault(tmp_path: Path, settings: Settings, media: Path) -> Vault:
    """An empty store, a fresh key pair, and media of this test's own."""
    identity = pyrage.x25519.Identity.generate()
    file = tmp_path / "identity.txt"
    file.write_text(f"{identity}\n")
    settings.GDPR_BACKUP_STORE = str(tmp_path / "store")
    settings.GDPR_BACKUP_RECIPIENTS = [str(identity.to_public())]
    settings.GDPR_BACKUP_IDENTITY_FILE = ""
    return Vault(tmp_path / "store", file)


@pytest.fixture
def acme_at_work(committed_cast: Cast, media: Path, tmp_path: Path) -> Cast:
    """Acme has a project, and three files in its storage of which two are the same."""
    with tenant_context(committed_cast.acme.pk):
        scripts.create_project(title="Mill", script="The tide fills the pond.\n\nThe gate falls shut.")
    for name, content in {
        "one.jpg": b"1" * 50_000,
        "two.jpg": b"2" * 70_000,
        "twin.jpg": b"1" * 50_000,
    }.items():
        put(committed_cast, name, content, tmp_path)
    return committed_cast


def put(cast: Cast, name: str, content: bytes, tmp_path: Path) -> str:
    """Store a file of Acme; its key."""
    key = storage.storage_key(tenant_id=cast.acme.pk, area="assets", name=name)
    path = tmp_path / f"new-{name}"
    path.write_bytes(content)
    storage.store_file(key, path)
    return key


@pytest.fixture
def made(vault: Vault, acme_at_work: Cast) -> BackupRun:
    """A backup of Acme at work."""
    return making.make()


@pytest.fixture
def scratch_databases() -> Iterator[None]:
    """Databases that a restore leaves beside the test database are dropped after the test."""
    live = connections["owner"].settings_dict["NAME"]
    yield
    with databases._server() as server:
        rows = server.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{live}\\_%"]
        ).fetchall()
        for (name,) in rows:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def bucket(empty_bucket: str, s3_server: str, settings: Settings) -> str:
    """An empty bucket for backups."""
    settings.GDPR_BACKUP_S3_ENDPOINT = s3_server
    return empty_bucket


def everything(store: Store) -> dict[str, int]:
    """Every object of a store with its size."""
    return dict(store.names(""))


def query(statement: str) -> list[tuple[Any, ...]]:
    """Rows as the owner sees them, over a connection of its own."""
    given = conf.database("owner")
    with psycopg.connect(
        host=given["HOST"], user=given["USER"], password=given["PASSWORD"], dbname=given["NAME"]
    ) as connection:
        return connection.execute(statement.encode()).fetchall()
