"""Export, erasure and backup where the media lie in a bucket that all machines share, not in a folder."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from cutroom import clock
from gdpr import leftovers
from gdpr.backups import drills, making, restoring, verification
from gdpr.backups.restoring import Wish
from gdpr.erasure import purging
from gdpr.export import expiry
from gdpr.export.models import Export
from gdpr.models import BackupState, Erasure, ErasureState
from tenants import storage
from tests.cast import Cast, bearer
from tests.gdpr.conftest import Vault, put
from tests.gdpr.exports import PICTURE, export_of, fill, opened

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("scratch_databases")]

REPLACE = Wish(replaces=True, confirmed="testserver", has_safety_backup=False)


@pytest.fixture
def acme(vault: Vault, media_bucket: str, committed_cast: Cast, tmp_path: Path) -> Cast:
    """Acme with a project, a scene and a picture, and a place for backups; `media` stays empty."""
    fill(committed_cast, tmp_path)
    return committed_cast


@pytest.fixture(autouse=True)
def _nothing_in_the_folder(media: Path) -> object:
    yield
    assert list(media.rglob("*")) == []


def objects(endpoint: str, bucket: str) -> dict[str, str]:
    """Every object of the bucket with the SHA-256 of its bytes, asked for past our own code."""
    client = boto3.client("s3", endpoint_url=endpoint)
    names = [row["Key"] for row in client.list_objects_v2(Bucket=bucket).get("Contents", [])]
    bodies = {name: client.get_object(Bucket=bucket, Key=name)["Body"].read() for name in names}
    return {name: hashlib.sha256(body).hexdigest() for name, body in bodies.items()}


def test_an_export_is_made_fetched_in_parts_and_removed(
    acme: Cast, s3_server: str, media_bucket: str
) -> None:
    export = export_of(acme.alice, acme.acme)
    archive = opened(export)
    assert archive.archive.read("files/assets/moon.png") == PICTURE
    assert archive.manifest["missing"] == []
    admin, link = bearer(acme.alice, acme.acme), f"/api/account/download-export/{export.name}"
    parts: list[Any] = [admin.get(link, headers={"Range": f"bytes={part}"}) for part in ("0-99", "100-")]
    whole = b"".join(b"".join(part.streaming_content) for part in parts)
    assert [part.status_code for part in parts] == [206, 206]
    assert hashlib.sha256(whole).hexdigest() in objects(s3_server, media_bucket).values()
    Export.everywhere.using("ops").update(expires_at=clock.now())
    assert expiry.sweep(at=clock.now()) == 1
    assert [name.rpartition("/")[2] for name in objects(s3_server, media_bucket)] == ["moon.png"]


def test_a_file_that_a_row_names_and_the_bucket_lacks_is_told_as_missing(acme: Cast) -> None:
    storage.delete_file(storage.storage_key(tenant_id=acme.acme.pk, area="assets", name="moon.png"))
    (missing,) = opened(export_of(acme.alice, acme.acme)).manifest["missing"]
    assert missing["name"] == "assets/moon.png"


def test_an_erasure_leaves_no_object(acme: Cast, s3_server: str, media_bucket: str, tmp_path: Path) -> None:
    versions = {"VersioningConfiguration": {"Status": "Enabled"}}
    client = boto3.client("s3", endpoint_url=s3_server)
    client.put_bucket_versioning(Bucket=media_bucket, **versions)
    put(acme, "moon.png", b"a newer moon", tmp_path)
    body = {"confirm": "acme", "immediately": True}
    assert bearer(acme.alice, acme.acme).delete("/api/account", body, format="json").status_code == 202
    assert purging.work(at=clock.now()) == 1
    assert Erasure.objects.get().state == ErasureState.DONE
    left = client.list_object_versions(Bucket=media_bucket)
    assert (left.get("Versions"), left.get("DeleteMarkers")) == (None, None)


def test_a_backup_of_a_bucket_is_restored_into_it(
    acme: Cast, vault: Vault, s3_server: str, media_bucket: str
) -> None:
    before = objects(s3_server, media_bucket)
    run = making.make()
    assert (run.state, run.media_files) == (BackupState.SUCCEEDED, len(before))
    manifest = vault.manifest(run)
    verification.verify(manifest, store=vault.store, identities=vault.identities)
    storage.delete_below(storage.ROOT)
    drills.rehearse(manifest, store=vault.store, identities=vault.identities)
    report = restoring.restore(manifest, REPLACE, store=vault.store, identities=vault.identities)
    assert report["faults"] == []
    assert objects(s3_server, media_bucket) == before


def test_objects_of_no_workspace_go_after_a_day(acme: Cast, s3_server: str, media_bucket: str) -> None:
    stranger = storage.folder_of(acme.alice.pk)
    client = boto3.client("s3", endpoint_url=s3_server)
    client.put_object(Bucket=media_bucket, Key=f"{stranger}/assets/half.mp4", Body=b"half")
    assert leftovers.remove(at=clock.now() + timedelta(hours=23)) == 0
    assert leftovers.remove(at=clock.now() + timedelta(hours=25)) == 1
    assert [name.rpartition("/")[2] for name in objects(s3_server, media_bucket)] == ["moon.png"]
