"""Invitations, and the look-up of one by its token before a tenant is known."""

import django.db.models.deletion
import django.db.models.manager
import uuid
from django.db import migrations, models


# The owner's rights see every tenant; whoever has no token sees nothing. pg_temp last: see 0003_resolvers.
FIND = """
CREATE FUNCTION accounts_find_invitation(wanted_hash text)
RETURNS TABLE (invitation_id uuid, tenant_id uuid, tenant_name text, tenant_state text, email text, role text,
               inviter text, expires_at timestamptz, accepted_at timestamptz, revoked_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT invitation.id, tenant.id, tenant.name::text, tenant.state::text,
           invitation.email::text, invitation.role::text, coalesce(person.email::text, ''),
           invitation.expires_at, invitation.accepted_at, invitation.revoked_at
    FROM accounts_invitation invitation
    JOIN tenants_tenant tenant ON tenant.id = invitation.tenant_id
    LEFT JOIN accounts_user person ON person.id = invitation.invited_by
    WHERE invitation.token_hash = wanted_hash
$$
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_resolve_second_factor'),
        ('tenants', '0003_tenant_index'),
    ]

    operations = [
        migrations.AddField(
            model_name='loginrequest',
            name='invitation_hash',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name='factorchallenge',
            name='invitation_hash',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('email', models.EmailField(max_length=254)),
                ('role', models.CharField(choices=[('admin', 'admin'), ('creator', 'creator')], max_length=16)),
                ('token_hash', models.CharField(max_length=64, unique=True)),
                ('invited_by', models.UUIDField(null=True)),
                ('created_at', models.DateTimeField()),
                ('sent_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('accepted_at', models.DateTimeField(null=True)),
                ('accepted_by', models.UUIDField(null=True)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('tenant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'everywhere',
                'default_manager_name': 'objects',
                'indexes': [models.Index(fields=['tenant', '-created_at', '-id'], name='invitation_by_age')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('accepted_at', None), ('revoked_at', None)), fields=('tenant', 'email'), name='invitation_open_once')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('everywhere', django.db.models.manager.Manager()),
            ],
        ),
        migrations.RunSQL(FIND, "DROP FUNCTION accounts_find_invitation(text)"),
    ]
