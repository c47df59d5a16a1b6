"""Remove a tenant or a person from database and storage of this installation, whatever is there of them.

It asks the tables, not the code that once wrote them, so it works on a copy restored from any backup. Doing
it again finds nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.files.storage import default_storage
from django.db import connections, transaction

from accounts.models import LoginRequest, OutboxMail, Session, User
from gdpr.erasure.ledger import Scope
from gdpr.models import BackedUpFile
from tenants import row_security
from tenants.models import Tenant


def purge(scope: Scope, subject: UUID) -> int:
    """Remove everything of a tenant or a person; how many rows and files."""
    purges: dict[Scope, Callable[[UUID], int]] = {Scope.TENANT: purge_tenant, Scope.USER: purge_user}
    return purges[scope](subject)


def purge_tenant(tenant_id: UUID) -> int:
    """Remove a tenant's rows in all tables, and its folder in the storage."""
    rows = _delete_rows(tenant_id)
    BackedUpFile.objects.filter(path__startswith=f"{folder_of(tenant_id)}/").delete()
    return rows + delete_folder(folder_of(tenant_id))


def purge_user(user_id: UUID) -> int:
    """Remove a person: the account, its sessions, and what waits under the address."""
    with transaction.atomic(using="owner"):
        people = User.objects.using("owner").filter(pk=user_id)
        emails = list(people.values_list("email", flat=True))
        queries: list[Any] = [
            OutboxMail.objects.using("owner").filter(recipient__in=emails),
            LoginRequest.objects.using("owner").filter(email__in=emails),
            Session.objects.using("owner").filter(user_id=user_id),
            people,
        ]
        return sum(query.delete()[0] for query in queries)


def folder_of(tenant_id: UUID) -> str:
    """Where everything a tenant stored lies."""
    return f"tenants/{tenant_id}"


def delete_folder(folder: str) -> int:
    """Remove every file below a folder of the storage; how many."""
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return 0
    removed = sum(delete_folder(f"{folder}/{name}") for name in folders)
    for name in files:
        default_storage.delete(f"{folder}/{name}")
    default_storage.delete(folder)
    return removed + len(files)


def _delete_rows(tenant_id: UUID) -> int:
    """In one transaction as the owner. Foreign keys are judged at its end, so the order does not matter."""
    removed: int = 0
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        tables = [model._meta.db_table for model in row_security.tenant_models() if model is not Tenant]
        for table in _append_only():
            cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER append_only')
        for table in tables:
            cursor.execute(f'DELETE FROM "{table}" WHERE tenant_id = %s', [tenant_id])  # noqa: S608  # a table of ours
            removed += cursor.rowcount
        cursor.execute("DELETE FROM tenants_tenant WHERE id = %s", [tenant_id])
        removed += cursor.rowcount
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in _append_only():
            cursor.execute(f'ALTER TABLE "{table}" ENABLE TRIGGER append_only')
    return removed


def _append_only() -> list[str]:
    models = row_security.tenant_models()
    return [model._meta.db_table for model in models if getattr(model, "is_append_only", False)]
