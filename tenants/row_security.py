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
from django.db.backends.utils import CursorWrapper

from tenants import conf
from tenants.models import Tenant, TenantOwned

# One InitPlan per statement, so an index is used; nullif because the setting reads '' after its transaction.
CURRENT_TENANT = "(select nullif(current_setting('app.tenant_id', true), '')::uuid)"
CURRENT_KEY = "(select nullif(current_setting('app.row_key', true), ''))"

Columns = dict[str, frozenset[str]]

COLUMNS = """
SELECT relname, array_agg(attname::text) FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped
GROUP BY relname
"""

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


def keyed_models() -> list[type[models.Model]]:
    """Models of no tenant whose rows the app sees by naming a value of one of their `row_keys`."""
    return [model for model in apps.get_models() if hasattr(model, "row_keys")]


def apply(connection: BaseDatabaseWrapper) -> None:
    """Bring policies, composite keys, triggers and grants of the database up to the models. Idempotent.

    A hash of the statements is kept in a COMMENT, so a repeat takes no lock. What an older state of the
    schema has not got yet is left for the migrate that makes it.
    """
    with connection.cursor() as cursor:
        cursor.execute(FENCE_FUNCTION)
        present = _columns(cursor)
        for model in [*tenant_models(), *keyed_models()]:
            if model._meta.db_table in present:
                _bring_up(cursor, model, present)
        for statement in _grants():
            cursor.execute(statement)
        for model in apps.get_models():
            for statement in _narrower_grants(model) if model._meta.db_table in present else ():
                cursor.execute(statement)


def _columns(cursor: CursorWrapper) -> Columns:
    """The columns of every table there is."""
    cursor.execute(COLUMNS)
    return {name: frozenset(columns) for name, columns in cursor.fetchall()}


def _bring_up(cursor: CursorWrapper, model: type[models.Model], present: Columns) -> None:
    table = model._meta.db_table
    statements = list(_table_statements(model, present))
    digest = "row security " + hashlib.sha256("\n".join(statements).encode()).hexdigest()
    cursor.execute("SELECT obj_description(%s::regclass)", [f'"{table}"'])
    if cursor.fetchone() == (digest,):
        return
    for statement in statements:
        cursor.execute(statement)
    cursor.execute(f"COMMENT ON TABLE \"{table}\" IS '{digest}'")


def _table_statements(model: type[models.Model], present: Columns) -> Iterator[str]:
    table = model._meta.db_table
    yield f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY'
    yield f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY'
    yield from _policy(table, *_wall(model))
    # FORCE would hide every row from a migration run by the owner.
    yield from _policy(table, "owner_all", conf.role("owner"), "true")
    yield from _policy(table, "ops_all", conf.role("ops"), "true")
    if issubclass(model, TenantOwned):
        yield from _composite_keys(model, present)
    if getattr(model, "is_append_only", False):
        yield from _append_only(table)


def _wall(model: type[models.Model]) -> tuple[str, str, str]:
    """The policy of the app role: its name, the role, and which rows it sees and writes."""
    keys: tuple[str, ...] = getattr(model, "row_keys", ())
    if keys:
        return "key_wall", conf.role("default"), f"{CURRENT_KEY} IN ({', '.join(keys)})"
    column = "id" if model is Tenant else "tenant_id"
    return "tenant_wall", conf.role("default"), f"{column} = {CURRENT_TENANT}"


def _policy(table: str, name: str, role: str, condition: str) -> Iterator[str]:
    yield f'DROP POLICY IF EXISTS {name} ON "{table}"'
    yield (
        f'CREATE POLICY {name} ON "{table}" FOR ALL TO "{role}" USING ({condition}) WITH CHECK ({condition})'
    )


def _composite_keys(model: type[models.Model], present: Columns) -> Iterator[str]:
    """Foreign key checks bypass row security, so a plain key could point at another tenant's row."""
    table = model._meta.db_table
    for field in model._meta.get_fields():
        if not isinstance(field, models.ForeignKey):
            continue
        target = field.related_model
        if not isinstance(target, type) or not issubclass(target, TenantOwned):
            continue
        other = target._meta.db_table
        if other not in present or field.column not in present[table]:
            continue
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
    yield f'DROP TRIGGER IF EXISTS append_only_whole ON "{table}"'
    yield (
        f'CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON "{table}" '
        "FOR EACH STATEMENT EXECUTE FUNCTION tenants_refuse_change()"
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


def _narrower_grants(model: type[models.Model]) -> Iterable[str]:
    """Take back what a table's kind forbids: no change of what was written, no writing, or no look at all."""
    table, app, ops = model._meta.db_table, conf.role("default"), conf.role("ops")
    writer = getattr(model, "writer", "app")
    if getattr(model, "is_append_only", False):
        yield f'REVOKE UPDATE, DELETE ON "{table}" FROM "{app}", "{ops}"'
    if writer in ("ops", "owner"):
        yield f'REVOKE INSERT, UPDATE, DELETE ON "{table}" FROM "{app}"'
    if writer == "owner":
        yield f'REVOKE INSERT ON "{table}" FROM "{ops}"'
    if hasattr(model, "row_keys"):
        yield f'REVOKE DELETE ON "{table}" FROM "{app}"'
    if getattr(model, "is_for_operators", False):
        yield f'REVOKE ALL ON "{table}" FROM "{app}"'
