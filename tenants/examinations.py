"""What the doctor looks at in this room: the walls between tenants, and where their files lie."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

from django.db import connections
from django.db.backends.utils import CursorWrapper

from cutroom.doctor import Finding, broken, examination, note, ok
from tenants import checks, conf, row_security, storage

WALLED = """
SELECT relrowsecurity AND relforcerowsecurity AND EXISTS (
    SELECT 1 FROM pg_policy WHERE polrelid = pg_class.oid AND polname = 'tenant_wall')
FROM pg_class WHERE oid = to_regclass(%s)
"""
BACKUP_ROLE = "SELECT rolbypassrls FROM pg_roles WHERE rolname = %s"

NOBODY = UUID(int=0)


@examination("roles")
def roles() -> Iterator[Finding]:
    """The app's role is weak enough, and the backup's role sees everything."""
    for reason in checks.strong_reasons():
        cure = "Use a role with NOSUPERUSER NOBYPASSRLS that owns no table, and set DATABASE_URL to it."
        yield broken(f"The role of DATABASE_URL {reason}, so it could step over row security.", cure=cure)
    if not checks.strong_reasons():
        yield ok(f"The role {conf.role('default')} owns nothing and bypasses nothing.")
    yield from _backup_role()


@examination("policies")
def policies() -> Iterator[Finding]:
    """Every table of tenants has its wall."""
    models = row_security.tenant_models()
    with connections["owner"].cursor() as cursor:
        open_tables = [m._meta.db_table for m in models if not _is_walled(cursor, m._meta.db_table)]
    if open_tables:
        says = f"Row security does not guard {', '.join(open_tables)}."
        yield broken(says, cure="Run: python manage.py migrate (it ends with the policies)")
    else:
        yield ok(f"Row security guards all {len(models)} tables of tenants.")


@examination("storage")
def files() -> Iterator[Finding]:
    """An object can be written, read back and deleted."""
    key = storage.storage_key(tenant_id=NOBODY, area="exports", name=f"doctor-{uuid4().hex}")
    text = b"The doctor was here."
    try:
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "probe"
            path.write_bytes(text)
            storage.store_file(key, path)
        with storage.open_file(key) as file:
            is_same = file.read() == text
        storage.delete_file(key)
    except Exception as error:  # each store raises its own
        yield broken(f"Storage: {type(error).__name__} at {storage.place()}.", cure=_STORAGE_CURE)
        return
    if is_same:
        yield ok(f"Written, read and deleted at {storage.place()}.")
    else:
        yield broken(f"What was read at {storage.place()} is not what was written.", cure=_STORAGE_CURE)


_STORAGE_CURE = (
    "Make CUTROOM_VAR/media writable for this user, or check S3_BUCKET, S3_ENDPOINT_URL and the keys; "
    "see docs/runbooks/storage-path-wrong.md."
)


def _backup_role() -> Iterator[Finding]:
    role = conf.backup_role()
    if not role:
        cure = "Make a role with BYPASSRLS and pg_read_all_data, and name it in DATABASE_BACKUP_ROLE."
        yield note("No role for backups is named.", cure=cure)
        return
    with connections["owner"].cursor() as cursor:
        cursor.execute(BACKUP_ROLE, [role])
        row = cursor.fetchone()
    if row == (True,):
        yield ok(f"The role {role} reads every row.")
        return
    problem = "sees only some rows" if row else "does not exist"
    cure = f'As a superuser: CREATE ROLE "{role}" or ALTER ROLE "{role}" … BYPASSRLS; see docs/deployment.md.'
    yield broken(f"The role {role} of DATABASE_BACKUP_ROLE {problem}: backups would be thin.", cure=cure)


def _is_walled(cursor: CursorWrapper, table: str) -> bool:
    cursor.execute(WALLED, [f'public."{table}"'])
    return bool(cursor.fetchone() == (True,))
