"""Where a word still is: in a full dump of the database, in the storage, in Redis."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path

import redis
from django.conf import settings

from gdpr.backups import postgres
from gdpr.backups.postgres import Address


class Traces:
    """Everything there is, read once. The values `without` are cut out of the dump before it is searched."""

    def __init__(self, media: Path, *, without: list[bytes] | None = None) -> None:
        self._dump = _dump()
        for value in without or []:
            self._dump = self._dump.replace(value, b"")
        self._files = [path for path in media.rglob("*") if path.is_file()]
        self._bytes = b"\n".join(str(path).encode() + path.read_bytes() for path in self._files)
        self._redis = _redis()

    def of(self, word: str) -> list[str]:
        """The places where a word is, plain, as hex or in the base64 of a message."""
        forms = {word.encode(), word.encode().hex().encode()}
        found = {
            "dump": any(form in self._dump for form in forms),
            "files": word.encode() in self._bytes,
            "redis": word.encode() in self._redis,
        }
        return [place for place, is_there in found.items() if is_there]


def queued_message(**arguments: str) -> str:
    """A message as Celery leaves it in a queue."""
    body = base64.b64encode(json.dumps([[], arguments, {}]).encode()).decode()
    return json.dumps({"body": body, "content-encoding": "utf-8"})


def _dump() -> bytes:
    command = [postgres.program("pg_dump", server=18), "--format=plain"]
    environment = Address.of("backup").environment()
    return subprocess.run(command, env=environment, capture_output=True, check=True).stdout


def _redis() -> bytes:
    values: list[bytes] = []
    with redis.Redis.from_url(settings.REDIS_URL, decode_responses=False) as client:
        for key in client.scan_iter():
            kind = client.type(key)
            items = client.lrange(key, 0, -1) if kind == b"list" else [client.dump(key) or b""]
            values += [key, *(_opened(item) for item in items)]
    return b"\n".join(values)


def _opened(item: bytes) -> bytes:
    try:
        return item + base64.b64decode(json.loads(item)["body"])
    except (ValueError, KeyError, TypeError):
        return item
