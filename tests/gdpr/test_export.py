"""An export has everything, says what is missing and what was left out, and can be checked by anybody."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import jsonschema
import pytest
from django.core import mail
from pytest_django import Settings

from accounts import outbox
from accounts.models import Session
from cutroom import clock
from gdpr.export import making, tables
from gdpr.export.manifest import SCHEMA_PATH
from gdpr.export.models import Export, ExportState
from rendering.models import Asset, Scene
from tenants import audit, storage
from tenants.context import tenant_context
from tenants.models import AuditEntry, Role, WebhookMessage
from tests.cast import Cast, open_session
from tests.gdpr.exports import PICTURE, ask, export_of, fill, opened, store

pytestmark = pytest.mark.committed


@pytest.fixture
def acme(committed_cast: Cast, media: Path, tmp_path: Path) -> Cast:
    """Acme with a project, a scene and a picture."""
    fill(committed_cast, tmp_path)
    return committed_cast


def test_the_manifest_follows_its_schema(acme: Cast) -> None:
    archive = opened(export_of(acme.alice, acme.acme))
    schema = json.loads(SCHEMA_PATH.read_text())
    jsonschema.Draft202012Validator(schema).validate(archive.manifest)
    assert json.loads(archive.text("manifest.schema.json")) == schema
    assert archive.manifest["name"].startswith("export-acme-")
    assert archive.manifest["scope"] == "workspace"


def test_every_file_is_listed_with_its_size_and_hash(acme: Cast) -> None:
    archive = opened(export_of(acme.alice, acme.acme))
    listed = {each["path"]: (each["size_bytes"], each["sha256"]) for each in archive.manifest["files"]}
    found = {
        name: (len(content), hashlib.sha256(content).hexdigest())
        for name in archive.archive.namelist()
        if name not in ("manifest.json", "index.html")
        for content in [archive.archive.read(name)]
    }
    assert listed == found
    assert archive.archive.testzip() is None


def test_rows_come_as_json_and_csv_and_are_counted(acme: Cast) -> None:
    archive = opened(export_of(acme.alice, acme.acme))
    (scene,) = archive.rows("rendering.Scene")
    assert scene["narration"] == "Das Meer kommt."
    assert scene["image"] == archive.rows("rendering.Asset")[0]["id"]
    for table in archive.manifest["tables"]:
        assert len(archive.rows(table["model"])) == table["rows"] == len(archive.sheet(table["model"]))


def test_a_spreadsheet_runs_nothing(acme: Cast) -> None:
    archive = opened(export_of(acme.alice, acme.acme))
    assert archive.rows("rendering.Project")[0]["title"] == "=HYPERLINK(tides)"
    assert archive.sheet("rendering.Project")[0]["title"] == "'=HYPERLINK(tides)"


def test_media_come_as_files(acme: Cast) -> None:
    archive = opened(export_of(acme.alice, acme.acme))
    assert archive.archive.read("files/assets/moon.png") == PICTURE


@pytest.mark.fault(39, breaks=["I4"])
def test_names_in_the_archive_never_climb(acme: Cast) -> None:
    names = opened(export_of(acme.alice, acme.acme)).archive.namelist()
    assert not [name for name in names if ".." in name or name.startswith("/")]


def test_secrets_are_left_out_and_named(acme: Cast) -> None:
    archive = opened(export_of(acme.alice, acme.acme))
    named = {each["what"] for each in archive.manifest["excluded"]}
    assert {"accounts.User.password", "accounts.ApiKey.digest", "accounts.RefreshToken.token_hash"} <= named
    assert "password" not in archive.rows("accounts.User")[0]


def test_an_operators_id_is_masked(acme: Cast) -> None:
    with tenant_context(acme.acme.pk):
        AuditEntry.objects.create(at=clock.now(), action="quota.changed", operator_id=acme.olga.pk)
    archive = opened(export_of(acme.alice, acme.acme))
    rows = archive.rows("tenants.AuditEntry")
    assert "operator" in {row["operator_id"] for row in rows}
    assert str(acme.olga.pk) not in archive.text("data/tenants.AuditEntry.json")


def test_it_tells_what_article_15_asks_for(acme: Cast) -> None:
    archive = opened(export_of(acme.alice, acme.acme))
    processing = json.loads(archive.text("processing.json"))
    assert {"controller", "activities", "recipients", "security", "subjects"} == set(processing)
    page = archive.text("index.html")
    assert "supervisory authority" in page
    assert "within 35 days" in page


def test_the_page_opens_without_a_network(acme: Cast) -> None:
    page = opened(export_of(acme.alice, acme.acme)).text("index.html")
    assert 'href="files/assets/moon.png"' in page
    assert "Mond über dem Wasser.png" in page
    assert "<script" not in page
    assert "<link" not in page
    assert 'src="' not in page


@pytest.mark.fault(39, breaks=["I4"])
def test_a_missing_file_is_told_everywhere(acme: Cast, caplog: pytest.LogCaptureFixture) -> None:
    with tenant_context(acme.acme.pk):
        storage.delete_file(Asset.objects.get().storage_key)
    export = export_of(acme.alice, acme.acme)
    archive = opened(export)
    assert archive.manifest["missing"] == [
        {
            "what": "assets",
            "name": "assets/moon.png",
            "reason": "a row names it, the store has no such file",
        }
    ]
    assert export.missing == 1
    assert "1 thing could not be included" in archive.text("index.html")
    assert "export_incomplete" in caplog.text


def test_nothing_of_another_tenant_is_in_it(acme: Cast, tmp_path: Path) -> None:
    with tenant_context(acme.globex.pk):
        audit.record("secret.plan", target="globex")
    store(storage.storage_key(tenant_id=acme.globex.pk, area="assets", name="plan.png"), b"plan", tmp_path)
    archive = opened(export_of(acme.alice, acme.acme))
    everything = b"".join(archive.archive.read(name) for name in archive.archive.namelist())
    for trace in (str(acme.globex.pk), "secret.plan", "plan.png", acme.charlie.email, str(acme.charlie.pk)):
        assert trace.encode() not in everything


def test_other_members_sign_ins_are_not_the_admins_to_have(acme: Cast) -> None:
    bobs = open_session(acme.bob, acme.acme)
    archive = opened(export_of(acme.alice, acme.acme))
    assert str(bobs.pk) not in {row["id"] for row in archive.rows("accounts.Session")}
    assert len(archive.rows("tenants.Membership")) == 2


def test_a_creator_gets_what_is_about_them_alone(acme: Cast) -> None:
    with tenant_context(acme.acme.pk):
        audit.record("hello.bob", user_id=acme.bob.pk)
        audit.record("hello.alice", user_id=acme.alice.pk)
    archive = opened(export_of(acme.bob, acme.acme, Role.CREATOR))
    assert archive.manifest["scope"] == "person"
    assert "rendering.Scene" not in {table["model"] for table in archive.manifest["tables"]}
    assert [row["id"] for row in archive.rows("accounts.User")] == [str(acme.bob.pk)]
    assert {row["user_id"] for row in archive.rows("tenants.AuditEntry")} == {str(acme.bob.pk)}
    assert not [name for name in archive.archive.namelist() if name.startswith("files/")]


def test_all_tables_are_of_one_moment(acme: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scene deleted while the tables are being written is in all of them."""
    write = tables._write

    def deleting(each: object, *rest: object) -> object:
        Scene.everywhere.using("ops").all().delete()
        Asset.everywhere.using("ops").all().delete()
        return write(each, *rest)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(tables, "_write", deleting)
    archive = opened(export_of(acme.alice, acme.acme))
    assert len(archive.rows("rendering.Asset")) == len(archive.rows("rendering.Scene")) == 1


