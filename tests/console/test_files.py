"""The tab Files of a tenant: what is stored, by kind, size and age, and nobody's names."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cutroom import clock
from gdpr.export.models import Export, ExportState
from rendering.models import Asset, AssetKind, CacheEntry, RenderJob
from tenants.context import tenant_context
from tests.console.conftest import Site

pytestmark = pytest.mark.committed


def test_files_are_shown_by_kind_newest_first_and_without_names(site: Site, olga: Client) -> None:
    at = clock.now()
    with tenant_context(site.acme.pk):
        asset = Asset.objects.create(
            project=site.project,
            kind=AssetKind.IMAGE,
            name="grandmother-in-hospital.jpg",
            content_type="image/jpeg",
            size_bytes=3 * 1024**2,
            sha256="0" * 64,
            storage_key="x",
        )
        Asset.objects.update(created_at=at + timedelta(minutes=1))
        key = {"key": "k", "kind": "segment", "storage_key": "y"}
        CacheEntry.objects.create(size_bytes=5 * 1024**2, **key)
        RenderJob.objects.filter(pk=site.jobs["ready"].pk).update(stored_bytes=2 * 1024**2)
        Export.objects.create(
            name="export-acme-1.zip",
            is_whole=True,
            user_id=site.cast.alice.pk,
            state=ExportState.READY,
            size_bytes=7 * 1024**2,
            created_at=at,
            expires_at=at + timedelta(hours=24),
        )
    page = olga.get(f"/admin/tenants/{site.acme.pk}/?tab=files")
    files, exports = page.context["sheets"]
    totals = {each.kind: (each.count, each.size) for each in files.context["totals"]}
    assert totals == {
        "video": (2, 2 * 1024**2),
        "uploaded image": (1, 3 * 1024**2),
        "part of videos": (1, 5 * 1024**2),
    }
    first, *videos = files.context["files"]
    assert (first.kind, first.id) == ("uploaded image", str(asset.pk))
    assert [each.id for each in videos] == [str(site.jobs[name].pk) for name in ("ready", "degraded")]
    text = page.content.decode()
    assert "10.0\xa0MB in all" in text
    assert "7.0\xa0MB" in text
    assert [each.state for each in exports.context["exports"]] == ["ready"]
    assert "grandmother" not in text
    assert "film" not in text


def test_many_files_take_as_many_queries_as_one(site: Site, olga: Client) -> None:
    path = f"/admin/tenants/{site.acme.pk}/?tab=files"
    olga.get(path)
    counts = []
    for number in (1, 20):
        with tenant_context(site.acme.pk):
            for _ in range(number):
                Asset.objects.create(
                    project=site.project, kind=AssetKind.AUDIO, size_bytes=1, storage_key="x", sha256="0" * 64
                )
                Export.objects.create(
                    name=f"export-{uuid4()}.zip",
                    is_whole=False,
                    user_id=uuid4(),
                    state=ExportState.EXPIRED,
                    created_at=clock.now(),
                )
        with (
            CaptureQueriesContext(connections["default"]) as app,
            CaptureQueriesContext(connections["ops"]) as ops,
        ):
            assert olga.get(path).status_code == 200
        counts.append(len(app) + len(ops))
    assert counts[0] == counts[1]
