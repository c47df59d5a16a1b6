"""The second wall, seen from the catalogue and tried by hand as the app role."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import ApiKey
from cutroom import clock
from rendering.models import Project, Scene
from tenants import audit, row_security
from tenants.context import tenant_context
from tenants.models import AuditEntry, Membership, Tenant
from tests.cast import Cast

# Reviewed: tables whose rows belong to no tenant, or to a person who may be in several.
WITHOUT_TENANT = {
    "accounts_authenticatorapp",
    "accounts_factorchallenge",
    "accounts_loginrequest",
    "accounts_outboxmail",
    "accounts_passkey",
    "accounts_ratebucket",
    "accounts_recoverycode",
    "accounts_refreshtoken",
    # Its tenant_id is the tenant last chosen; membership is read again for each request.
    "accounts_session",
    "accounts_suppressedaddress",
    # A person's wish, whatever team the mail is about.
    "accounts_unwantedmail",
    "accounts_user",
    "accounts_user_groups",
    "accounts_user_user_permissions",
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "billing_reconciliation",
    "billing_stripesetup",
    "django_admin_log",
    "django_content_type",
    "django_migrations",
    "django_session",
    # Backups and holds are of the whole installation.
    "gdpr_backedupfile",
    "gdpr_backuprun",
    # A person's word.
    "gdpr_consent",
    # The app role has no rights on it. A breach may name a tenant, and may be of several.
    "gdpr_breach",
    # Sums over all tenants.
    "metering_siteday",
    # Whether a provider answers is the same for everybody.
    "rendering_providerstate",
    # They outlive whom they are about.
    "gdpr_erasure",
    "gdpr_legalhold",
    "tenants_tombstone",
    "tenants_hold",
}

RELATIONS = """
SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity,
       EXISTS (SELECT 1 FROM pg_attribute a
               WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
"""
POLICIES = """
SELECT tablename, policyname, roles::text[], cmd, qual IS NOT DISTINCT FROM with_check, qual
FROM pg_policies WHERE schemaname = 'public'
"""
PROCEDURES = """
SELECT proname, coalesce(array_to_string(proconfig, ','), '')
FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace
WHERE n.nspname = 'public' AND prosecdef
"""

CHANGES = ["UPDATE tenants_auditentry SET action = 'x'", "DELETE FROM tenants_auditentry"]

pytestmark = pytest.mark.django_db


def rows(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def refused(statement: str, *parameters: Any) -> str:
    """The database's refusal of a statement."""
    with pytest.raises(DatabaseError) as failure, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)
    return str(failure.value)


def walled() -> set[str]:
    return {model._meta.db_table for model in row_security.tenant_models()}


def keyed() -> set[str]:
    return {model._meta.db_table for model in row_security.keyed_models()}


def test_t2_every_table_is_behind_the_wall_or_reviewed() -> None:
    """T2. A new table fails here until it has a tenant, or a reason not to."""
    found = {name: (is_forced, has_tenant) for name, is_forced, has_tenant in rows(RELATIONS)}
    own = {name for name in found if not name.startswith("djstripe_")}
    assert {name for name in own if not found[name][0]} == WITHOUT_TENANT
    assert {name for name, (_, has_tenant) in found.items() if has_tenant} == walled() - {
        "tenants_tenant"
    } | {"accounts_session", "gdpr_breach"}
    assert {name for name, (is_forced, _) in found.items() if is_forced} == walled() | keyed()


def test_t3_t4_every_wall_has_its_policies_and_no_other() -> None:
    """T2, T3, T4: both conditions, by tenant for the app alone, through an InitPlan."""
    found: dict[str, dict[str, Any]] = {}
    for table, name, roles, command, writes_as_it_reads, condition in rows(POLICIES):
        assert (command, writes_as_it_reads) == ("ALL", True)
        found.setdefault(table, {})[name] = (roles, condition)
    assert set(found) == walled() | keyed()
    for table, policies in found.items():
        wall = "key_wall" if table in keyed() else "tenant_wall"
        assert set(policies) == {wall, "owner_all", "ops_all"}
        assert policies[wall][0] == ["app"]
        assert "( SELECT " in policies[wall][1]
        assert (policies["owner_all"], policies["ops_all"]) == ((["owner"], "true"), (["ops"], "true"))


@pytest.mark.committed
def test_a_second_migrate_touches_no_table() -> None:
    """An ALTER TABLE would lock out everybody, however little it changes."""
    with CaptureQueriesContext(connections["owner"]) as captured:
        row_security.apply(connections["owner"])
    assert [query["sql"] for query in captured if 'TABLE "' in query["sql"]] == []


@pytest.mark.parametrize("name", sorted(m._meta.label for m in row_security.tenant_models()))
def test_without_a_tenant_no_row_of_any_table_is_visible(cast: Cast, name: str) -> None:
    """T6: the second wall alone, by a bare SELECT."""
    table = apps.get_model(name)._meta.db_table
    assert rows(f'SELECT * FROM "{table}"') == []  # noqa: S608  # a name from our own models


