"""One function builds storage keys, and no name leaves its tenant's directory."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from tenants import storage

# Storing asks whether the tenant is being erased.
pytestmark = pytest.mark.django_db

ACME = UUID("0190aa00-0000-7000-8000-000000000001")


def key(name: str, area: str = "assets") -> str:
    return storage.storage_key(tenant_id=ACME, area=area, name=name)


def test_a_key_lies_under_its_tenant_and_area() -> None:
    assert key("tide/mill.png") == f"tenants/{ACME}/assets/tide/mill.png"


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../globex/secret",
        "a/../../b",
        "a/..",
        "a..b",
        "/etc/passwd",
        "a//b",
        "a/",
        "%2e%2e/b",
        "a%2fb",
        "..\\b",
        "C:\\b",
        ".hidden",
        "a/.hidden",
        "a b",
        "a\n",
        "a\x00b",
        "ä.png",
        "\uff0e\uff0e/b",
    ],
)
def test_t24_names_that_climb_hide_or_are_encoded_are_refused(name: str) -> None:
    """T24."""
    with pytest.raises(ValueError, match="storage name"):
        key(name)


@given(st.text(max_size=30))
def test_whatever_is_accepted_stays_inside(name: str) -> None:
    root = Path("/store/tenants") / str(ACME) / "assets"
    try:
        built = key(name)
    except ValueError:
        return
    assert root in Path("/store", built).resolve().parents


def test_an_unknown_area_is_refused() -> None:
    with pytest.raises(ValueError, match="not a storage area"):
        key("a", area="elsewhere")


def test_a_stored_file_is_whole_and_replaces_the_old_one(media: Path, tmp_path: Path) -> None:
    for content in (b"first", b"second"):
        source = tmp_path / "source"
        source.write_bytes(content)
        storage.store_file(key("a.bin"), source)
        with storage.open_file(key("a.bin")) as file:
            assert file.read() == content
    assert [path.name for path in media.rglob("*") if path.is_file()] == ["a.bin"]


def test_a_replaced_file_has_another_fingerprint(media: Path, tmp_path: Path) -> None:
    tags = set()
    for content in (b"one", b"three"):
        source = tmp_path / "source"
        source.write_bytes(content)
        storage.store_file(key("a.bin"), source)
        tags.add(storage.facts(key("a.bin")).fingerprint)
    assert len(tags) == 2


def test_removing_an_absent_file_is_fine(media: Path) -> None:
    storage.delete_file(key("absent"))
    assert not storage.file_exists(key("absent"))


@pytest.mark.committed
def test_a_file_is_removed_only_when_the_transaction_commits(media: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"x")
    storage.store_file(key("a.bin"), source)
    with transaction.atomic():
        storage.delete_after_commit(key("a.bin"))
        transaction.set_rollback(True)
    assert storage.file_exists(key("a.bin"))
    with transaction.atomic():
        storage.delete_after_commit(key("a.bin"))
        assert storage.file_exists(key("a.bin"))
    assert not storage.file_exists(key("a.bin"))
