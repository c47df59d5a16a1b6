"""Asking to be erased, undoing it, and the purge: complete wherever it was killed."""

from __future__ import annotations

import re
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.test import Client
from pytest_django import Settings

from accounts import outbox, services
from accounts.models import ApiKey, Invitation, OutboxMail, Session, User
from billing import customers
from cutroom import clock, signatures
from gdpr.erasure import ledger, purging, receipts
from gdpr.models import Erasure, ErasureState
from rendering import services as rendering
from rendering.models import JobState, Project, RenderJob
from tenants import storage
from tenants.context import tenant_context
from tenants.models import Membership, Role, Tenant, TenantState
from tests.cast import Cast, bearer, join
from tests.gdpr.conftest import Vault

pytestmark = pytest.mark.committed


@pytest.fixture
def acme(vault: Vault, acme_at_work: Cast) -> Cast:
    """Acme at work, with a place for backups and so for the erasure ledger."""
    return acme_at_work


def ask(cast: Cast, **body: Any) -> Any:
    """Alice asks over the API."""
    given = {"confirm": "acme", **body}
    return bearer(cast.alice, cast.acme).delete("/api/account", given, format="json")


def token_of(url: str) -> str:
    return url.partition("token=")[2]


def later(days: int = 15) -> datetime:
    return clock.now() + timedelta(days=days)


def test_asking_freezes_at_once(acme: Cast) -> None:
    with tenant_context(acme.acme.pk):
        services.rotate_api_key(user_id=acme.alice.pk, grace=timedelta(), at=clock.now())
        job = rendering.submit(
            project=Project.objects.get(), resolution="720p", fps=24, user_id=None, at=clock.now()
        )
    bob = bearer(acme.bob, acme.acme)
    answer = ask(acme)
    assert answer.status_code == 202, answer.content
    assert set(answer.json()) == {"state", "purge_after", "undo_url"}
    assert answer.json()["state"] == "waiting"
    assert bob.get("/api/v1/projects").status_code in (401, 403)
    assert not Session.objects.filter(tenant_id=acme.acme.pk, ended_at=None).exists()
    assert ApiKey.everywhere.using("ops").get().revoked_at is not None
    assert RenderJob.everywhere.using("ops").get(pk=job.pk).state == JobState.CANCELLED
    assert Tenant.objects.using("ops").get(pk=acme.acme.pk).state == TenantState.DELETING
    assert Erasure.objects.get().purge_after > clock.now() + timedelta(days=13)


def test_the_wrong_word_deletes_nothing(acme: Cast) -> None:
    answer = ask(acme, confirm="Acme")
    assert answer.status_code == 400
    assert "Type acme" in answer.content.decode()
    assert not Erasure.objects.exists()


def test_the_mailed_link_undoes_it(acme: Cast) -> None:
    url = ask(acme).json()["undo_url"]
    outbox.deliver_due()
    assert any(url in str(message.body) for message in mail.outbox)
    client = bearer(acme.charlie, acme.globex)
    undone = client.post("/api/account/undo-delete", {"token": token_of(url)}, format="json")
    assert (undone.status_code, undone.json()["state"]) == (200, "undone")
    assert Tenant.objects.using("ops").get(pk=acme.acme.pk).state == TenantState.ACTIVE
    assert bearer(acme.alice, acme.acme).get("/api/v1/projects").status_code == 200
    assert purging.work(at=later()) == 0
    erasure = Erasure.objects.get()
    assert (erasure.name, erasure.contacts) == ("", [])


def test_an_unknown_link_is_not_found(acme: Cast) -> None:
    client = bearer(acme.charlie, acme.globex)
    assert client.post("/api/account/undo-delete", {"token": "x"}, format="json").status_code == 404


def test_nothing_is_purged_before_its_day(acme: Cast) -> None:
    ask(acme)
    assert purging.work(at=later(13)) == 0
    assert Erasure.objects.get().state == ErasureState.WAITING


def test_reminders_leave_a_week_and_a_day_before_it_is_too_late(acme: Cast) -> None:
    ask(acme)
    end, people = Erasure.objects.get().purge_after, len(Erasure.objects.get().contacts)
    reminders = OutboxMail.objects.filter(kind="erasure_reminder")
    for days, hours, mails in ((7, 1, 0), (7, 0, 1), (2, 0, 1), (1, 0, 2), (0, 1, 2)):
        for _ in range(2):
            purging.work(at=end - timedelta(days=days, hours=hours))
        assert reminders.count() == mails * people, (days, hours)


def test_t26_the_purge_leaves_nothing_and_a_signed_receipt(acme: Cast, media: Path, vault: Vault) -> None:
    url = ask(acme).json()["undo_url"]
    assert purging.work(at=later()) == 1
    erasure = Erasure.objects.get()
    assert erasure.state == ErasureState.DONE, erasure.error
    assert (erasure.name, erasure.contacts, erasure.people) == ("", [], [])
    assert set(Tenant.objects.using("ops").values_list("slug", flat=True)) == {"globex"}
    assert set(User.objects.values_list("email", flat=True)) == {"charlie@globex.test", "olga@cutroom.test"}
    assert not (media / "tenants" / str(acme.acme.pk)).exists()
    receipt = signatures.read(bytes(erasure.receipt), kind=receipts.KIND)
    assert receipt["counts"]["records_and_files"] > 3
    assert not re.search(rf"acme|alice|bob|{acme.acme.pk}", bytes(erasure.receipt).decode())
    assert {message.to[0] for message in mail.outbox} >= {"alice@acme.test", "office@acme.test"}
    assert len(ledger.names(vault.store)) == 3
    answer = Client().get(f"/account/receipt?token={token_of(url)}")
    assert answer.content == bytes(erasure.receipt)