def test_who_asked_is_told_by_mail(acme: Cast) -> None:
    export = export_of(acme.alice, acme.acme)
    outbox.deliver_due()
    (letter,) = mail.outbox
    assert letter.to == [acme.alice.email]
    assert export.name in letter.body
    assert "/account#export" in letter.body


def test_the_workspaces_programs_are_told_of_an_export_of_the_whole(acme: Cast) -> None:
    made = export_of(acme.alice, acme.acme)
    export_of(acme.bob, acme.acme, Role.CREATOR)
    with tenant_context(acme.acme.pk):
        [message] = WebhookMessage.objects.filter(type="export.ready")
    assert message.data["export_id"] == str(made.pk)
    assert message.data["url"].endswith(f"/api/account/download-export/{made.name}")


def test_what_happened_is_in_the_audit_log(acme: Cast) -> None:
    export = export_of(acme.alice, acme.acme)
    with tenant_context(acme.acme.pk):
        actions = AuditEntry.objects.filter(target=f"export:{export.pk}").order_by("at")
        assert list(actions.values_list("action", flat=True)) == ["export.requested", "export.made"]


def test_without_room_it_is_refused_with_the_reason(acme: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "SPARE_BYTES", 10**18)
    export = export_of(acme.alice, acme.acme)
    assert (export.state, export.error[:31]) == (ExportState.FAILED, "there is not enough room on the")


def test_a_person_who_is_gone_gets_none(acme: Cast) -> None:
    export = ask(acme.bob, acme.acme, Role.CREATOR)
    Session.objects.filter(user=acme.bob).delete()
    with tenant_context(acme.acme.pk):
        acme.bob.delete()
    making.make_next()
    assert Export.everywhere.using("ops").get(pk=export.pk).state == ExportState.FAILED


@pytest.mark.fault(37, breaks=["I4"])
def test_a_tenant_erased_meanwhile_gets_no_file(
    acme: Cast, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = ask(acme.alice, acme.acme)
    store_file = storage.store_file

    def erased_before(key: str, path: Path) -> None:
        Export.everywhere.using("ops").filter(pk=export.pk).delete()
        store_file(key, path)

    monkeypatch.setattr(storage, "store_file", erased_before)
    assert making.make_next()
    assert list(media.rglob("*.zip")) == []


def test_an_error_is_tried_again_and_then_given_up(acme: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(making, "write_archive", broken)
    export = ask(acme.alice, acme.acme)
    rows = Export.everywhere.using("ops").filter(pk=export.pk)
    for _ in range(making.MAX_ATTEMPTS):
        assert making.make_next()
        assert rows.get().state == ExportState.MAKING
        assert not making.make_next(), "it waits before it is tried again"
        rows.update(lease_until=clock.now())
    assert not making.make_next()
    assert (rows.get().state, rows.get().error) == (ExportState.FAILED, "it was tried 5 times")


def test_a_slow_maker_that_lost_its_lease_writes_nothing(
    acme: Cast, media: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.GDPR_EXPORT_LEASE_SECONDS = 0
    export = ask(acme.alice, acme.acme)
    rows = Export.everywhere.using("ops").filter(pk=export.pk)

    def overtaken(*args: object, **kwargs: object) -> None:
        rows.update(attempt=2)

    monkeypatch.setattr(making, "write_archive", overtaken)
    assert making.make_next()
    assert rows.get().state == ExportState.MAKING
    assert list(media.rglob("*.zip")) == []
