"""Tables of no tenant: the app sees the rows that name its key, and none of what only operators may see."""

from __future__ import annotations

import pytest

from cutroom import clock
from gdpr.duties import requests
from gdpr.duties.models import RequestKind
from tenants.context import row_key, tenant_context
from tests.cast import Cast
from tests.tenants.test_row_security import refused, rows

pytestmark = pytest.mark.django_db


def test_a_request_about_data_is_seen_by_its_own_address_alone(cast: Cast) -> None:
    """As T6, for a table without a tenant: no key, no row; and none can be written for another address."""
    requests.receive(email="bob@acme.test", kind=RequestKind.ACCESS, text="", is_known=True, at=clock.now())
    look = "SELECT email FROM gdpr_privacyrequest"
    assert rows(look) == []
    with tenant_context(cast.acme.pk):
        assert rows(look) == []
    with row_key("charlie@globex.test"):
        assert rows(look) == []
        assert "row-level security" in refused(
            "INSERT INTO gdpr_privacyrequest (id, email, kind, text, state, token_hash, received_at, due_at,"
            " extension_reason, outcome, answer, warned_percent) VALUES (gen_random_uuid(), 'bob@acme.test',"
            " 'access', '', 'open', 'x', now(), now(), '', '', '', 0)"
        )
    with row_key("bob@acme.test"):
        assert rows(look) == [("bob@acme.test",)]
        assert "row-level security" in refused("UPDATE gdpr_privacyrequest SET email = 'eve@example.org'")
        assert "permission denied" in refused("DELETE FROM gdpr_privacyrequest")
    assert rows(look) == [], "the key ends with its block, not with the request"


@pytest.mark.parametrize(
    "statement",
    ["SELECT title FROM gdpr_breach", "INSERT INTO gdpr_breach DEFAULT VALUES", "DELETE FROM gdpr_breach"],
)
def test_the_app_has_no_rights_on_the_record_of_breaches(statement: str) -> None:
    assert "permission denied" in refused(statement)
