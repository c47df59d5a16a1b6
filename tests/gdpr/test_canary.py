"""A tenant with a mark of its own in every declared place: the export has each but the secrets, and after the
erasure, and after restoring an older backup, nobody finds one outside of what the law keeps.
"""

from __future__ import annotations

import json
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from django.core import mail
from django.db import connections
from django.db.models import Model

from accounts import outbox
from cutroom import clock
from cutroom.personal_data import Erasure as Erased
from cutroom.personal_data import ExportForm
from gdpr.backups import making, postgres, restoring
from gdpr.backups.postgres import Address
from gdpr.backups.restoring import Wish
from gdpr.data_map import data_map
from gdpr.erasure import asking, purging
from gdpr.export.models import Export
from gdpr.models import Erasure, ErasureState, LegalHold
from tenants.context import tenant_context
from tenants.models import AuditCheckpoint, AuditLink, Membership, Tenant
from tests.cast import Cast
from tests.gdpr.conftest import Vault
from tests.gdpr.exports import Opened, export_of, opened, store
from tests.gdpr.rows import Rows
from tests.gdpr.traces import Traces, queued_message

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("scratch_databases")]

# Made by the program itself whenever the others are.
MADE_BY_ITSELF = {Tenant, Membership, AuditLink, AuditCheckpoint}


class Canary:
    """Acme, marked: `rows` maps each mark to its column, `places` each other one to where it was put."""

    def __init__(self, cast: Cast, media: Path, tmp_path: Path) -> None:
        self.cast, self.media = cast, media
        self.made = Rows(cast)
        self.places: dict[str, str] = {}
        for each in data_map().personal():
            if each.model not in MADE_BY_ITSELF and each.label != "accounts.User":
                self._make(each.model)
        self._mark_the_workspace()
        self._mark_files(tmp_path)
        self._mark_redis()
        self._mark_mail()

    @property
    def rows(self) -> dict[str, str]:
        """The marks in columns."""
        return self.made.marks

    @property
    def words(self) -> list[str]:
        """Everything that must be gone."""
        cast = self.cast
        people = [cast.alice.email, cast.bob.email, "office@acme.test", str(cast.alice.pk), str(cast.acme.pk)]
        return [*self.rows, *self.places, *people]

    def _make(self, model: type[Model]) -> None:
        # An export that waits would be made instead of the one that is asked for.
        given = {"state": "expired"} if model is Export else {}
        if not self.made.has(model):
            self.made.make(model, **given)

    def erase(self) -> Erasure:
        """Alice wishes Acme gone, now; she may, whatever the marks made of her sessions."""
        with tenant_context(self.cast.acme.pk):
            asking.ask_for_tenant(
                confirm="acme", tenant_id=self.cast.acme.pk, is_immediate=True, at=clock.now()
            )
        purging.work(at=clock.now())
        return Erasure.objects.get(scope="tenant")

    def _new(self, place: str) -> str:
        mark = f"zq9{len(self.places):04d}mark"
        self.places[mark] = place
        return mark

    def _mark_the_workspace(self) -> None:
        name = self._new("tenants.Tenant.name")
        Tenant.objects.using("owner").filter(pk=self.cast.acme.pk).update(name=name)

    def _mark_files(self, tmp_path: Path) -> None:
        for area in data_map().storage():
            mark = self._new(f"files/{area.area}")
            key = f"tenants/{self.cast.acme.pk}/{area.area}/{mark}.bin"
            store(key, mark.encode() * 10, tmp_path)

    def _mark_redis(self) -> None:
        ids = {"tenant_id": self.cast.acme.pk, "user_id": self.cast.alice.pk}
        with redis.Redis.from_url(django_settings.REDIS_URL) as client:
            for family in data_map().caches():
                if "{tenant_id}" in family.pattern or "{user_id}" in family.pattern:
                    client.set(family.pattern.format(**ids).replace("*", "any"), self._new(family.pattern))
            message = queued_message(tenant_id=str(self.cast.acme.pk), word=self._new("queue"))
            client.rpush("default", message)

    def _mark_mail(self) -> None:
        mark = self._new("mail")
        context = {"at": clock.now(), "session": None, "site_url": mark}
        life = timedelta(days=1)
        for person in (self.cast.alice, self.cast.bob):
            outbox.enqueue(
                kind="session_ended", recipient=person.email, context=context, at=clock.now(), useful_for=life
            )


@pytest.fixture
def canary(vault: Vault, committed_cast: Cast, media: Path, tmp_path: Path) -> Canary:
    return Canary(committed_cast, media, tmp_path)


def secrets() -> set[str]:
    """Declared columns that no export may hold."""
    return {
        f"{each.label}.{name}"
        for each in data_map().personal()
        for name in each.columns
        if each.table.form_of(name) == ExportForm.EXCLUDED
    }


