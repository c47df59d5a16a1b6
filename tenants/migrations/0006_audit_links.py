"""The database chains the audit log itself, at commit, so no code of ours can forget or forge a link.

Why at commit: the lock that makes one chain a tenant is then the last one a transaction takes and is held for
an instant. Taken at the insert it would make every request of a tenant wait for the one before it.
"""

from django.db import migrations

# `tenants/audit_lines.py` builds the same text; tests compare the two.
LINK = """
CREATE FUNCTION tenants_link_audit_entry(entry tenants_auditentry) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    place bigint;
    before text;
    line text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('audit:' || entry.tenant_id, 0));
    SELECT sequence, hash INTO place, before FROM tenants_auditlink
        WHERE tenant_id = entry.tenant_id ORDER BY sequence DESC LIMIT 1;
    place := coalesce(place, 0) + 1;
    before := coalesce(before, repeat('0', 64));
    line := '{"sequence":' || place
        || ',"previous":"' || before
        || '","tenant_id":"' || entry.tenant_id
        || '","id":"' || entry.id
        || '","at":"' || to_char(entry.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        || '","action":' || to_json(entry.action)
        || ',"target":' || to_json(entry.target)
        || ',"is_denied":' || to_json(entry.is_denied)
        || ',"user_id":' || coalesce(to_json(entry.user_id)::text, 'null')
        || ',"api_key_id":' || coalesce(to_json(entry.api_key_id)::text, 'null')
        || ',"session_id":' || coalesce(to_json(entry.session_id)::text, 'null')
        || ',"operator_id":' || coalesce(to_json(entry.operator_id)::text, 'null')
        || ',"request_id":' || to_json(entry.request_id)
        || ',"detail":' || entry.detail || '}';
    INSERT INTO tenants_auditlink (entry_id, tenant_id, sequence, previous, hash)
        VALUES (entry.id, entry.tenant_id, place, before, encode(sha256(convert_to(line, 'UTF8')), 'hex'));
END $$
"""

TRIGGER = """
CREATE FUNCTION tenants_chain_audit() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM tenants_link_audit_entry(NEW);
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION tenants_link_audit_entry(tenants_auditentry) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION tenants_chain_audit() FROM PUBLIC;
CREATE CONSTRAINT TRIGGER chain AFTER INSERT ON tenants_auditentry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tenants_chain_audit()
"""

# Entries made before there was a chain; the newer column of the key has no row yet.
EXISTING = "SELECT tenants_link_audit_entry(entry) FROM tenants_auditentry entry ORDER BY at, id"

UNDO = """
DROP TRIGGER chain ON tenants_auditentry;
DROP FUNCTION tenants_chain_audit();
DROP FUNCTION tenants_link_audit_entry(tenants_auditentry)
"""


class Migration(migrations.Migration):
    """Functions with the owner's rights: no role of the application may write the chain."""

    dependencies = [("tenants", "0005_audit_chain")]

    operations = [
        migrations.RunSQL(LINK, migrations.RunSQL.noop),
        migrations.RunSQL(TRIGGER, UNDO),
        migrations.RunSQL(EXISTING, migrations.RunSQL.noop),
    ]
