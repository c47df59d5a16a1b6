"""Keys with scopes that count, networks, a rate of their own, an end that is announced, and leaks."""

from importlib import import_module

from django.db import migrations, models

before = import_module("accounts.migrations.0003_resolvers").API_KEY

DROP = "DROP FUNCTION accounts_resolve_api_key(text, inet, text, interval)"
DROP_BEFORE = "DROP FUNCTION accounts_resolve_api_key(text, inet, interval)"

# A key that somebody else notes the use of right now is not waited for.
API_KEY = """
CREATE FUNCTION accounts_resolve_api_key(wanted_digest text, caller_ip inet, caller_device text, precise interval)
RETURNS TABLE (api_key_id uuid, user_id uuid, tenant_id uuid, scopes jsonb, networks jsonb,
               requests_a_minute integer, tenant_slug text, tenant_name text, tenant_state text)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    UPDATE accounts_apikey
    SET last_used_at = clock_timestamp(), last_used_ip = caller_ip, last_used_device = left(caller_device, 200)
    WHERE id = (
        SELECT id FROM accounts_apikey
        WHERE digest = wanted_digest AND revoked_at IS NULL
          AND (expires_at IS NULL OR expires_at > clock_timestamp())
          AND (last_used_at IS NULL OR last_used_at < clock_timestamp() - precise)
        FOR NO KEY UPDATE SKIP LOCKED
    );
    SELECT key.id, key.created_by, tenant.id, key.scopes, key.networks, key.requests_a_minute,
           tenant.slug::text, tenant.name::text, tenant.state::text
    FROM accounts_apikey key JOIN tenants_tenant tenant ON tenant.id = key.tenant_id
    WHERE key.digest = wanted_digest AND key.revoked_at IS NULL
      AND (key.expires_at IS NULL OR key.expires_at > clock_timestamp())
$$
"""

FIND = """
CREATE FUNCTION accounts_find_api_key(wanted_digest text) RETURNS TABLE (api_key_id uuid, tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT key.id, key.tenant_id FROM accounts_apikey key
    WHERE key.digest = wanted_digest AND key.revoked_at IS NULL
$$
"""

# Keys made before scopes counted go on doing what they could.
ALL_SCOPES = """
UPDATE accounts_apikey SET scopes =
    '["videos:read", "videos:write", "usage:read", "plan:read", "events:read", "backups:read"]'::jsonb
WHERE scopes = '[]'::jsonb
"""


class Migration(migrations.Migration):
    """The older function goes: a process that still runs the older code could not tell scopes apart."""

    dependencies = [("accounts", "0008_suppressed_address")]

    operations = [
        migrations.AddField("apikey", "last_used_device", models.CharField(blank=True, default="", max_length=200), preserve_default=False),
        migrations.AddField("apikey", "networks", models.JSONField(default=list)),
        migrations.AddField("apikey", "requests_a_minute", models.PositiveIntegerField(null=True)),
        migrations.AddField("apikey", "warned_days", models.PositiveSmallIntegerField(null=True)),
        migrations.AddField("apikey", "leaked_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "apikey",
            models.Index(
                condition=models.Q(("revoked_at", None)), fields=["expires_at"], name="api_key_ending"
            ),
        ),
        migrations.RunSQL(ALL_SCOPES, migrations.RunSQL.noop),
        migrations.RunSQL([DROP_BEFORE, API_KEY], [DROP, before]),
        migrations.RunSQL(FIND, "DROP FUNCTION accounts_find_api_key(text)"),
    ]
