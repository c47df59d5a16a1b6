"""Bring a backup back: verified first, restored aside, erasures replayed, sessions ended, then swapped in."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.cache import cache
from django.db.migrations.loader import MigrationLoader

from cutroom import clock
from gdpr import conf
from gdpr.backups import aside, databases, locks, making, verification
from gdpr.backups.aside import Aside
from gdpr.backups.errors import Refused
from gdpr.backups.manifests import Manifest
from gdpr.backups.stores import Store

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the operator asked for. Without `replaces` the live installation is left alone."""

    into: str = ""
    replaces: bool = False
    confirmed: str = ""
    has_safety_backup: bool = True
    keeps_api_keys: bool = False


def restore(manifest: Manifest, wish: Wish, *, store: Store, identities: Sequence[Any]) -> dict[str, Any]:
    """Restore a backup; a report of what was done and how long it took.

    Order: everything is verified, a safety backup of what lives now is made, the backup is restored aside and
    compared, later erasures are replayed, every credential is ended, mail and webhooks are held, and only
    then the copy changes places with the live one, which stays under another name. Raises Refused or
    Damaged with the live installation untouched.
    """
    began = time.monotonic()
    refuse_unfit(manifest, wish)
    facts = verification.check(manifest, store=store, identities=identities)
    if wish.replaces and wish.has_safety_backup and databases.is_installed():
        facts["safety_backup"] = making.make(label=f"before restoring {manifest.id}").pk
    with ExitStack() as lock:
        lock.enter_context(locks.only_one())
        with aside.restored(manifest, store=store, identities=identities) as place:
            facts |= aside.settle(
                place,
                manifest,
                store=store,
                identities=identities,
                is_drill=False,
                keeps_api_keys=wish.keeps_api_keys,
            )
            # The lock lives on a connection to the very database that is renamed now.
            lock.close()
            facts |= _take(place, manifest, wish, store=store, identities=identities, erased=facts["erased"])
    seconds = round(time.monotonic() - began, 3)
    logger.info("backup_restored", extra={"backup": manifest.id, "seconds": seconds})
    return {"id": manifest.id, "made_at": manifest.made_at.isoformat(), "seconds": seconds, **facts}


def refuse_unfit(manifest: Manifest, wish: Wish) -> None:
    """Raise Refused for a backup of a newer version, a target in use, or a replacement nobody confirmed."""
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    unknown = sorted(set(manifest.migrations) - known)
    if unknown:
        raise Refused(
            f"The backup was made by a newer version ({unknown[-1]} is unknown here). Install that first."
        )
    if wish.replaces and wish.confirmed != conf.instance():
        raise Refused(f"To replace the live installation, type its name: --confirm {conf.instance()}")
    if not wish.replaces and databases.exists(target(manifest, wish)):
        raise Refused(f"The database {target(manifest, wish)} exists; choose another name with --into.")


def target(manifest: Manifest, wish: Wish) -> str:
    """The name of the database that a restore beside the live one ends up in."""
    live = conf.database("owner")["NAME"]
    return wish.into or f"{live[:30]}_{manifest.id.lower()}"


def _take(
    place: Aside,
    manifest: Manifest,
    wish: Wish,
    *,
    store: Store,
    identities: Sequence[Any],
    erased: Sequence[str],
) -> dict[str, Any]:
    if wish.replaces:
        if place.media is None:
            aside.fill_bucket(manifest, store=store, identities=identities, erased=erased)
        return _swap(place)
    name = target(manifest, wish)
    databases.rename(place.database, name)
    folder = _beside(place.media, name)
    return {
        "database": name,
        "media": str(folder) if folder else "in the bucket, untouched",
        "is_live": False,
    }


def _swap(place: Aside) -> dict[str, Any]:
    live, root = conf.database("owner")["NAME"], conf.media_root()
    kept = f"{live[:30]}_before_{clock.now():%Y%m%dt%H%M%S}"
    aside.close_own_connections()
    with _media_swapped(root, place.media, kept=kept):
        databases.swap(live, place.database, kept_as=kept)
    _forget_cache()
    return {"database": live, "kept_as": kept, "is_live": True, "is_held": True}


@contextmanager
def _media_swapped(root: Path | None, fresh: Path | None, *, kept: str) -> Iterator[None]:
    """The restored folder in the place of the live one; back again when the block raises."""
    if root is None or fresh is None:
        yield
        return
    old = root.with_name(f"{root.name}.{kept}")
    is_replaced = root.exists()
    if is_replaced:
        root.rename(old)
    fresh.rename(root)
    try:
        yield
    except BaseException:
        root.rename(fresh)
        if is_replaced:
            old.rename(root)
        raise


def _beside(fresh: Path | None, name: str) -> Path | None:
    if fresh is None:
        return None
    return fresh.rename(fresh.with_name(f"{fresh.name.removesuffix('.aside')}.{name}"))


def _forget_cache() -> None:
    # What Redis remembers is of the installation that was replaced.
    try:
        cache.clear()
    except Exception as error:  # whatever the cache throws, the restore is done
        logger.warning("cache_not_cleared", extra={"error": type(error).__name__})
