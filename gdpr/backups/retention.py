"""Which backups stay: all of one day, the newest of 7 days, 5 weeks and 12 months, within a limit of days.

The newest verified one stays whatever its age: an old backup that works is worth more than none.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from heapq import merge

from gdpr import conf
from gdpr.backups import catalogue, manifests, media, sealing
from gdpr.backups.catalogue import Listed
from gdpr.backups.errors import Damaged
from gdpr.backups.stores import Store
from gdpr.models import BackupRun

logger = logging.getLogger(__name__)

# How many newest backups of each class stay, and what makes two of them the same day, week or month.
ALL_KEPT = timedelta(days=1)
CLASSES = ((7, "%Y-%m-%d"), (5, "%G-W%V"), (12, "%Y-%m"))


def kept(backups: Sequence[Listed], *, at: datetime, limit: timedelta) -> set[str]:
    """The ids that stay at the moment `at`, of backups in any order."""
    newest_first = sorted(backups, key=lambda backup: backup.made_at, reverse=True)
    young = [backup for backup in newest_first if at - backup.made_at <= limit]
    ids = {backup_id for count, form in CLASSES for backup_id in _newest_of_each(young, form, count)}
    ids |= {backup.id for backup in newest_first if at - backup.made_at <= ALL_KEPT}
    verified = [backup for backup in newest_first if backup.verified_at is not None]
    # Until one was verified, all that are left are equally good guesses.
    ids |= {backup.id for backup in (verified or newest_first)[:1]}
    return ids


def prune(*, store: Store, at: datetime) -> list[str]:
    """Remove backups that are due and whatever no backup needs; the ids. Call it under the lock.

    What killed runs left goes too. A backup we cannot read stays, and keeps every object: it may need them.
    """
    listed = catalogue.listed(store)
    staying = kept(listed, at=at, limit=conf.backup_kept())
    leaving = [backup.id for backup in listed if backup.id not in staying]
    strange = catalogue.unreadable(store)
    for backup_id in [*leaving, *_unfinished(store)]:
        remove(backup_id, store=store)
    BackupRun.objects.filter(pk__in=leaving).update(removed_at=at)
    removed = 0 if strange else _remove_unneeded(sorted(staying), store=store)
    facts = {"backups": len(leaving), "objects": removed, "unreadable": strange}
    if any(facts.values()):
        logger.info("backups_pruned", extra=facts)
    return leaving


def remove(backup_id: str, *, store: Store) -> None:
    """Remove a backup, its manifest first: what is half removed is no backup any more."""
    store.delete(manifests.manifest_name(backup_id))
    for name, _ in list(store.names(f"{manifests.FOLDER}/{backup_id}/")):
        store.delete(name)


def _unfinished(store: Store) -> list[str]:
    names = (name.split("/")[1] for name, _ in store.names(f"{manifests.FOLDER}/"))
    return sorted(set(names) - set(manifests.ids(store)))


def _remove_unneeded(staying: Iterable[str], *, store: Store) -> int:
    """Remove objects that no kept backup lists. All is sorted by name, so nothing is held in memory."""
    try:
        needed = merge(*[list_of for backup_id in staying if (list_of := _needed(backup_id, store=store))])
        removed = 0
        for name in _without(store.names(f"{media.OBJECTS}/"), needed):
            store.delete(name)
            removed += 1
        return removed
    except Damaged:
        logger.exception("backup_objects_not_pruned")
        return 0


def _needed(backup_id: str, *, store: Store) -> Iterator[str] | None:
    manifest = manifests.load(backup_id, store=store, instance=conf.instance())
    part = manifest.parts.get("objects")
    if part is None:
        return None
    sealing.check_stored(part, store=store)
    return (media.object_of(line)[0] for line in sealing.plain_lines(part, store=store))


def _without(present: Iterable[tuple[str, int]], needed: Iterator[str]) -> Iterator[str]:
    wanted = next(needed, None)
    for name, _ in present:
        while wanted is not None and wanted < name:
            wanted = next(needed, None)
        if name != wanted:
            yield name


def _newest_of_each(newest_first: Sequence[Listed], form: str, count: int) -> list[str]:
    seen: dict[str, str] = {}
    for backup in newest_first:
        seen.setdefault(f"{backup.made_at:{form}}", backup.id)
    return list(seen.values())[:count]
