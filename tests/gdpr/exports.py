"""A workspace with something of everything, its export made in this process, and the archive read again."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accounts.models import User
from cutroom import clock
from gdpr.export import making, services
from gdpr.export.models import Export
from rendering.models import Asset, AssetKind, Project, Scene
from tenants import storage
from tenants.context import tenant_context
from tenants.http import Principal
from tenants.models import Role, Tenant
from tests.cast import Cast, open_session

PICTURE = b"\x89PNG" + bytes(range(256)) * 40


@dataclass(frozen=True)
class Opened:
    """An archive, read."""

    archive: zipfile.ZipFile

    @property
    def manifest(self) -> dict[str, Any]:
        """manifest.json"""
        document: dict[str, Any] = json.loads(self.text("manifest.json"))
        return document

    def text(self, path: str) -> str:
        """A member as text."""
        return self.archive.read(path).decode()

    def rows(self, model: str) -> list[dict[str, Any]]:
        """The rows of a table."""
        rows: list[dict[str, Any]] = json.loads(self.text(f"data/{model}.json"))
        return rows

    def sheet(self, model: str) -> list[dict[str, str]]:
        """The rows of a table as its CSV has them."""
        return list(csv.DictReader(io.StringIO(self.text(f"data/{model}.csv"))))


def principal_of(user: User, tenant: Tenant, role: Role = Role.ADMIN) -> Principal:
    """Somebody signed in just now."""
    session = open_session(user, tenant)
    return Principal(
        user_id=user.pk,
        tenant_id=tenant.pk,
        role=role,
        email=user.email,
        tenant_slug=tenant.slug,
        tenant_name=tenant.name,
        session_id=session.pk,
    )


def ask(user: User, tenant: Tenant, role: Role = Role.ADMIN) -> Export:
    """Ask for an export."""
    principal = principal_of(user, tenant, role)
    with tenant_context(tenant.pk):
        return services.request_export(principal, at=clock.now())


def export_of(user: User, tenant: Tenant, role: Role = Role.ADMIN) -> Export:
    """Ask for an export and make it."""
    export = ask(user, tenant, role)
    assert making.make_next()
    with tenant_context(tenant.pk):
        export.refresh_from_db()
    return export


def opened(export: Export) -> Opened:
    """Read the archive of an export that is ready."""
    assert export.state == "ready", export.error
    with storage.local_path(making.archive_key(export)) as path:
        return Opened(zipfile.ZipFile(io.BytesIO(path.read_bytes())))


def fill(cast: Cast, tmp_path: Path) -> Asset:
    """A project of Acme's with a scene and an uploaded picture."""
    with tenant_context(cast.acme.pk):
        project = Project.objects.create(slug="tides", title="=HYPERLINK(tides)")
        key = storage.storage_key(tenant_id=cast.acme.pk, area="assets", name="moon.png")
        asset = Asset.objects.create(
            project=project,
            kind=AssetKind.IMAGE,
            name="../../Mond über dem Wasser.png",
            content_type="image/png",
            size_bytes=len(PICTURE),
            sha256="0" * 64,
            storage_key=key,
        )
        Scene.objects.create(project=project, position=1, narration="Das Meer kommt.", image=asset)
    store(key, PICTURE, tmp_path)
    return asset


def store(key: str, content: bytes, tmp_path: Path) -> None:
    """Put bytes into the store."""
    path = tmp_path / "to-store"
    path.write_bytes(content)
    storage.store_file(key, path)
