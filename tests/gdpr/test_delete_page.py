"""/account/delete says what is deleted before it is, and keeps what was typed."""

from __future__ import annotations

import pytest
from django.test import Client

from gdpr.models import Erasure
from tenants.models import Role
from tests.cast import Cast, browser_of, join
from tests.gdpr.conftest import Vault

pytestmark = pytest.mark.committed

PAGE = "/account/delete"
WORKSPACE, PERSON = "The workspace is frozen from now on", "What you made stays with the workspace"


@pytest.fixture
def alice(vault: Vault, committed_cast: Cast) -> Client:
    """Alice, admin of Acme."""
    return browser_of(committed_cast.alice, committed_cast.acme)


def text_of(client: Client) -> str:
    return client.get(PAGE).content.decode()


def test_an_admin_reads_that_the_workspace_goes_and_may_choose_to_go_alone(
    alice: Client, committed_cast: Cast
) -> None:
    text = text_of(alice)
    assert "Delete Acme" in text
    assert WORKSPACE in text
    assert 'value="tenant" checked' in text
    assert 'value="person"' in text
    join(committed_cast.acme, "dora", Role.ADMIN)
    assert alice.post(PAGE, {"confirm": "acme", "scope": "person"}).status_code == 200
    erasure = Erasure.objects.get()
    assert (erasure.scope, erasure.subject) == ("user", committed_cast.alice.pk)


def test_a_creator_reads_that_the_workspace_stays(vault: Vault, committed_cast: Cast) -> None:
    bob = browser_of(committed_cast.bob, committed_cast.acme)
    text = text_of(bob)
    assert "Delete your account" in text
    assert PERSON in text
    assert 'name="scope"' not in text
    refused = bob.post(PAGE, {"confirm": "acme", "scope": "tenant"})
    assert refused.status_code == 403
    assert not Erasure.objects.exists()
    bob.post(PAGE, {"confirm": "acme"})
    assert Erasure.objects.get().subject == committed_cast.bob.pk


def test_the_wrong_word_deletes_nothing_and_every_choice_stays(alice: Client) -> None:
    answer = alice.post(PAGE, {"confirm": "Acme", "scope": "person", "immediately": "yes"})
    text = answer.content.decode()
    assert answer.status_code == 400
    assert 'value="Acme"' in text
    assert 'value="person" checked' in text
    assert 'value="yes" checked' in text
    assert "Nothing was deleted." in text
    assert not Erasure.objects.exists()
