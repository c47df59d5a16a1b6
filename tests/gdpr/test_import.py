"""An export loads into an installation that has none of it; one that lies is refused, and changes nothing."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from cutroom import clock
from gdpr.data_map import data_map
from gdpr.erasure import purging
from gdpr.export import making
from metering import reconciliation
from metering.models import QuotaCounter, UsageShare
from rendering.models import Project, RenderJob, RenderStep
from tenants import storage
from tenants.context import tenant_context
from tenants.models import AuditEntry, Membership, Tenant
from tests import database
from tests.cast import Cast, bearer
from tests.gdpr.conftest import Vault
from tests.gdpr.exports import PICTURE, Opened, export_of, fill, opened
from tests.gdpr.rows import Rows

pytestmark = pytest.mark.committed

PORTABLE = [each.label for each in data_map().personal() if each.table.is_portable]


@pytest.fixture
def archive(committed_cast: Cast, media: Path, tmp_path: Path) -> Path:
    """The export of an Acme that has a row in every portable table, as a file on a disk."""
    fill(committed_cast, tmp_path)
    rows = Rows(committed_cast)
    done: dict[Any, Any] = {RenderJob: {"state": "succeeded"}, RenderStep: {"state": "succeeded"}}
    for each in data_map().personal():
        if each.table.is_portable and each.model not in (Tenant, User, Membership, QuotaCounter, UsageShare):
            rows.make(each.model, **done.get(each.model, {}))
    rows.make(QuotaCounter, held=0, credited=0)
    for kind in ("project", "member"):
        rows.make(UsageShare, kind=kind)
    export = export_of(committed_cast.alice, committed_cast.acme)
    with storage.local_path(making.archive_key(export)) as path:
        return Path(shutil.copy(path, tmp_path / "export.zip"))


def lose_everything(media: Path) -> None:
    """An installation on the day it was set up."""
    database.empty()
    shutil.rmtree(media)
    media.mkdir()


def load(path: Path, *options: str) -> dict[str, Any]:
    out = StringIO()
    call_command("import_export", str(path), "--json", *options, stdout=out)
    report: dict[str, Any] = json.loads(out.getvalue())
    return report


def rows_of(archive: Opened, label: str) -> list[dict[str, Any]]:
    """The rows of a table without the numbers that a database gives out by itself."""
    numbers = {"metering", "rendering.CacheEntry", "accounts.UnwantedMail"}
    is_numbered = label.split(".", maxsplit=1)[0] in numbers or label in numbers
    return [{**row, "id": None} if is_numbered else row for row in archive.rows(label)]


def test_a_workspace_moves_to_another_installation(archive: Path, committed_cast: Cast, media: Path) -> None:
    before = Opened(zipfile.ZipFile(archive))
    lose_everything(media)
    report = load(archive)
    assert set(report["rows"]) == set(PORTABLE)
    alice, acme = User.objects.get(), Tenant.objects.using("ops").get()
    after = opened(export_of(alice, acme))
    members = {row["user"] for row in before.rows("tenants.Membership")} - {str(alice.pk)}
    for label in PORTABLE:
        mine = [row for row in rows_of(before, label) if row.get("user") not in members]
        assert rows_of(after, label) == mine, label
    assert after.archive.read("files/assets/moon.png") == PICTURE
    assert [balance for balance in reconciliation.balances() if not balance.is_exact] == []
    assert any("invite them again" in sentence for sentence in report["left_out"])


def test_it_works_there_as_if_it_had_been_made_there(
    archive: Path, committed_cast: Cast, media: Path
) -> None:
    lose_everything(media)
    load(archive)
    alice, acme = User.objects.get(), Tenant.objects.using("ops").get()
    assert not alice.has_usable_password()
    client = bearer(alice, acme)
    assert {row["slug"] for row in client.get("/api/v1/projects").json()["results"]} >= {"tides"}
    quote = client.post("/api/v1/projects/tides/render/quote", {"resolution": "720p"}, format="json")
    assert quote.status_code == 200, quote.content
    with tenant_context(acme.pk):
        assert AuditEntry.objects.filter(action="tenant.imported").count() == 1


def files_in(media: Path) -> list[Path]:
    """What is stored."""
    return [path for path in media.rglob("*") if path.is_file()]


def test_a_dry_run_proves_and_loads_nothing(archive: Path, media: Path) -> None:
    lose_everything(media)
    report = load(archive, "--dry-run")
    assert (report["is_dry_run"], report["rows"], report["files"] > 0) == (True, {}, True)
    assert not User.objects.exists()
    assert not list(media.rglob("*"))


def test_a_workspace_that_is_here_is_never_touched(archive: Path) -> None:
    before = list(Project.everywhere.using("ops").values())
    with pytest.raises(CommandError, match="is here already"):
        load(archive)
    assert list(Project.everywhere.using("ops").values()) == before


def test_a_person_who_is_here_is_never_touched(archive: Path, media: Path) -> None:
    lose_everything(media)
    User.objects.create_user("alice@acme.test")
    with pytest.raises(CommandError, match="has an account here already"):
        load(archive)


def test_whoever_was_erased_does_not_come_back_by_an_archive(
    archive: Path, committed_cast: Cast, vault: Vault
) -> None:
    body = {"confirm": "acme", "immediately": True}
    bearer(committed_cast.alice, committed_cast.acme).delete("/api/account", body, format="json")
    assert purging.work(at=clock.now()) == 1
    with pytest.raises(CommandError, match="was erased here"):
        load(archive)


def test_the_export_of_one_person_is_no_workspace(committed_cast: Cast, media: Path, tmp_path: Path) -> None:
    export = export_of(committed_cast.bob, committed_cast.acme, role="creator")  # type: ignore[arg-type]
    with storage.local_path(making.archive_key(export)) as path:
        copy = Path(shutil.copy(path, tmp_path / "person.zip"))
    lose_everything(media)
    with pytest.raises(CommandError, match="about one person"):
        load(copy)


def rewritten(archive: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The archive with other members, and a manifest that fits them."""
    source = Opened(zipfile.ZipFile(archive))
    members = {name: source.archive.read(name) for name in source.archive.namelist()}
    manifest = source.manifest
    before = members["manifest.json"]
    change(members)
    if members.get("manifest.json") == before:
        manifest["files"] = [
            {"path": name, "size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in members.items()
            if name not in ("manifest.json", "index.html")
        ]
        members["manifest.json"] = json.dumps(manifest).encode()
    path = archive.with_name("changed.zip")
    with zipfile.ZipFile(path, "w") as target:
        for name, content in members.items():
            target.writestr(name, content)
    return path


def swap(label: str, old: str, new: str) -> Callable[[dict[str, bytes]], None]:
    """Change a text in the rows of a table."""

    def change(members: dict[str, bytes]) -> None:
        path = f"data/{label}.json"
        assert old.encode() in members[path]
        members[path] = members[path].replace(old.encode(), new.encode())

    return change


def put(name: str, content: bytes = b"x") -> Callable[[dict[str, bytes]], None]:
    return lambda members: members.update({name: content})


ANOTHER = "00000000-0000-4000-8000-000000000001"
HOSTILE: dict[str, Callable[[dict[str, bytes]], None]] = {
    "a member that climbs": put("files/assets/../../../etc/cron.d/x"),
    "an absolute member": put("/etc/passwd"),
    "a hidden member": put("files/assets/.x"),
    "a member with a backslash": put("files\\assets\\x"),
    "a row that is no JSON": put("data/rendering.Project.json", b"[\n{\n]\n"),
    "a row that is a list": put("data/rendering.Project.json", b"[\n[1]\n]\n"),
    "a column we do not have": swap("rendering.Project", '"slug"', '"is_superuser"'),
    "a number that is none": swap("rendering.Asset", '"size_bytes": 10244', '"size_bytes": "many"'),
    "a number that is too large": swap("rendering.Asset", '"size_bytes": 10244', '"size_bytes": 1e30'),
    "a role there is not": swap("tenants.Membership", '"admin"', '"operator"'),
    "another address": swap("accounts.User", "alice@acme.test", "olga@cutroom.test"),
    "no manifest": lambda members: members.__delitem__("manifest.json"),
    "a manifest of something else": put("manifest.json", b'{"kind": "other"}'),
    "a manifest that is no JSON": put("manifest.json", b"\x00"),
}


def test_a_hostile_archive_is_refused_and_nothing_changed(archive: Path, media: Path) -> None:
    lose_everything(media)
    for name, change in HOSTILE.items():
        changed = rewritten(archive, change)
        print("Trying", name)
        with pytest.raises(CommandError, match="Nothing was changed"):
            load(changed)
        assert_untouched(media)


def assert_untouched(media: Path) -> None:
    """Nothing of the archive is in this installation."""
    assert not User.objects.exists()
    assert not Tenant.objects.using("ops").exists()
    assert files_in(media) == []


def test_rows_of_another_workspace_are_refused(archive: Path, committed_cast: Cast, media: Path) -> None:
    mine = str(committed_cast.acme.pk)
    lose_everything(media)
    for label in ("rendering.Project", "tenants.Tenant", "metering.UsageEvent"):
        with pytest.raises(CommandError, match="of another workspace"):
            load(rewritten(archive, swap(label, mine, ANOTHER)))
    assert_untouched(media)


def test_a_row_may_not_name_the_file_of_another_workspace(
    archive: Path, committed_cast: Cast, media: Path
) -> None:
    mine = f"tenants/{committed_cast.acme.pk}/assets"
    lose_everything(media)
    foreign = {"rendering.Asset": f"tenants/{ANOTHER}/assets", "rendering.CacheEntry": f"{mine}/.."}
    for label, key in foreign.items():
        with pytest.raises(CommandError, match="names another workspace's file"):
            load(rewritten(archive, swap(label, mine, key)))
    assert_untouched(media)


def test_a_file_that_is_not_what_the_manifest_says_is_refused(archive: Path, media: Path) -> None:
    text = Opened(zipfile.ZipFile(archive)).manifest
    for field, value in (("sha256", "0" * 64), ("size_bytes", 1)):
        document = json.loads(json.dumps(text))
        document["files"][0][field] = value
        changed = rewritten(archive, put("manifest.json", json.dumps(document).encode()))
        lose_everything(media)
        with pytest.raises(CommandError, match="is not what the manifest says"):
            load(changed)
    assert_untouched(media)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_an_archive_that_was_cut_off_is_refused(archive: Path, media: Path, share: float) -> None:
    whole = archive.read_bytes()
    archive.write_bytes(whole[: int(len(whole) * share)])
    lose_everything(media)
    with pytest.raises(CommandError, match="no ZIP archive"):
        load(archive)
    assert_untouched(media)


def test_an_archive_makes_nobody_an_operator(archive: Path, media: Path) -> None:
    changed = rewritten(archive, swap("accounts.User", '"is_superuser": false', '"is_superuser": true'))
    lose_everything(media)
    load(changed)
    alice = User.objects.get()
    assert (alice.is_staff, alice.is_superuser) == (False, False)


def test_what_is_too_large_for_the_disk_is_refused(
    archive: Path, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_everything(media)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(1, 1, 0))
    with pytest.raises(CommandError, match="are free"):
        load(archive)