def test_it_can_be_wished_immediately(acme: Cast) -> None:
    answer = ask(acme, immediately=True)
    assert answer.json()["undo_url"] == ""
    assert purging.work(at=clock.now()) == 1
    assert Erasure.objects.get().state == ErasureState.DONE


def test_a_failing_third_party_is_asked_again(acme: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(tenant_id: Any) -> None:
        raise ConnectionError

    ask(acme, immediately=True)
    with monkeypatch.context() as patch:
        patch.setattr(customers, "forget", down)
        assert purging.work(at=clock.now()) == 0
    erasure = Erasure.objects.get()
    assert (erasure.state, erasure.error) == (ErasureState.PURGING, "third_parties: ConnectionError")
    assert Tenant.objects.using("ops").filter(pk=acme.acme.pk).exists()
    assert purging.work(at=clock.now() + timedelta(hours=1)) == 1


def test_the_second_pass_names_what_the_first_forgot(acme: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(acme, immediately=True)
    with monkeypatch.context() as patch:
        patch.setattr(storage, "delete_below", lambda directory: 0)
        assert purging.work(at=clock.now()) == 0
    erasure = Erasure.objects.get()
    assert erasure.error == "second_pass: TracesLeft"


def test_a_creator_deletes_only_themselves(acme: Cast) -> None:
    bob = bearer(acme.bob, acme.acme)
    refused = bob.delete("/api/account", {"confirm": "acme", "scope": "tenant"}, format="json")
    assert refused.status_code == 403
    answer = bob.delete("/api/account", {"confirm": "acme", "immediately": True}, format="json")
    assert answer.status_code == 202, answer.content
    assert purging.work(at=clock.now()) == 1, Erasure.objects.get().error
    assert not User.objects.filter(pk=acme.bob.pk).exists()
    assert Tenant.objects.using("ops").get(pk=acme.acme.pk).state == TenantState.ACTIVE
    with tenant_context(acme.acme.pk):
        assert Project.objects.exists()
        assert not Membership.objects.filter(user_id=acme.bob.pk).exists()


def test_a_founder_leaves_and_the_workspace_is_written_to_elsewhere(acme: Cast) -> None:
    dora = join(acme.acme, "dora", Role.ADMIN)
    Tenant.objects.using("owner").filter(pk=acme.acme.pk).update(email=acme.alice.email)
    with tenant_context(acme.globex.pk):
        times = {"created_at": clock.now(), "sent_at": clock.now(), "expires_at": later()}
        Invitation.objects.create(email=acme.alice.email, role=Role.CREATOR, token_hash="x", **times)
        Project.objects.create(slug="letter", title=f"A letter to {acme.alice.email}")
    assert ask(acme, scope="person", immediately=True).status_code == 202
    assert purging.work(at=clock.now()) == 1, Erasure.objects.get().error
    assert Tenant.objects.using("ops").get(pk=acme.acme.pk).email == dora.email
    assert not Invitation.everywhere.using("ops").exists()
    assert Project.everywhere.using("ops").filter(slug="letter").exists(), "a script is its author's"


def test_the_last_admin_hands_over_or_deletes_the_workspace(acme: Cast) -> None:
    refused = ask(acme, scope="person")
    assert (refused.status_code, refused.json()["code"]) == (409, "last-admin")
    join(acme.acme, "dora", Role.ADMIN)
    assert ask(acme, scope="person").status_code == 202


def test_somebody_who_also_works_elsewhere_stays(acme: Cast) -> None:
    with tenant_context(acme.globex.pk):
        Membership.objects.create(user=acme.bob, role=Role.CREATOR)
    ask(acme, immediately=True)
    purging.work(at=clock.now())
    assert Erasure.objects.get().state == ErasureState.DONE, Erasure.objects.get().error
    assert User.objects.filter(pk=acme.bob.pk).exists()
    assert not User.objects.filter(pk=acme.alice.pk).exists()


def test_the_documented_line_judges_a_receipt(acme: Cast, tmp_path: Path) -> None:
    ask(acme, immediately=True)
    purging.work(at=clock.now())
    (tmp_path / "cutroom-receipt.txt").write_bytes(bytes(Erasure.objects.get().receipt))
    (tmp_path / "key.pem").write_bytes(Client().get("/.well-known/cutroom-signing-key.pem").content)
    manual = (Path(django_settings.BASE_DIR) / "docs" / "erasure.md").read_text()
    line = re.search(r"```sh receipt\n(.*?)```", manual, re.DOTALL)
    assert line is not None
    good = subprocess.run(line[1], shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S602
    assert good.stdout.strip() == "The receipt is genuine.", good.stderr
    changed = (
        (tmp_path / "cutroom-receipt.txt").read_bytes().replace(b'"scope":"tenant"', b'"scope":"person"')
    )
    (tmp_path / "cutroom-receipt.txt").write_bytes(changed)
    bad = subprocess.run(line[1], shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S602
    assert bad.returncode != 0


def test_the_ledger_reaches_the_store_before_the_first_row_goes(
    acme: Cast, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.GDPR_BACKUP_STORE = "/dev/null/nowhere"
    ask(acme, immediately=True)
    assert purging.work(at=clock.now()) == 0
    assert Tenant.objects.using("ops").filter(pk=acme.acme.pk).exists()
    assert Erasure.objects.get().error == "ledger: NotADirectoryError"
