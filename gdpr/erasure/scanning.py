"""The second pass: look everywhere for ids and addresses that must be gone, without asking the data map."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

import redis
from django.db import connections
from psycopg import sql

from gdpr import conf
from gdpr.backups.errors import BackupError
from gdpr.erasure import local
from gdpr.erasure.ledger import Scope
from gdpr.models import Erasure
from tenants import storage

# What may know an id afterwards: the wish itself, and the tombstone.
ALLOWED = frozenset({"gdpr_erasure", "tenants_tombstone"})
_TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind = 'r' ORDER BY 1
"""
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
    """Ids and addresses that only the erased had."""
    return [*marks_everywhere(erasure), *erasure.people, str(erasure.subject)]


def marks_everywhere(erasure: Erasure) -> list[str]:
    """Those that not even an append-only log may hold; the bare id of a person who acted leads nowhere."""
    return erasure.contacts if erasure.scope == Scope.USER else [str(erasure.subject)]


def clear_redis(erasure: Erasure) -> int:
    """Remove cache keys and waiting messages that name the erased; how many."""
    marks = marks_of(erasure)
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
    yield from _rows(marks, in_logs=marks_everywhere(erasure))
    if erasure.scope == Scope.TENANT:
        yield "storage", storage.left_below(storage.folder_of(erasure.subject))
    with redis.Redis.from_url(conf.redis_url()) as client:
        yield "redis", sum(_names(key, marks) for key in _keys(client))


def _rows(marks: list[str], *, in_logs: list[str]) -> Iterator[tuple[str, int]]:
    logs = set(local.append_only_tables())
    with connections["owner"].cursor() as cursor:
        cursor.execute(_TABLES)
        for (table,) in cursor.fetchall():
            if table in ALLOWED:
                continue
            statement = sql.SQL("SELECT count(*) FROM {} t WHERE t::text ~ %s").format(sql.Identifier(table))
            wanted = in_logs if table in logs else marks
            cursor.execute(statement, ["|".join(re.escape(mark) for mark in wanted)])
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
