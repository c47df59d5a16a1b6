"""A tenant full of marked values: after erasure, and after restoring an older backup, nobody finds a mark."""

from __future__ import annotations

import base64
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from django.db import connections, models
from psycopg import sql

from accounts import outbox
from accounts.models import LoginRequest
from cutroom import clock
from gdpr.backups import making, postgres, restoring
from gdpr.backups.postgres import Address
from gdpr.backups.restoring import Wish
from gdpr.data_map import data_map
from gdpr.erasure import local, purging
from gdpr.models import Erasure, ErasureState
from tests.cast import Cast, bearer
from tests.gdpr.conftest import Vault, put

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("scratch_databases")]

MARK = "canaryzq"
TEXTS = ("CharField", "TextField", "EmailField")


def mark_texts(cast: Cast) -> int:
    """Put a mark into every text column of every row that is Acme's or its people's; how many columns."""
    marked = 0
    for each in data_map().personal():
        conditions = [local.tenant_rows(each, cast.acme.pk)]
        conditions += [local.person_rows(each, user.pk, user.email) for user in (cast.alice, cast.bob)]
        for condition in filter(None, conditions):
            rows = each.model._base_manager.using("owner").filter(condition)
            for field in each.model._meta.local_concrete_fields:
                marked += _mark(each, rows, field)
    return marked


def _mark(each: Any, rows: Any, field: Any) -> int:
    is_free = field.get_internal_type() in TEXTS and not (field.primary_key or field.unique or field.choices)
    if getattr(each.model, "is_append_only", False) or not is_free or (field.max_length or 99) < 12:
        return 0
    if field.name in ("storage_key", "key", "slug", "recipient", "email", "state", "kind", "scope"):
        return 0
    return int(rows.update(**{field.name: MARK}))


def dump() -> bytes:
    """The whole live database as SQL."""
    address = Address.of("backup")
    command = [postgres.program("pg_dump", server=18), "--format=plain"]
    return subprocess.run(command, env=address.environment(), capture_output=True, check=True).stdout


def traces(media: Path, words: list[str]) -> dict[str, list[str]]:
    """Where each word still is: the dump, the storage, Redis."""
    text = dump()
    files = [path for path in media.rglob("*") if path.is_file()]
    found: dict[str, list[str]] = {}
    with redis.Redis.from_url(django_settings.REDIS_URL) as client:
        cached = b"".join(key + (client.dump(key) or b"") for key in client.scan_iter())
    for word in words:
        places = {
            "dump": word.encode() in text,
            "files": any(word in str(path) or word.encode() in path.read_bytes() for path in files),
            "redis": word.encode() in cached or base64.b64encode(word.encode())[:12] in cached,
        }
        found[word] = [place for place, is_there in places.items() if is_there]
    return {word: places for word, places in found.items() if places}


def leave_traces(cast: Cast, tmp_path: Path) -> None:
    """A file, a cache key, a waiting message, a mail and a sign-in question."""
    put(cast, f"{MARK}.txt", MARK.encode() * 100, tmp_path)
    at = clock.now()
    context = {"at": at, "session": None, "site_url": MARK}
    outbox.enqueue(
        kind="session_ended", recipient=cast.bob.email, context=context, at=at, useful_for=timedelta(days=1)
    )
    LoginRequest.objects.create(
        email=cast.alice.email, token_hash=MARK, code_hash="", created_at=at, expires_at=at, device=MARK
    )
    with redis.Redis.from_url(django_settings.REDIS_URL) as client:
        client.set(f"usage:{cast.acme.pk}", MARK)
        body = base64.b64encode(
            f'[[], {{"tenant_id": "{cast.acme.pk}", "word": "{MARK}"}}]'.encode()
        ).decode()
        client.rpush("default", f'{{"body": "{body}"}}')


def words_of(cast: Cast) -> list[str]:
    """What must be gone: the mark, addresses and the tenant's name."""
    return [MARK, cast.alice.email, cast.bob.email, "office@acme.test"]


def test_no_mark_is_left_after_erasure_and_after_restoring_an_older_backup(
    vault: Vault, acme_at_work: Cast, media: Path, tmp_path: Path
) -> None:
    cast = acme_at_work
    leave_traces(cast, tmp_path)
    assert mark_texts(cast) > 5
    assert set(traces(media, words_of(cast))) == set(words_of(cast)), "else finding nothing proves nothing"
    older = vault.manifest(making.make())

    answer = bearer(cast.alice, cast.acme).delete(
        "/api/account", {"confirm": "acme", "immediately": True}, format="json"
    )
    assert answer.status_code == 202, answer.content
    purging.work(at=clock.now())
    erasure = Erasure.objects.get()
    assert erasure.state == ErasureState.DONE, erasure.error
    assert traces(media, words_of(cast)) == {}

    wish = Wish(replaces=True, confirmed="testserver", has_safety_backup=False)
    report = restoring.restore(older, wish, store=vault.store, identities=vault.identities)
    assert report["erased"] == [str(cast.acme.pk)]
    assert traces(media, words_of(cast)) == {}
    with connections["owner"].cursor() as cursor:
        cursor.execute(sql.SQL("SELECT count(*) FROM tenants_tenant"))
        assert cursor.fetchone() == (1,)


def test_the_map_declares_text_worth_marking() -> None:
    texts = [
        f"{each.label}.{field.name}"
        for each in data_map().personal()
        for field in each.model._meta.local_concrete_fields
        if isinstance(field, models.CharField | models.TextField)
    ]
    assert len(texts) > 40
