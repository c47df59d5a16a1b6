"""The session's resolver also tells how recently, and with which factors, its person proved who they are."""

from importlib import import_module

from django.db import migrations

before = import_module("accounts.migrations.0003_resolvers").SESSION

DROP = "DROP FUNCTION accounts_resolve_session(uuid, uuid)"

SESSION = """
CREATE FUNCTION accounts_resolve_session(wanted_session uuid, wanted_tenant uuid)
RETURNS TABLE (user_id uuid, email text, tenant_id uuid, role text,
               tenant_slug text, tenant_name text, tenant_state text,
               signed_in_at timestamptz, second_factor_at timestamptz,
               has_second_factor boolean, is_second_factor_demanded boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT person.id, person.email::text, tenant.id, member.role::text,
           tenant.slug::text, tenant.name::text, tenant.state::text,
           session.signed_in_at, session.second_factor_at,
           EXISTS (SELECT FROM accounts_authenticatorapp app
                   WHERE app.user_id = person.id AND app.confirmed_at IS NOT NULL)
               OR EXISTS (SELECT FROM accounts_passkey passkey WHERE passkey.user_id = person.id),
           EXISTS (SELECT FROM accounts_signinrule rule
                   WHERE rule.tenant_id = tenant.id AND rule.demands_second_factor)
    FROM accounts_session session
    JOIN accounts_user person ON person.id = session.user_id AND person.is_active
    LEFT JOIN tenants_membership member
        ON member.tenant_id = coalesce(wanted_tenant, session.tenant_id) AND member.user_id = person.id
    LEFT JOIN tenants_tenant tenant ON tenant.id = member.tenant_id
    WHERE session.id = wanted_session AND session.ended_at IS NULL AND session.expires_at > now()
$$
"""


class Migration(migrations.Migration):
    """Older code goes on working meanwhile: it names the columns it wants."""

    dependencies = [("accounts", "0005_second_factor")]

    operations = [
        migrations.RunSQL([DROP, SESSION], [DROP, before]),
    ]
