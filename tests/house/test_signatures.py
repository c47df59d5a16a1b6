"""Signed documents: ours are believed, changed or foreign ones are not, and openssl agrees."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from cutroom import signatures
from cutroom.signatures import SignatureInvalid

DOCUMENT = {"kind": "note/1", "text": "Grüße", "count": 3}


def test_a_signed_document_is_read_back() -> None:
    assert signatures.read(signatures.sign(DOCUMENT), kind="note/1") == DOCUMENT


def test_equal_documents_give_equal_bytes() -> None:
    assert signatures.sign(DOCUMENT) == signatures.sign(dict(reversed(DOCUMENT.items())))


@given(st.data())
def test_a_flipped_bit_anywhere_is_noticed(data: st.DataObject) -> None:
    signed = bytearray(signatures.sign(DOCUMENT))
    line_end = signed.index(b"\n")
    place = data.draw(st.integers(0, line_end - 1))
    signed[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(SignatureInvalid):
        signatures.read(bytes(signed), kind="note/1")


def test_a_document_cut_off_anywhere_is_refused() -> None:
    signed = signatures.sign(DOCUMENT)
    for length in range(len(signed) - 2):
        with pytest.raises(SignatureInvalid):
            signatures.read(signed[:length], kind="note/1")


def test_a_document_of_another_kind_is_refused_though_we_signed_it() -> None:
    with pytest.raises(SignatureInvalid, match="no backup"):
        signatures.read(signatures.sign(DOCUMENT), kind="backup/1")


def test_a_foreign_key_is_refused_by_name(settings: Settings) -> None:
    settings.SIGNING_KEY = "somebody else's long secret, which is not the one of this installation"
    foreign, name = signatures.sign(DOCUMENT), signatures.key_id(signatures.public_key())
    settings.SIGNING_KEY = ""
    with pytest.raises(SignatureInvalid, match=name):
        signatures.read(foreign, kind="note/1")


def test_a_retired_key_goes_on_being_believed(settings: Settings) -> None:
    old, public = signatures.sign(DOCUMENT), signatures.public_key()
    settings.SIGNING_KEY = "a fresh long secret, after the old one was retired by the operator today"
    settings.SIGNING_KEYS_RETIRED = [base64.b64encode(public).decode()]
    assert signatures.read(old, kind="note/1") == DOCUMENT
    assert signatures.sign(DOCUMENT) != old


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed here")
def test_openssl_judges_the_same_bytes(tmp_path: Path) -> None:
    line, seal = signatures.sign(DOCUMENT).splitlines()
    (tmp_path / "line").write_bytes(line)
    (tmp_path / "signature").write_bytes(base64.b64decode(json.loads(seal)["signature"]))
    (tmp_path / "key.pem").write_text(signatures.public_key_pem())
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-rawin", "-inkey", "key.pem", "-in", "line"]
    answer = subprocess.run(
        [*command, "-sigfile", "signature"], cwd=tmp_path, capture_output=True, check=False
    )
    assert answer.returncode == 0, answer
