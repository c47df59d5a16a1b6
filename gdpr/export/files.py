"""The stored files and cache keys of a workspace, and those that rows promise and nobody finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import redis

from cutroom.personal_data import ExportForm
from gdpr import conf
from gdpr.data_map import data_map
from gdpr.export.listing import Missing
from gdpr.export.selection import Subject
from tenants import storage
from tenants.context import tenant_context


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """One object of the store, and its path in the archive."""

    area: str
    name: str
    key: str

    @property
    def path(self) -> str:
        """Where it lies in the archive."""
        return f"files/{self.area}/{self.name}"


def stored_files(subject: Subject) -> Iterator[StoredFile]:
    """Every object of the workspace, for a whole export; one person's export has none."""
    for area in data_map().storage() if subject.is_whole else ():
        if area.form != ExportForm.EXCLUDED:
            for name in storage.names_below(tenant_id=subject.tenant_id, area=area.area):
                key = storage.storage_key(tenant_id=subject.tenant_id, area=area.area, name=name)
                yield StoredFile(area=area.area, name=name, key=key)


def total_bytes(subject: Subject) -> int:
    """How much all files are together; one that vanishes meanwhile counts nothing."""
    return sum(_size(file.key) for file in stored_files(subject))


def broken_promises(subject: Subject) -> Iterator[Missing]:
    """Files that rows of the workspace speak of and that are not in the store."""
    if not subject.is_whole:
        return
    with tenant_context(subject.tenant_id):
        for area in data_map().storage():
            for key in area.promised(subject.tenant_id) if area.promised else ():
                if not storage.file_exists(key):
                    name = key.removeprefix(f"tenants/{subject.tenant_id}/")
                    yield Missing(
                        what=area.area, name=name, reason="a row names it, the store has no such file"
                    )


def cache_keys(subject: Subject) -> Iterator[dict[str, Any]]:
    """Redis keys that are the subject's, with their values: {"key", "value", "expires_in_seconds"}."""
    client: Any = redis.Redis.from_url(conf.redis_url(), socket_timeout=2, decode_responses=True)
    try:
        for pattern in _patterns(subject):
            for key in client.scan_iter(match=pattern, count=500):
                yield {"key": key, "value": _value(client, key), "expires_in_seconds": client.ttl(key)}
    finally:
        client.close()


def _patterns(subject: Subject) -> Iterator[str]:
    ids = {"tenant_id": subject.tenant_id, "user_id": subject.user_id}
    for family in data_map().caches():
        is_ours = "{user_id}" in family.pattern or (subject.is_whole and "{tenant_id}" in family.pattern)
        if is_ours:
            yield family.pattern.format(**ids)


def _value(client: Any, key: str) -> Any:
    kind = client.type(key)
    if kind == "string":
        return client.get(key)
    if kind == "hash":
        return client.hgetall(key)
    if kind == "set":
        return sorted(client.smembers(key))
    return client.lrange(key, 0, -1) if kind == "list" else client.zrange(key, 0, -1, withscores=True)


def _size(key: str) -> int:
    try:
        return storage.file_size(key)
    except FileNotFoundError:
        return 0
