"""Who lost everything is let in again by an operator: `manage.py reset_second_factor`."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from accounts.models import Session
from accounts.second_factor.models import AuthenticatorApp, Passkey, RecoveryCode
from tenants.context import tenant_context
from tenants.models import AuditEntry, Membership, Role, Tenant
from tests.accounts.conftest import ask
from tests.accounts.second_factor.conftest import VERIFY, Delivered, give_passkey
from tests.cast import Cast, open_session

pytestmark = pytest.mark.django_db

WHY = "Called back on the number of the contract"


def reset(cast: Cast, *arguments: str, **options: Any) -> str:
    out = StringIO()
    call_command("reset_second_factor", cast.alice.email, *arguments, stdout=out, **options)
    return out.getvalue().strip()


def entries(tenant: Tenant) -> list[AuditEntry]:
    with tenant_context(tenant.pk):
        return list(AuditEntry.objects.filter(action="second-factor.reset"))


@pytest.fixture(autouse=True)
def _alice_has_everything(cast: Cast, codes: list[str]) -> None:
    give_passkey(cast.alice, cast.acme)
    open_session(cast.alice, cast.acme)


def test_every_factor_goes_and_every_session_ends(cast: Cast, stranger: APIClient) -> None:
    assert reset(cast, reason=WHY) == f"2 second factors of {cast.alice.email} were removed."
    for kind in (AuthenticatorApp, Passkey, RecoveryCode):
        assert not kind.objects.exists()
    assert not Session.objects.filter(user=cast.alice, ended_at=None).exists()
    assert stranger.post(VERIFY, {"token": ask(cast.alice.email).token}).status_code == 200


def test_it_is_audited_in_each_workspace_of_the_person(cast: Cast) -> None:
    with tenant_context(cast.globex.pk):
        Membership.objects.create(user=cast.alice, role=Role.CREATOR)
    reset(cast, reason=WHY, operator=cast.olga.email)
    for tenant in (cast.acme, cast.globex):
        (entry,) = entries(tenant)
        assert (entry.target, entry.detail) == (f"user:{cast.alice.pk}", {"reason": WHY})
        assert (entry.user_id, entry.operator_id) == (None, cast.olga.pk)


def test_the_person_is_told(cast: Cast, delivered: Delivered) -> None:
    reset(cast, reason=WHY)
    letter = delivered()[-1]
    assert (letter.to, letter.subject) == (
        [cast.alice.email],
        "Your second factor was reset by an operator",
    )


def test_a_dry_run_changes_nothing(cast: Cast) -> None:
    said = json.loads(reset(cast, reason=WHY, dry_run=True, json=True))
    assert said == {"email": cast.alice.email, "removed": 2, "dry_run": True}
    assert AuthenticatorApp.objects.exists()
    assert entries(cast.acme) == []


@pytest.mark.parametrize(
    ("email", "options"),
    [
        ("nobody@acme.test", {"reason": WHY}),
        ("nonsense", {"reason": WHY}),
        ("alice@acme.test", {"reason": "  "}),
        ("alice@acme.test", {"reason": WHY, "operator": "nobody@acme.test"}),
        ("alice@acme.test", {}),
    ],
)
def test_without_a_person_or_a_reason_nothing_happens(
    cast: Cast, email: str, options: dict[str, str]
) -> None:
    with pytest.raises(CommandError):
        call_command("reset_second_factor", email, **options)
    assert AuthenticatorApp.objects.exists()
