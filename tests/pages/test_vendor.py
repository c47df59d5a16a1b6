"""Third-party files are the ones that were looked at, and every one is listed."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pytest
from django.conf import settings

STATIC = Path(settings.BASE_DIR) / "static"
AXE = Path(__file__).parent / "vendor"


def listed(manifest: Path) -> dict[str, str]:
    return {name: sha for entry in json.loads(manifest.read_text()) for name, sha in entry["files"].items()}


@pytest.mark.parametrize(
    ("root", "manifest"), [(STATIC, STATIC / "vendor/MANIFEST.json"), (AXE, AXE / "MANIFEST.json")]
)
def test_the_files_have_the_hashes_of_the_manifest(root: Path, manifest: Path) -> None:
    files = listed(manifest)
    assert {name: hashlib.sha256((root / name).read_bytes()).hexdigest() for name in files} == files


def test_no_file_is_vendored_unlisted() -> None:
    found = [
        path for folder in ("vendor", "fonts") for path in (STATIC / folder).rglob("*") if path.is_file()
    ]
    names = {str(path.relative_to(STATIC)) for path in found}
    assert names - {"vendor/MANIFEST.json"} == set(listed(STATIC / "vendor/MANIFEST.json"))


def test_our_own_scripts_stay_small() -> None:
    weight = sum(len(gzip.compress(path.read_bytes())) for path in (STATIC / "js").glob("*.js"))
    assert weight < 6 * 1024
