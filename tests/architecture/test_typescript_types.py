"""clients/typescript/cutroom.d.ts was made from the openapi.json that is kept. `npm run check` says more."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings

CLIENTS = Path(settings.BASE_DIR, "clients")
TYPES = CLIENTS / "typescript" / "cutroom.d.ts"
REGENERATE = "make schema"


def test_the_types_were_made_from_the_kept_description() -> None:
    """Holds without Node: the generator writes the hash of what it read into the first line."""
    digest = hashlib.sha256((CLIENTS / "python" / "openapi.json").read_bytes()).hexdigest()
    first, _, rest = TYPES.read_text().partition("\n")
    assert first.endswith(f"sha256 {digest}"), f"Run: {REGENERATE}"
    assert "export interface paths" in rest
