"""The brand kit of a tenant: colours, font, logo, cards before and after. Start at `change`, `set_logo`.

Call everything inside tenant_context.
"""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet, Subquery
from django.db.models.functions import JSONObject

from cutroom import clock, scratch
from cutroom.errors import InvalidInput, Unavailable
from metering import services as metering
from metering.meters import Meter
from rendering import colours, conf
from rendering.assets import file_on_disk
from rendering.brand_models import Brand
from rendering.choices import Corner
from rendering.errors import UnusableFile
from rendering.media import host
from rendering.media.errors import MediaCrashed, MediaError, MediaTimeout, is_disk_full
from rendering.media.specs import LogoSpec
from rendering.models import Project
from tenants import audit, storage
from tenants.context import current_actor, current_tenant_id

CARD_SECONDS = 2.5
LOGO_TIMEOUT_SECONDS = 30
FIELDS = frozenset(
    {"corner", "paper", "ink", "accent", "font", "intro_title", "intro_text", "outro_title", "outro_text"}
)

_USED = (*sorted(FIELDS), "logo_key", "logo_sha256")


def brand() -> Brand:
    """The tenant's brand; a fresh one, not stored, while it has none."""
    return Brand.objects.first() or Brand(tenant_id=current_tenant_id())


def beside(projects: QuerySet[Project]) -> QuerySet[Project]:
    """Have the brand come along with the projects, without a query of its own."""
    row = Brand.objects.values(row=JSONObject(**{name: name for name in _USED}))
    return projects.annotate(brand_row=Subquery(row[:1]))


def of(project: Project) -> dict[str, Any] | None:
    """The brand as renders of a project use it; None for none. Asks nothing for projects of `beside`."""
    if not project.is_branded:
        return None
    if not hasattr(project, "brand_row"):
        return snapshot()
    return _as_used(project.brand_row)


def snapshot() -> dict[str, Any] | None:
    """The brand as renders use it; None when it changes nothing. One query."""
    return _as_used(Brand.objects.values(*_USED).first())


def _as_used(row: dict[str, Any] | None) -> dict[str, Any] | None:
    if row is None:
        return None
    kept: dict[str, Any] = {name: row[name] for name in ("paper", "ink", "accent", "font") if row[name]}
    if row["logo_key"] and row["corner"] != Corner.NONE:
        logo = {"sha256": row["logo_sha256"], "storage_key": row["logo_key"]}
        kept |= {"logo": logo, "corner": row["corner"]}
    for name in ("intro", "outro"):
        title = row[f"{name}_title"].strip()
        if title:
            kept[name] = {"title": title, "text": row[f"{name}_text"].strip()}
    return kept or None


def change(**changes: Any) -> Brand:
    """Change what FIELDS names. Raises InvalidInput, for colours that cannot be read with one that can.

    Finished videos stay as they are; the next render makes anew what the change shows in, and nothing else.
    """
    unknown = sorted(set(changes) - FIELDS)
    if unknown:
        raise TypeError(f"Unknown fields: {', '.join(unknown)}")
    own = _locked()
    for name, value in changes.items():
        setattr(own, name, value.lower() if name in colours.NAMES else value)
    problems = colours.problems(paper=own.paper, ink=own.ink, accent=own.accent)
    if problems:
        raise InvalidInput(errors=problems)
    own.save()
    audit.record("brand.changed", target="brand", detail={"fields": sorted(changes)})
    return own


def set_logo(*, upload: UploadedFile) -> Brand:
    """Store a picture (PNG, JPEG or WebP) as the logo, its transparency kept; counts as upload and storage.

    Raises UnusableFile, QuotaExceeded, Unavailable. A refusal leaves the old logo.
    """
    if not upload.size or upload.size > conf.MAX_LOGO_BYTES:
        raise _unusable(
            "too-large", f"A logo may have {conf.MAX_LOGO_BYTES // 1024**2} MB, and not be empty."
        )
    own = _locked()
    with scratch.directory("logo") as directory:
        picture = directory / "logo.png"
        try:
            _clean(file_on_disk(upload, directory), picture)
            _replace(own, picture)
        except OSError as error:
            if not is_disk_full(error):
                raise
            raise Unavailable("The disk is full. Nothing was stored; try again later.") from error
    audit.record("brand.logo-set", target="brand", detail={"size_bytes": own.logo_bytes})
    return own


def remove_logo() -> Brand:
    """Have no logo any more; its storage is given back."""
    own = _locked()
    _drop_file(own)
    own.logo_key, own.logo_sha256, own.logo_bytes = "", "", 0
    own.save()
    audit.record("brand.logo-removed", target="brand")
    return own


def _locked() -> Brand:
    """Edits happen one after the other."""
    Brand.objects.get_or_create(tenant_id=current_tenant_id())
    return Brand.objects.select_for_update().get()


def _clean(path: Path, out_path: Path) -> None:
    try:
        host.run(LogoSpec(in_path=str(path), out_path=str(out_path)), timeout_seconds=LOGO_TIMEOUT_SECONDS)
    except MediaError as error:
        if error.retryable:
            raise Unavailable(error.detail) from error
        raise _unusable(error.code, error.detail) from error
    except MediaCrashed as error:
        raise _unusable("image-broken", "This picture could not be read. Save it anew.") from error
    except MediaTimeout as error:
        raise Unavailable("This picture could not be read in time. Try again, or a smaller one.") from error


def _replace(own: Brand, picture: Path) -> None:
    """The file is stored last, so a refusal leaves neither a charge nor a file."""
    _drop_file(own)
    logo_id = uuid.uuid4()
    own.logo_key = storage.storage_key(tenant_id=own.tenant_id, area="assets", name=f"logo-{logo_id}.png")
    own.logo_sha256 = hashlib.sha256(picture.read_bytes()).hexdigest()
    own.logo_bytes = picture.stat().st_size
    for meter, amount in ((Meter.UPLOADS, 1), (Meter.STORAGE, own.logo_bytes)):
        metering.charge(
            tenant_id=own.tenant_id, event_key=f"logo:{logo_id}:{meter.value}", meter=meter, amount=amount,
            subject=f"logo:{logo_id}", project_id=None, user_id=current_actor().user_id, at=clock.now(),
        )  # fmt: skip
    own.save()
    storage.store_file(own.logo_key, picture)


def _drop_file(own: Brand) -> None:
    if not own.logo_key:
        return
    metering.record_level(
        tenant_id=own.tenant_id, event_key=f"{own.logo_key}:deleted", meter=Meter.STORAGE,
        delta=-own.logo_bytes, subject="logo", project_id=None, at=clock.now(),
    )  # fmt: skip
    storage.delete_after_commit(own.logo_key)


def _unusable(code: str, detail: str) -> UnusableFile:
    return UnusableFile(errors=[{"field": "file", "code": code, "detail": detail}])
