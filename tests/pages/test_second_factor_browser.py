"""Second factors in a real Chromium: passkeys by a virtual authenticator, everything else without script."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import LazySettings
from fido2.cose import ES256
from fido2.webauthn import Aaguid, AttestedCredentialData
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts import magic_links
from accounts.magic_links import Asker
from accounts.models import Session, User
from accounts.second_factor import recovery_codes, rules
from accounts.second_factor.models import Passkey, RecoveryCode
from cutroom import clock
from tenants.context import tenant_context
from tenants.models import Membership, Role
from tests.cast import AppInHand, Cast, give_app
from tests.pages.conftest import OpenBrowser
from tests.pages.test_browser import flaws, looks_wrong

# Pages under /account/security for somebody without a second factor, and with some.
BEFORE = ("app", "passkey", "rule")
AFTER = ("app/remove", "codes", "rule")
P256 = {
    1: 2,
    3: -7,
    -1: 1,
    -2: bytes.fromhex("30a0424cd21c2944838a2d75c92b37e76ea20d9f00893a3b4eee8a3c0aafec3e"),
    -3: bytes.fromhex("e04b65e92456d9888b52b379bdfbd51ee869ef1f0fc65b6659695b6cce081723"),
}


@pytest.fixture(autouse=True)
def _site_at_the_live_server(live_server: LiveServer, settings: LazySettings) -> None:
    """Passkeys are bound to the address of the site."""
    settings.SITE_URL = live_server.url
    settings.CSRF_TRUSTED_ORIGINS = []


@pytest.fixture
def stranger(open_browser: OpenBrowser) -> Page:
    """A browser in which nobody is signed in."""
    return open_browser(is_signed_in=False).new_page()


def open_link(page: Page, user: User) -> None:
    """Use a mailed link by its button."""
    link = magic_links.issue(email=user.email, asker=Asker(), next_path="/library", at=clock.now())
    page.goto(f"/login?token={link.token}")
    page.get_by_role("button", name="Sign in").click()


def plug_in_a_key(page: Page) -> str:
    """A virtual security key that agrees to everything; returns its id for the DevTools protocol."""
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
    }
    added: dict[str, str] = tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return added["authenticatorId"]


def test_a_passkey_is_made_and_signs_in(stranger: Page, committed_cast: Cast) -> None:
    page, bob = stranger, committed_cast.bob
    plug_in_a_key(page)
    open_link(page, bob)
    page.goto("/account/security")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("My laptop")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your recovery codes")
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_role("row", name="My laptop")).to_contain_text("never")

    page.get_by_role("button", name="Sign out").click()
    open_link(page, bob)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your second factor")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/library")
    assert Passkey.objects.get().last_used_at is not None


def test_a_device_has_one_passkey_and_says_so(stranger: Page, committed_cast: Cast) -> None:
    page = stranger
    plug_in_a_key(page)
    open_link(page, committed_cast.bob)
    for name in ("First", "Second"):
        page.goto("/account/security/passkey")
        page.get_by_label("Name").fill(name)
        page.get_by_role("button", name="Make the passkey").click()
        if name == "First":
            expect(page.get_by_role("heading", level=1)).to_have_text("Your recovery codes")
    expect(page.get_by_role("alert")).to_have_text("This device has a passkey for you here already.")
    assert page.get_by_label("Name").input_value() == "Second"


def test_without_the_key_the_page_says_so_and_the_codes_are_there(
    stranger: Page, committed_cast: Cast
) -> None:
    page, bob = stranger, committed_cast.bob
    key = plug_in_a_key(page)
    open_link(page, bob)
    page.goto("/account/security/passkey")
    page.get_by_label("Name").fill("Lost")
    page.get_by_role("button", name="Make the passkey").click()
    code = page.locator(".codes code").first.inner_text()
    page.get_by_role("button", name="Sign out").click()

    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    tools.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
    open_link(page, bob)
    page.get_by_text("Use a recovery code").click()
    page.get_by_label("Recovery code").fill(code)
    page.get_by_role("button", name="Continue with the recovery code").click()
    page.wait_for_url("**/library")


@pytest.mark.parametrize("has_javascript", [True, False])
def test_an_app_from_the_picture_to_signing_in(
    open_browser: OpenBrowser, committed_cast: Cast, has_javascript: bool, tmp_path: Path
) -> None:
    page = open_browser(is_signed_in=False, java_script_enabled=has_javascript).new_page()
    alice = committed_cast.alice
    open_link(page, alice)
    page.goto("/account/security")
    page.get_by_role("link", name="Add an app").click()
    phone = AppInHand(page.locator("#secret").inner_text().replace(" ", ""))
    page.get_by_label("Code that the app shows now").fill(phone.code(clock.now()))
    page.get_by_role("button", name="Connect the app").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as text").click()
    download.value.save_as(tmp_path / "codes.txt")
    assert download.value.suggested_filename == "cutroom-recovery-codes.txt"
    kept = re.findall(r"^[a-z2-9]{5}-[a-z2-9]{5}$", (tmp_path / "codes.txt").read_text(), re.M)
    assert kept == page.locator(".codes code").all_inner_texts()

    page.get_by_role("button", name="Sign out").click()
    open_link(page, alice)
    page.get_by_text("Use a recovery code").click()
    page.get_by_label("Recovery code").fill(kept[0])
    page.get_by_role("button", name="Continue with the recovery code").click()
    page.wait_for_url("**/library")


def give_everything(user: User) -> None:
    """An app, a passkey with a long name, two recovery codes left; all shown a moment ago."""
    give_app(user)
    recovery_codes.renew(user_id=user.pk, at=clock.now())
    RecoveryCode.objects.filter(pk__in=RecoveryCode.objects.values("pk")[:8]).delete()
    # The key P-256 of RFC 7517 appendix A.1, so that browsers can be asked for it.
    credential = AttestedCredentialData.create(Aaguid.NONE, b"1" * 16, ES256(P256))
    Passkey.objects.create(
        user=user,
        name="The blue security key that hangs beside the front door",
        credential_id=b"1" * 16,
        credential=bytes(credential),
        created_at=clock.now(),
    )
    Session.objects.filter(user=user).update(second_factor_at=clock.now())


def test_every_page_is_clean(open_browser: OpenBrowser, committed_cast: Cast) -> None:
    bob, member, stranger = committed_cast.bob, open_browser(), open_browser(is_signed_in=False)
    with tenant_context(committed_cast.acme.pk):
        Membership.objects.filter(user=bob).update(role=Role.ADMIN)
        rules.demand(is_demanded=True, at=clock.now())
    security = "/account/security"
    found = {path: flaws(member, path) for path in (security, *(f"{security}/{page}" for page in BEFORE))}
    found |= {path: flaws(member, path) for path in ("/account/confirm", "/account/confirm?sent=1")}
    found["challenge over"] = flaws(stranger, "/login/second-factor")
    give_everything(bob)
    passkey = f"passkey/{Passkey.objects.get().pk}/remove"
    after = (security, *(f"{security}/{page}" for page in (passkey, *AFTER)), "/account/confirm?next=/usage")
    found |= {f"{path} with factors": flaws(member, path) for path in after}
    page = stranger.new_page()
    open_link(page, bob)
    found["second step"] = flaws(stranger, "/login/second-factor")
    assert {name: flaw for name, flaw in found.items() if flaw} == {}


def test_the_recovery_codes_are_clean_too(open_browser: OpenBrowser, committed_cast: Cast) -> None:
    """They are the answer to a form, so they have no address to visit."""
    give_everything(committed_cast.bob)
    page = open_browser().new_page()
    page.goto("/account/security/codes")
    page.get_by_role("button", name="Make ten new codes").click()
    expect(page.locator(".codes li")).to_have_count(10)
    assert looks_wrong(page) == []
