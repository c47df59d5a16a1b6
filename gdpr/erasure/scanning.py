"""The second pass: look everywhere for ids and addresses that must be gone, without asking the data map."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

import redis
from django.db import connections
from psycopg import sql

from accounts.models import User
from gdpr import conf
from gdpr.backups.errors import BackupError
from gdpr.erasure import local
from gdpr.erasure.ledger import Scope
from gdpr.models import Erasure
from tenants import storage

# What may know an id afterwards: the wish itself, the tombstone, the note on what the law keeps, a breach.
ALLOWED = frozenset({"gdpr_breach", "gdpr_erasure", "gdpr_legalhold", "tenants_tombstone"})
_TABLES = """
SELECT c.relname, EXISTS (
    SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind = 'r' ORDER BY 1
"""
_COUNT = sql.SQL(
    "SELECT count(*) FROM {table} t WHERE t::text ~ %s "
    "OR EXISTS (SELECT FROM jsonb_each_text(to_jsonb(t)) each WHERE each.value = ANY(%s))"
)
BATCH = 500


class TracesLeft(BackupError):
    """Something is still there; the message says where, not what."""


def second_pass(erasure: Erasure) -> int:
    """How many places were looked at. Raises TracesLeft, naming the places where something was found."""
    marks = marks_of(erasure)
    found, places = [], 0
    for place, count in _all(erasure, marks):
        places += 1
        if count:
            found.append(f"{place} ({count})")
    if found:
        raise TracesLeft(", ".join(found))
    return places


def marks_of(erasure: Erasure) -> list[str]:
    """Ids that only the erased had."""
    return [*erasure.people, str(erasure.subject)]


def addresses_of(erasure: Erasure) -> list[str]:
    """Mail addresses that nobody here has any more."""
    staying = User.objects.filter(email__in=erasure.contacts).values_list("email", flat=True)
    return sorted(set(erasure.contacts) - set(staying))


def marks_everywhere(erasure: Erasure) -> list[str]:
    """Those that not even an append-only log may hold; the bare id of a person who acted leads nowhere."""
    return [] if erasure.scope == Scope.USER else [str(erasure.subject)]


def clear_redis(erasure: Erasure) -> int:
    """Remove cache keys and waiting messages that name the erased; how many."""
    marks = [*marks_of(erasure), *addresses_of(erasure)]
    removed = 0
    with redis.Redis.from_url(conf.redis_url()) as client:
        for key in _keys(client):
            if _names(key, marks):
                removed += int(client.delete(key))
            elif client.type(key) == b"list":
                items: Any = client.lrange(key, 0, -1)
                removed += sum(int(client.lrem(key, 0, item)) for item in items if _names(item, marks))
            elif client.type(key) == b"string" and _names(client.get(key) or b"", marks):
                removed += int(client.delete(key))
    return removed


def _all(erasure: Erasure, marks: list[str]) -> Iterator[tuple[str, int]]:
    yield from _rows(marks, in_logs=marks_everywhere(erasure), addresses=addresses_of(erasure))
    if erasure.scope == Scope.TENANT:
        yield "storage", storage.left_below(storage.folder_of(erasure.subject))
    with redis.Redis.from_url(conf.redis_url()) as client:
        words = [*marks, *addresses_of(erasure)]
        yield "redis", sum(_names(key, words) for key in _keys(client))


def _rows(marks: list[str], *, in_logs: list[str], addresses: list[str]) -> Iterator[tuple[str, int]]:
    logs = set(local.append_only_tables())
    with connections["owner"].cursor() as cursor:
        cursor.execute(_TABLES)
        for table, is_tenants in cursor.fetchall():
            if table in ALLOWED:
                continue
            wanted = in_logs if table in logs else marks
            # A script of somebody else may mention an address; a column that is the address may not stay.
            is_script = is_tenants and table not in logs
            pattern = "|".join(re.escape(mark) for mark in (wanted if is_script else [*wanted, *addresses]))
            cursor.execute(_COUNT.format(table=sql.Identifier(table)), [pattern or "^$", addresses])
            yield table, cursor.fetchone()[0]


def _keys(client: Any) -> Iterator[bytes]:
    yield from client.scan_iter(count=BATCH)


def _names(value: bytes, marks: list[str]) -> bool:
    """Is a mark in the bytes, plain or in the base64 that Celery wraps a message's body in?"""
    bodies = [value, *(_decoded(found) for found in re.findall(rb'"body": ?"([A-Za-z0-9+/=]+)"', value))]
    return any(mark.encode() in body for mark in marks for body in bodies)


def _decoded(body: bytes) -> bytes:
    try:
        return base64.b64decode(body, validate=True)
    except ValueError:
        return b""
