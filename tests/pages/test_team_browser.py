"""The team, invitation and workspace pages in a real browser, in both colours and both widths."""

from __future__ import annotations

import pytest
from django.core import mail

from accounts import invitations, outbox
from cutroom import clock
from tenants.context import Actor, tenant_context
from tenants.models import Membership, Role, Tenant
from tests.accounts.invites import token_in
from tests.cast import Cast, join
from tests.pages.conftest import OpenBrowser
from tests.pages.test_browser import flaws


@pytest.fixture
def token(committed_cast: Cast) -> str:
    """Bob is admin of Acme and a creator at Globex; a guest and Bob's namesake are invited to Acme."""
    cast = committed_cast
    with tenant_context(cast.globex.pk):
        Membership.objects.create(user=cast.bob, role=Role.CREATOR)
    join(cast.acme, "maximiliane.von.der-langen-adresse-im-norden", Role.CREATOR)
    with tenant_context(cast.acme.pk, actor=Actor(user_id=cast.alice.pk)):
        Tenant.objects.update(name="Acme and the Very Long Name of a Small Film Studio by the Sea")
        Membership.objects.filter(user=cast.bob).update(role=Role.ADMIN)
        invitations.invite(
            emails=["guest@acme.test", "a.second.guest@a-rather-long-domain.test"],
            role=Role.CREATOR,
            inviter_id=cast.alice.pk,
            at=clock.now(),
        )
    outbox.deliver_due()
    return token_in(mail.outbox[-1])  # type: ignore[arg-type]  # we send no other kind


def test_the_pages_are_clean(open_browser: OpenBrowser, committed_cast: Cast, token: str) -> None:
    with tenant_context(committed_cast.acme.pk):
        alices = Membership.objects.get(user=committed_cast.alice).pk
    member, stranger = open_browser(), open_browser(is_signed_in=False)
    paths = ["/team", "/team/leave", f"/team/members/{alices}/remove", f"/team/members/{alices}/hand-over"]
    paths += ["/workspaces", f"/invite?token={token}", "/invite?token=none"]
    found = {path: flaws(member, path) for path in paths}
    found |= {f"stranger {path}": flaws(stranger, path) for path in paths[-2:]}
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def test_inviting_and_switching_work_without_javascript(
    open_browser: OpenBrowser, committed_cast: Cast, token: str
) -> None:
    page = open_browser(java_script_enabled=False).new_page()
    page.goto("/team")
    page.get_by_label("Mail addresses").fill("ada@lovelace.test nobody")
    page.get_by_label("Admin: also manages").check()
    page.get_by_role("button", name="Send invitations").click()
    assert page.get_by_label("Mail addresses").input_value() == "ada@lovelace.test nobody"
    page.get_by_label("Mail addresses").fill("ada@lovelace.test")
    page.get_by_role("button", name="Send invitations").click()
    assert page.get_by_text("1 invitation sent.").is_visible()
    page.locator("summary").click()
    page.get_by_role("button", name="Switch to Globex").click()
    assert page.get_by_text("You are now in Globex.").is_visible()