def test_another_tenants_rows_are_invisible_to_bare_sql(cast: Cast) -> None:
    """T22: no WHERE at all, and still only our rows."""
    with tenant_context(cast.acme.pk):
        assert rows("SELECT id FROM tenants_tenant") == [(cast.acme.pk,)]
        assert {tenant for (tenant,) in rows("SELECT tenant_id FROM tenants_membership")} == {cast.acme.pk}
        assert set(Membership.everywhere.values_list("tenant_id", flat=True)) == {cast.acme.pk}


def test_a_foreign_row_cannot_be_written(cast: Cast) -> None:
    """T6, T9."""
    add = "INSERT INTO tenants_membership (id, tenant_id, user_id, role, created_at) VALUES "
    add += "(gen_random_uuid(), %s, %s, 'admin', now())"
    assert "row-level security" in refused(add, cast.acme.pk, cast.charlie.pk)
    with tenant_context(cast.globex.pk):
        assert "row-level security" in refused(add, cast.acme.pk, cast.charlie.pk)
        move = "UPDATE tenants_membership SET tenant_id = %s"
        assert "row-level security" in refused(move, cast.acme.pk)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM tenants_membership WHERE tenant_id = %s", [cast.acme.pk])
            assert cursor.rowcount == 0


def test_t14_a_key_cannot_point_at_another_tenants_row(cast: Cast) -> None:
    """T14: a plain foreign key check would not see the wall."""
    with tenant_context(cast.globex.pk):
        theirs = Project.objects.create(slug="film", title="Film")
    with tenant_context(cast.acme.pk), pytest.raises(DatabaseError, match="same_tenant"):
        steal(theirs)


def steal(project: Project) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        Scene.objects.create(project_id=project.pk, position=0, narration="Stolen.")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_e5_t15_unique_names_are_unique_within_a_tenant_only(cast: Cast) -> None:
    """T15: a clash would tell one tenant what another has."""
    for tenant in (cast.acme, cast.globex):
        with tenant_context(tenant.pk):
            Project.objects.create(slug="film", title="Film")


@pytest.mark.parametrize("role", ["ops", "owner", "backup"])
def test_t5_the_app_cannot_become_a_stronger_role(role: str) -> None:
    assert "permission denied" in refused(f"SET ROLE {role}")


@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE tenants_tenant CASCADE",
        "CREATE TABLE loot (id int)",
        "CREATE TEMPORARY TABLE tenants_tenant (id int)",
        "ALTER TABLE tenants_tenant DISABLE ROW LEVEL SECURITY",
        "DROP POLICY tenant_wall ON tenants_tenant",
        "ALTER TABLE tenants_auditentry DISABLE TRIGGER append_only",
        "DELETE FROM django_migrations",
    ],
)
def test_t17_the_app_cannot_take_the_wall_down(statement: str) -> None:
    message = refused(statement)
    assert "permission denied" in message or "must be owner" in message


def test_functions_with_the_owners_rights_look_nowhere_else() -> None:
    """T16. pg_temp is searched first unless it is named last."""
    found = dict(rows(PROCEDURES))
    assert set(found) >= {"accounts_resolve_session", "accounts_resolve_api_key", "accounts_memberships"}
    assert {n: path for n, path in found.items() if path != "search_path=pg_catalog, public, pg_temp"} == {}


def test_the_audit_log_cannot_be_changed_by_the_app(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        entry = audit.record("test.done", target="test:1")
        for change in CHANGES:
            assert "permission denied" in refused(change)
        assert AuditEntry.objects.get(action="test.done") == entry


@pytest.mark.committed
@pytest.mark.parametrize("alias", ["owner", "ops"])
@pytest.mark.parametrize(
    "change", ["UPDATE tenants_auditentry SET action = 'x'", "DELETE FROM tenants_auditentry"]
)
def test_the_audit_log_cannot_be_changed_by_stronger_roles(
    committed_cast: Cast, alias: str, change: str
) -> None:
    with tenant_context(committed_cast.acme.pk):
        audit.record("test.done")
    with (
        pytest.raises(DatabaseError, match=r"append-only|permission denied"),
        connections[alias].cursor() as cursor,
    ):
        cursor.execute(change)


@pytest.mark.committed
def test_operators_see_every_tenant(committed_cast: Cast) -> None:
    seen = set(Tenant.objects.using("ops").values_list("slug", flat=True))
    assert seen == {"acme", "globex"}


def test_an_api_key_is_behind_the_wall_too(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        ApiKey.objects.create(
            digest="d" * 64, prefix="sk_test_abcd", last_four="wxyz", created_at=clock.now()
        )
    with tenant_context(cast.globex.pk):
        assert not ApiKey.everywhere.exists()
