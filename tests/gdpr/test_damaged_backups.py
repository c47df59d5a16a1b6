"""A backup that was cut off, changed, swapped or forged is refused before anything live is touched."""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pyrage
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from cutroom import signatures
from gdpr import conf
from gdpr.backups import aside, databases, making, manifests, media, restoring, sealing, verification
from gdpr.backups.errors import BackupError, Damaged, Refused
from gdpr.backups.manifests import Manifest
from gdpr.backups.restoring import Wish
from gdpr.backups.sealing import LineReader
from gdpr.models import BackupRun
from tests.gdpr.conftest import Vault

pytestmark = pytest.mark.committed

REPLACE = Wish(replaces=True, confirmed="testserver", has_safety_backup=False)


@pytest.fixture(autouse=True)
def untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever gets as far as making a scratch database has believed too much."""

    def trap(*args: Any, **kwargs: Any) -> NoReturn:
        raise AssertionError("a damaged backup was about to be restored")

    monkeypatch.setattr(databases, "create", trap)
    monkeypatch.setattr(aside, "clear", trap)


def restore(vault: Vault, backup_id: str, identities: list[Any] | None = None) -> None:
    manifest = manifests.load(backup_id, store=vault.store, instance=conf.instance())
    restoring.restore(manifest, REPLACE, store=vault.store, identities=identities or vault.identities)


def parts(vault: Vault, made: BackupRun) -> list[Path]:
    """Every file a restore of this backup reads."""
    names = [name for name, _ in vault.store.names("") if not name.startswith("canaries/")]
    assert any(name.startswith("objects/") for name in names)
    return [vault.path(name) for name in names]


def each_refused(
    vault: Vault, made: BackupRun, damage: Callable[[bytes, st.DataObject], bytes], examples: int
) -> None:
    files = parts(vault, made)

    @settings(
        max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(st.data())
    def try_one(data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(files))
        whole = path.read_bytes()
        damaged = damage(whole, data)
        path.write_bytes(damaged)
        try:
            with pytest.raises(Damaged):
                restore(vault, made.pk)
        finally:
            path.write_bytes(whole)

    try_one()


@pytest.mark.fault(44, breaks=["I4"])
def test_a_file_cut_off_at_any_byte_is_refused(vault: Vault, made: BackupRun) -> None:
    def cut(whole: bytes, data: st.DataObject) -> bytes:
        # The very last byte of a manifest is a newline that nobody needs.
        return whole[: data.draw(st.integers(0, len(whole) - 2))]

    each_refused(vault, made, cut, examples=150)


@pytest.mark.fault(44, breaks=["I4"])
def test_a_flipped_bit_anywhere_is_refused(vault: Vault, made: BackupRun) -> None:
    def flip(whole: bytes, data: st.DataObject) -> bytes:
        place = data.draw(st.integers(0, len(whole.rstrip(b"\n")) - 1))
        changed = bytearray(whole)
        changed[place] ^= 1 << data.draw(st.integers(0, 7))
        return bytes(changed)

    each_refused(vault, made, flip, examples=150)


def test_bytes_added_to_the_end_are_refused(vault: Vault, made: BackupRun) -> None:
    for path in parts(vault, made):
        whole = path.read_bytes()
        path.write_bytes(whole + b"{}")
        with pytest.raises(Damaged):
            restore(vault, made.pk)
        path.write_bytes(whole)


def test_a_missing_file_is_refused_by_name(vault: Vault, made: BackupRun) -> None:
    for path in parts(vault, made):
        whole = path.read_bytes()
        path.unlink()
        with pytest.raises(Damaged, match=path.name if "manifest" not in path.name else made.pk):
            restore(vault, made.pk)
        path.write_bytes(whole)


@pytest.mark.fault(44, breaks=["I4"])
def test_the_wrong_key_is_refused_and_the_right_one_named(vault: Vault, made: BackupRun) -> None:
    other = pyrage.x25519.Identity.generate()
    with pytest.raises(Damaged, match="encrypted for age1"):
        restore(vault, made.pk, [other])


def test_a_manifest_signed_by_somebody_else_is_refused(
    vault: Vault, made: BackupRun, settings: Settings
) -> None:
    manifest = vault.manifest(made)
    settings.SIGNING_KEY = "the secret of an attacker who can write to the store, and nothing else"
    forged = manifest.signed()
    settings.SIGNING_KEY = ""
    vault.path(manifests.manifest_name(made.pk)).write_bytes(forged)
    with pytest.raises(Damaged, match="not ours"):
        restore(vault, made.pk)


def resign(vault: Vault, made: BackupRun, change: Callable[[dict[str, Any]], None]) -> None:
    """Change a manifest and sign it with the right key: what a stolen server could do."""
    path = vault.path(manifests.manifest_name(made.pk))
    document = signatures.read(path.read_bytes(), kind=manifests.KIND)
    change(document)
    path.write_bytes(signatures.sign(document))


@pytest.mark.fault(44, breaks=["I4"])
@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", "/etc/passwd", "backups/other/database.dump.zst.age", "", "objects/../x"]
)
def test_a_manifest_with_a_hostile_path_is_refused(vault: Vault, made: BackupRun, name: str) -> None:
    resign(vault, made, lambda document: document["parts"]["database"].update(name=name))
    with pytest.raises(Damaged, match="hostile"):
        restore(vault, made.pk)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(id="../../x"),
        lambda d: d.update(id="20200101T000000Z-00000000"),
        lambda d: d.update(instance="elsewhere"),
        lambda d: d.update(kind="cutroom-erasure/1"),
        lambda d: d.pop("tables"),
        lambda d: d.update(tables={"x": {"rows": 1}}),
        lambda d: d.update(parts=[]),
        lambda d: d["parts"].pop("objects"),
        lambda d: d["parts"]["database"].update(size=-1),
        lambda d: d["parts"]["database"].update(sha256="x"),
        lambda d: d["parts"]["media"].update(connector="os.system"),
        lambda d: d.update(made_at="yesterday"),
    ],
)
def test_a_malformed_manifest_is_refused(
    vault: Vault, made: BackupRun, change: Callable[[dict[str, Any]], None]
) -> None:
    resign(vault, made, change)
    with pytest.raises(Damaged):
        restore(vault, made.pk)


@pytest.mark.parametrize("backup_id", ["../x", "", "20200101T000000Z-0000000g", "x/../../y"])
def test_an_id_that_is_a_path_is_no_id(vault: Vault, made: BackupRun, backup_id: str) -> None:
    with pytest.raises(Damaged, match="not the id"):
        restore(vault, backup_id)


@pytest.mark.parametrize(
    "path",
    [
        "../../etc/cron.d/x",
        "/etc/passwd",
        "tenants/00000000-0000-0000-0000-000000000000/assets/../../../x",
        "tenants/00000000-0000-0000-0000-000000000000/assets/.hidden",
        "tenants/x/assets/a",
        "tenants/00000000-0000-0000-0000-000000000000/assets/a\n",
    ],
)
def test_a_file_that_leaves_its_tenants_folder_is_refused(vault: Vault, made: BackupRun, path: str) -> None:
    manifest = vault.manifest(made)
    lines = [
        dataclasses.asdict(entry)
        for entry in verification.entries(manifest, store=vault.store, identities=vault.identities)
    ]
    lines[0]["path"] = path
    replace_list(vault, manifest, lines)
    with pytest.raises(Damaged, match="which no tenant's file is called"):
        restore(vault, made.pk)


def replace_list(vault: Vault, manifest: Manifest, lines: list[dict[str, Any]]) -> None:
    """Swap the list of files for another one, with a manifest that fits it and is signed by us."""
    reader = LineReader(iter([json.dumps(line).encode() for line in lines]))
    name = manifest.parts["media"].name
    part = sealing.seal(reader, store=vault.store, name=name, recipients=manifest.recipients)
    changed = dataclasses.replace(manifest, parts={**manifest.parts, "media": part})
    vault.path(manifests.manifest_name(manifest.id)).write_bytes(changed.signed())


@pytest.mark.fault(44, breaks=["I4"])
def test_a_backup_of_a_newer_version_is_refused(vault: Vault, made: BackupRun) -> None:
    resign(vault, made, lambda document: document["migrations"].append("tenants.9999_tomorrow"))
    with pytest.raises(Refused, match="newer version"):
        restore(vault, made.pk)


def test_the_live_installation_is_replaced_only_by_its_name(vault: Vault, made: BackupRun) -> None:
    manifest = vault.manifest(made)
    wish = dataclasses.replace(REPLACE, confirmed="prod")
    with pytest.raises(Refused, match="--confirm testserver"):
        restoring.restore(manifest, wish, store=vault.store, identities=vault.identities)


def test_a_damaged_object_is_stored_anew_by_the_next_backup(vault: Vault, made: BackupRun) -> None:
    manifest = vault.manifest(made)
    broken = random.choice(list(dict(vault.store.names(f"{media.OBJECTS}/"))))
    vault.path(broken).write_bytes(b"rotten")
    with pytest.raises(Damaged, match=broken.rpartition("/")[2]):
        verification.verify(manifest, store=vault.store)
    again = vault.manifest(making.make())
    assert verification.verify(again, store=vault.store, identities=vault.identities)["objects"] == 2


def test_damage_is_a_backup_error_with_exit_code_one() -> None:
    assert issubclass(Damaged, BackupError)
    assert Damaged("x").exit_code == 1
