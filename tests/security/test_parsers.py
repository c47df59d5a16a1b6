"""Whatever strangers send is read by parsers of ours: each takes anything, and answers or refuses.

`FUZZ=deep` tries fifty times as much of each, and something else every time.
"""

from __future__ import annotations

import io
import os
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import RequestFactory
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from accounts import access_tokens, addresses, api_keys, askers, leaks, magic_links, refresh_tokens
from accounts.errors import BadCredentials, LinkExpired, LinkInvalid, LinkUsed, SessionEnded
from cutroom import clock, environment, outgoing, pages, signatures
from cutroom.errors import DomainError, InvalidInput
from rendering.media.errors import MediaError
from rendering.media.pictures import picture_format, run
from rendering.media.specs import PictureSpec
from rendering.script_text import parse_script
from tenants import storage

IS_DEEP = os.environ.get("FUZZ") == "deep"
fuzzed = settings(
    max_examples=5000 if IS_DEEP else 100,
    derandomize=not IS_DEEP,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

TEXT = st.text(max_size=400)
# What a header can carry, as Django hands it on.
HEADER = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=300)
NUMBER = st.one_of(st.integers().map(str), st.integers(min_value=0, max_value=6000).map(lambda n: "9" * n))
PIECES = st.lists(st.one_of(TEXT, st.sampled_from(["\n\n", "# ", "- ", "Image:", "```", "\r\n", "\0", "**"])))


def small_pictures() -> list[bytes]:
    """One sound picture of each kind we read."""
    found = []
    for kind in ("PNG", "JPEG", "WEBP"):
        file = io.BytesIO()
        Image.new("RGB", (32, 24), "orange").save(file, format=kind)
        found.append(file.getvalue())
    return found


PICTURES = small_pictures()


@fuzzed
@given(PIECES.map("".join))
def test_a_script(text: str) -> None:
    with suppress(DomainError):
        for scene in parse_script(text):
            assert scene.narration == scene.narration.strip()
            assert "\0" not in scene.narration


@fuzzed
@given(TEXT)
@example("sk_prod_" + "0" * 38)
@example("sk_test_" + "é" * 38)
def test_an_api_key(text: str) -> None:
    assert not api_keys.is_well_formed(text)
    assert len(api_keys.key_digest(text)) == 64


@fuzzed
@given(st.one_of(TEXT, st.lists(st.text("abcXYZ019-_=", max_size=80), min_size=3, max_size=3).map(".".join)))
@example("eyJhbGciOiJub25lIn0.e30.")
@example("e30.e30.e30")
def test_an_access_token(text: str) -> None:
    with pytest.raises(BadCredentials):
        access_tokens.read(text)


@pytest.mark.django_db
@fuzzed
@given(TEXT)
@example("\0")
@example("\udcff".encode("utf-8", "surrogatepass").decode("latin-1"))
def test_the_token_of_a_link_or_a_cookie(text: str) -> None:
    with pytest.raises((LinkInvalid, LinkUsed, LinkExpired)):
        magic_links.consume_token(text, at=clock.now())
    with pytest.raises((BadCredentials, SessionEnded)):
        refresh_tokens.rotate(text, at=clock.now())


@fuzzed
@given(st.one_of(TEXT, st.tuples(TEXT, TEXT).map("@".join), st.emails()))
@example("a@" + "ß" * 300)
@example("a@xn--a")
@example("@")
def test_a_mail_address(text: str) -> None:
    try:
        address = addresses.normalise_email(text)
    except InvalidInput:
        return
    assert addresses.normalise_email(address) == address
    assert addresses.mailbox(address).endswith(address.rpartition("@")[2])


@fuzzed
@given(remote=st.one_of(HEADER, st.ip_addresses().map(str)), forwarded=HEADER)
@example(remote="10.0.0.1", forwarded="," * 300)
@example(remote="fe80::1%eth0", forwarded="::ffff:10.0.0.1")
def test_where_a_request_comes_from(remote: str, forwarded: str, settings: Any) -> None:
    settings.ACCOUNTS_TRUSTED_PROXIES = ["10.0.0.0/8", "::/0"]
    request = RequestFactory().get("/", REMOTE_ADDR=remote, headers={"X-Forwarded-For": forwarded})
    address = addresses.client_ip(request)
    assert address == "" or ip_address(address)
    assert addresses.network(address)