def contents(archive: Opened) -> bytes:
    """Every member of an archive, one after the other."""
    return b"\n".join(archive.archive.read(name) for name in archive.archive.namelist())


def test_every_declared_text_is_marked(canary: Canary) -> None:
    marked = set(canary.rows.values())
    assert len(marked) > 150
    with_text = {each.label for each in data_map().personal() if _has_text(each.model)}
    # One column of numbers in JSON; and people, whose address is looked for instead.
    bare = {"metering.AlertChoice", "accounts.User"}
    assert with_text - bare <= {label.rpartition(".")[0] for label in marked}


def _has_text(model: type[Model]) -> bool:
    texts = ("CharField", "TextField", "EmailField", "JSONField", "BinaryField")
    return model not in MADE_BY_ITSELF and any(
        field.get_internal_type() in texts and not field.choices and (field.max_length or 12) >= 12
        for field in model._meta.local_concrete_fields
    )


def test_the_export_has_every_mark_but_those_of_secrets(canary: Canary) -> None:
    archive = opened(export_of(canary.cast.alice, canary.cast.acme))
    found = contents(archive)
    hidden = secrets()
    handed_over = {label for mark, label in canary.rows.items() if mark.encode() in found}
    assert set(canary.rows.values()) - hidden - handed_over == set()
    assert handed_over & hidden == set()
    named = {entry["what"] for entry in archive.manifest["excluded"]}
    assert {label for label in canary.rows.values() if label in hidden} <= named
    areas = {place: mark for mark, place in canary.places.items() if place.startswith("files/")}
    assert [place for place, mark in areas.items() if mark.encode() not in found] == ["files/exports"]
    caches = [mark for mark, place in canary.places.items() if "{" in place]
    assert all(mark.encode() in found for mark in caches)
    json.loads(archive.text("data/cache.json"))


def test_after_erasure_and_after_an_older_backup_only_the_legal_hold_has_marks(
    canary: Canary, vault: Vault
) -> None:
    traces = Traces(canary.media)
    lost = {word for word in canary.words if not traces.of(word)}
    sealed = {mark for mark, place in canary.places.items() if place == "mail"}
    assert lost == sealed, "else finding nothing proves nothing"
    export_of(canary.cast.alice, canary.cast.acme)
    older = vault.manifest(making.make())

    erasure = canary.erase()
    assert erasure.state == ErasureState.DONE, erasure.error
    assert_gone(canary)
    assert all(mark not in bytes(erasure.receipt).decode() for mark in canary.words)
    assert all(mark not in str(message.body) for message in mail.outbox for mark in canary.rows)

    wish = Wish(replaces=True, confirmed="testserver", has_safety_backup=False)
    report = restoring.restore(older, wish, store=vault.store, identities=vault.identities)
    assert report["erased"] == [str(canary.cast.acme.pk)]
    assert_gone(canary)
    assert list(Tenant.objects.using("ops").values_list("slug", flat=True)) == ["globex"]


def assert_gone(canary: Canary) -> None:
    """Nothing is left but what the law keeps: there, in rows that have a hold, and nowhere else."""
    traces = Traces(canary.media, without=held_values())
    left = {canary.rows.get(word, canary.places.get(word, word)): traces.of(word) for word in canary.words}
    about = {label: places for label, places in left.items() if places}
    # Whose erasure it was: an id in the wish, the tombstone and the holds, that leads nowhere.
    assert about.pop(str(canary.cast.acme.pk), ["dump"]) == ["dump"]
    assert about == {}


def held_values() -> list[bytes]:
    """What the law keeps: ids and parts of documents, in rows with a hold."""
    values: list[bytes] = []
    known = {each.label: each for each in data_map().models()}
    for hold in LegalHold.objects.all():
        each = known[hold.model]
        row = each.model._base_manager.using("owner").filter(pk=hold.row).values().get()
        kept = each.table.erasure is Erased.HOLD
        names = row if kept else {"id": row.get("id")}
        values += [str(row[name]).encode() for name in names if isinstance(row[name], str) and row[name]]
    return values


def test_what_the_law_keeps_has_a_hold_for_every_row(canary: Canary) -> None:
    erasure = canary.erase()
    assert erasure.state == ErasureState.DONE, erasure.error
    books = [each for each in data_map().personal() if each.table.erasure is Erased.HOLD]
    for each in books:
        kept = each.model._base_manager.using("owner").values_list("pk", flat=True)
        held = LegalHold.objects.filter(model=each.label).values_list("row", flat=True)
        assert {str(pk) for pk in kept} == set(held), each.label
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM djstripe_paymentmethod")
        assert cursor.fetchone() == (0,)


def test_a_full_dump_can_be_read(canary: Canary) -> None:
    command = [postgres.program("pg_dump", server=18), "--format=plain"]
    environment = Address.of("backup").environment()
    text = subprocess.run(command, env=environment, capture_output=True, check=True).stdout
    some: Any = next(iter(canary.rows))
    assert some.encode() in text
