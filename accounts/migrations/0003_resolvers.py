"""Look-ups before the tenant is known: each returns one caller's own facts and nothing else.

`pg_temp` stands last in their search path: left out, PostgreSQL would look there first, and a temporary table
of the caller could stand in for a real one.
"""

from django.db import migrations

# A live session of somebody who is not a member of the tenant gives a row without tenant: 403 rather than 401.
SESSION = """
CREATE FUNCTION accounts_resolve_session(wanted_session uuid, wanted_tenant uuid)
RETURNS TABLE (user_id uuid, email text, tenant_id uuid, role text,
               tenant_slug text, tenant_name text, tenant_state text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT person.id, person.email::text, tenant.id, member.role::text,
           tenant.slug::text, tenant.name::text, tenant.state::text
    FROM accounts_session session
    JOIN accounts_user person ON person.id = session.user_id AND person.is_active
    LEFT JOIN tenants_membership member
        ON member.tenant_id = coalesce(wanted_tenant, session.tenant_id) AND member.user_id = person.id
    LEFT JOIN tenants_tenant tenant ON tenant.id = member.tenant_id
    WHERE session.id = wanted_session AND session.ended_at IS NULL AND session.expires_at > now()
$$
"""

API_KEY = """
CREATE FUNCTION accounts_resolve_api_key(wanted_digest text, caller_ip inet, precise interval)
RETURNS TABLE (api_key_id uuid, user_id uuid, tenant_id uuid, scopes jsonb,
               tenant_slug text, tenant_name text, tenant_state text)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    UPDATE accounts_apikey SET last_used_at = clock_timestamp(), last_used_ip = caller_ip
    WHERE digest = wanted_digest
      AND (last_used_at IS NULL OR last_used_at < clock_timestamp() - precise);
    SELECT key.id, key.created_by, tenant.id, key.scopes,
           tenant.slug::text, tenant.name::text, tenant.state::text
    FROM accounts_apikey key JOIN tenants_tenant tenant ON tenant.id = key.tenant_id
    WHERE key.digest = wanted_digest AND key.revoked_at IS NULL
      AND (key.expires_at IS NULL OR key.expires_at > clock_timestamp())
$$
"""

MEMBERSHIPS = """
CREATE FUNCTION accounts_memberships(wanted_user uuid)
RETURNS TABLE (tenant_id uuid, slug text, name text, state text, role text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT tenant.id, tenant.slug::text, tenant.name::text, tenant.state::text, member.role::text
    FROM tenants_membership member JOIN tenants_tenant tenant ON tenant.id = member.tenant_id
    WHERE member.user_id = wanted_user
    ORDER BY member.created_at
$$
"""


class Migration(migrations.Migration):
    """The app role sees no tenant row before it has named a tenant, hence SECURITY DEFINER."""

    dependencies = [("accounts", "0002_tenants"), ("tenants", "0001_initial")]

    operations = [
        migrations.RunSQL(SESSION, "DROP FUNCTION accounts_resolve_session(uuid, uuid)"),
        migrations.RunSQL(API_KEY, "DROP FUNCTION accounts_resolve_api_key(text, inet, interval)"),
        migrations.RunSQL(MEMBERSHIPS, "DROP FUNCTION accounts_memberships(uuid)"),
    ]