@fuzzed
@given(HEADER)
def test_the_name_of_a_browser(agent: str) -> None:
    name = askers.device_name(agent)
    assert 0 < len(name) <= 200
    assert "<" not in name


@fuzzed
@given(key_id=TEXT, signature=TEXT, body=st.binary(max_size=300))
def test_the_signature_of_a_leak_report(key_id: str, signature: str, body: bytes, settings: Any) -> None:
    settings.ACCOUNTS_LEAK_REPORTERS = {"bad": "no key", "": ""}
    with pytest.raises(BadCredentials):
        leaks.verify_report(body, key_id=key_id, signature=signature)


@fuzzed
@given(st.binary(max_size=600))
@example(b'{"kind":"receipt"}\n{"key_id":7,"signature":[]}')
@example(b"[]\n[]")
@example(b"\n" + b"[" * 20_000)
def test_a_signed_document(text: bytes) -> None:
    with pytest.raises(signatures.SignatureInvalid):
        signatures.read(text, kind="receipt")


@fuzzed
@given(st.one_of(TEXT, TEXT.map("https://".__add__), st.ip_addresses().map(lambda ip: f"https://[{ip}]/")))
@example("https://[::1")
@example("https://example.org:99999/")
@example("https://example.org:١/")
@example("https://" + "a" * 300 + ".test")
@example("https://0x7f.1/")
@example("https://2130706433/")
def test_an_address_to_send_webhooks_to(url: str) -> None:
    try:
        kept = outgoing.check_url(url)
    except InvalidInput:
        return
    assert kept.startswith("https://")
    assert "127.0.0.1" not in kept


@fuzzed
@given(TEXT)
@example("//evil.test")
@example("/\\evil.test")
@example("https:///evil.test")
@example("javascript:alert(1)")
@example("/\tevil.test")
@example("///evil.test")
def test_where_a_form_leads(target: str) -> None:
    request = RequestFactory().post("/theme", {"next": target})
    kept = pages.safe_next(request, default="/")
    assert not kept.startswith(("//", "/\\"))
    assert kept.startswith(("/", "http://testserver", "")) or ":" not in kept.partition("/")[0]


@fuzzed
@given(TEXT, st.sampled_from(["assets", "cache", "videos", "exports", "audit", "..", ""]))
@example("../../etc/passwd", "assets")
@example("a/../../b", "videos")
@example("%2e%2e/x", "videos")
def test_the_name_of_a_stored_object(name: str, area: str) -> None:
    tenant = uuid4()
    try:
        key = storage.storage_key(tenant_id=tenant, area=area, name=name)
    except (ValueError, DomainError):
        return
    assert os.path.normpath(key) == key  # a key, not a path of this machine
    assert key.startswith(f"tenants/{tenant}/{area}/")


@fuzzed
@given(text=TEXT)
@example(text="A=1\nB='x\n=\nC\n#D=1\n=E")
def test_an_env_file(tmp_path: Path, text: str) -> None:
    file = tmp_path / ".env"
    file.write_text(text, encoding="utf-8")
    for name, value in environment.read_env_file(file).items():
        assert name.strip() == name
        assert value


@fuzzed
@given(
    kind=st.integers(0, 2), cuts=st.lists(st.tuples(st.integers(0, 2000), st.binary(max_size=9)), max_size=6)
)
def test_a_damaged_picture(kind: int, cuts: list[tuple[int, bytes]], tmp_path: Path) -> None:
    picture = bytearray(PICTURES[kind])
    for place, new in cuts:
        start = place % len(picture)
        picture[start : start + len(new)] = new
    source, target = tmp_path / "in", tmp_path / "out.jpg"
    source.write_bytes(picture)
    spec = PictureSpec(in_path=str(source), out_path=str(target), max_pixels=1_000_000)
    with suppress(MediaError):
        size = run(spec, progress=lambda _: None)
        assert size["width"] * size["height"] <= 1_000_000
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []


@fuzzed
@given(st.binary(max_size=64))
def test_the_head_of_a_picture(head: bytes) -> None:
    assert picture_format(head) in (None, "PNG", "JPEG", "WEBP")
