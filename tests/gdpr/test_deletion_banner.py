"""While a workspace is to be deleted, whoever signs in sees the countdown, may look, and changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from accounts import services
from accounts.magic_links import Asker
from cutroom import clock
from gdpr.erasure import purging
from gdpr.models import Erasure, ErasureState
from rendering.models import Project
from tenants.context import tenant_context
from tenants.models import AuditEntry, Tenant, TenantState
from tests.cast import Cast, bearer, browser_of
from tests.gdpr.conftest import Vault

pytestmark = pytest.mark.committed

PAGES = (
    "/create",
    "/library",
    "/usage",
    "/billing",
    "/team",
    "/account",
    "/account/security",
    "/account/webhooks",
)
BANNER = "in 14 days."


@pytest.fixture
def frozen(vault: Vault, acme_at_work: Cast) -> Cast:
    """Alice asked for the deletion of Acme."""
    body = {"confirm": "acme"}
    answer = bearer(acme_at_work.alice, acme_at_work.acme).delete("/api/account", body, format="json")
    assert answer.status_code == 202
    return acme_at_work


@pytest.fixture
def alice(frozen: Cast) -> Client:
    """Alice, who signed in again."""
    return browser_of(frozen.alice, frozen.acme)


def test_whoever_signs_in_again_comes_into_the_frozen_workspace(frozen: Cast) -> None:
    asker = Asker(ip="127.0.0.1", device="test")
    link = services.request_link(email=frozen.bob.email, asker=asker, at=clock.now())
    signed_in = services.verify_token(token=link.token, asker=asker, at=clock.now())
    assert signed_in.session.tenant_id == frozen.acme.pk


@pytest.mark.parametrize("path", PAGES)
def test_every_page_counts_down(alice: Client, path: str) -> None:
    answer = alice.get(path)
    assert answer.status_code == 200
    assert BANNER in answer.content.decode()


def test_the_editor_counts_down_too(alice: Client, frozen: Cast) -> None:
    with tenant_context(frozen.acme.pk):
        slug = Project.objects.get().slug
    assert BANNER in alice.get(f"/projects/{slug}").content.decode()


def test_no_page_of_another_workspace_counts_down(frozen: Cast) -> None:
    page = browser_of(frozen.charlie, frozen.globex).get("/account")
    assert "to be deleted" not in page.content.decode()


def test_an_admin_keeps_it_with_a_button(alice: Client, frozen: Cast) -> None:
    assert "Keep the workspace" in alice.get("/account").content.decode()
    answer = alice.post("/account/keep-workspace")
    assert answer.status_code == 302
    assert Erasure.objects.get().state == ErasureState.UNDONE
    assert Tenant.objects.using("ops").get(pk=frozen.acme.pk).state == TenantState.ACTIVE
    with tenant_context(frozen.acme.pk):
        entry = AuditEntry.objects.get(action="tenant.deletion-undone")
    assert entry.user_id == frozen.alice.pk
    assert "to be deleted" not in alice.get("/account").content.decode()


def test_a_creator_sees_it_and_cannot_keep_it(frozen: Cast) -> None:
    bob = browser_of(frozen.bob, frozen.acme)
    text = bob.get("/account").content.decode()
    assert "An admin of the workspace can keep it." in text
    assert bob.post("/account/keep-workspace").status_code == 403
    assert Erasure.objects.get().state == ErasureState.WAITING


def test_nothing_can_be_changed_by_page_or_program(alice: Client, frozen: Cast) -> None:
    refused = alice.post("/create", {"title": "New", "script": "A scene."})
    assert refused.status_code == 403
    assert "Keep the workspace" in refused.content.decode()
    api = bearer(frozen.alice, frozen.acme)
    assert api.get("/api/v1/projects").status_code == 200
    answer = api.post("/api/v1/projects", {"title": "New"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (403, "tenant-frozen")
    with tenant_context(frozen.acme.pk):
        assert Project.objects.count() == 1


def test_everything_can_still_be_taken_along(alice: Client, frozen: Cast) -> None:
    assert alice.post("/account/exports").status_code == 302
    assert "Being made" in alice.get("/account").content.decode()


def test_once_the_purge_has_begun_it_cannot_be_kept(alice: Client, frozen: Cast, media: Path) -> None:
    Erasure.objects.update(purge_after=clock.now(), state=ErasureState.PURGING)
    assert alice.post("/account/keep-workspace").status_code == 409
    Erasure.objects.update(state=ErasureState.WAITING)
    assert purging.work(at=clock.now()) == 1
    assert alice.get("/account").status_code == 302
