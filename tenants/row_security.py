"""The second wall: row-level security, composite foreign keys, append-only triggers and grants.

Everything is derived from the models and applied after each migrate, so a new table cannot be forgotten.
PostgreSQL: https://www.postgresql.org/docs/current/ddl-rowsecurity.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from django.apps import apps
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from tenants import conf
from tenants.models import Tenant, TenantOwned

# One InitPlan per statement, so an index is used; nullif because the setting reads '' after its transaction.
CURRENT_TENANT = "(select nullif(current_setting('app.tenant_id', true), '')::uuid)"

FENCE_FUNCTION = """
CREATE OR REPLACE FUNCTION tenants_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$
"""


def tenant_models() -> list[type[models.Model]]:
    """Every concrete model whose rows belong to a tenant, Tenant itself first."""
    owned = [m for m in apps.get_models() if issubclass(m, TenantOwned) and m._meta.managed]
    return [Tenant, *owned]


def apply(connection: BaseDatabaseWrapper) -> None:
    """Bring policies, composite keys, triggers and grants of the database up to the models. Idempotent.

    A hash of the statements is kept in a COMMENT, so a repeat costs one look-up a table and takes no lock.
    """
    with connection.cursor() as cursor:
        cursor.execute(FENCE_FUNCTION)
        for model in tenant_models():
            table = model._meta.db_table
            statements = list(_table_statements(model))
            digest = "row security " + hashlib.sha256("\n".join(statements).encode()).hexdigest()
            cursor.execute("SELECT obj_description(%s::regclass)", [f'"{table}"'])
            if cursor.fetchone() == (digest,):
                continue
            for statement in statements:
                cursor.execute(statement)
            cursor.execute(f"COMMENT ON TABLE \"{table}\" IS '{digest}'")
        for statement in _grants():
            cursor.execute(statement)
        for model in tenant_models():
            for statement in _append_only_grants(model):
                cursor.execute(statement)


def _table_statements(model: type[models.Model]) -> Iterator[str]:
    table = model._meta.db_table
    column = "id" if model is Tenant else "tenant_id"
    yield f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY'
    yield f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY'
    yield from _policy(table, "tenant_wall", conf.role("default"), f"{column} = {CURRENT_TENANT}")
    # FORCE would hide every row from a migration run by the owner.
    yield from _policy(table, "owner_all", conf.role("owner"), "true")
    yield from _policy(table, "ops_all", conf.role("ops"), "true")
    if model is not Tenant:
        yield from _composite_keys(model)
    if getattr(model, "is_append_only", False):
        yield from _append_only(table)


def _policy(table: str, name: str, role: str, condition: str) -> Iterator[str]:
    yield f'DROP POLICY IF EXISTS {name} ON "{table}"'
    yield (
        f'CREATE POLICY {name} ON "{table}" FOR ALL TO "{role}" USING ({condition}) WITH CHECK ({condition})'
    )


def _composite_keys(model: type[models.Model]) -> Iterator[str]:
    """Foreign key checks bypass row security, so a plain key could point at another tenant's row."""
    table = model._meta.db_table
    for field in model._meta.get_fields():
        if not isinstance(field, models.ForeignKey):
            continue
        target = field.related_model
        if not isinstance(target, type) or not issubclass(target, TenantOwned):
            continue
        other = target._meta.db_table
        unique = f"{other}_tenant_row"
        name = f"{table}_{field.column}_same_tenant"[:63]
        yield f'CREATE UNIQUE INDEX IF NOT EXISTS "{unique}" ON "{other}" (tenant_id, id)'
        yield f'ALTER TABLE "{table}" DROP CONSTRAINT IF EXISTS "{name}"'
        yield (
            f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" FOREIGN KEY (tenant_id, {field.column}) '
            f'REFERENCES "{other}" (tenant_id, id) DEFERRABLE INITIALLY DEFERRED'
        )


def _append_only(table: str) -> Iterator[str]:
    yield f'DROP TRIGGER IF EXISTS append_only ON "{table}"'
    yield (
        f'CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON "{table}" '
        "FOR EACH ROW EXECUTE FUNCTION tenants_refuse_change()"
    )


def _grants() -> Iterable[str]:
    app, ops, backup = conf.role("default"), conf.role("ops"), conf.backup_role()
    for role in (app, ops):
        yield f'GRANT USAGE ON SCHEMA public TO "{role}"'
        yield f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "{role}"'
        yield f'GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO "{role}"'
        yield f'REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM "{role}"'
    if backup:
        yield f'GRANT USAGE ON SCHEMA public TO "{backup}"'
        yield f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{backup}"'
        yield f'GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO "{backup}"'


def _append_only_grants(model: type[models.Model]) -> Iterable[str]:
    if getattr(model, "is_append_only", False):
        for role in (conf.role("default"), conf.role("ops")):
            yield f'REVOKE UPDATE, DELETE ON "{model._meta.db_table}" FROM "{role}"'
