"""An operator may act as a member: such a session says who the operator is, and the resolver tells."""

from importlib import import_module

from django.db import migrations, models

before = import_module("accounts.migrations.0006_resolve_second_factor")

AFTER = before.SESSION.replace(
    "has_second_factor boolean, is_second_factor_demanded boolean)",
    "has_second_factor boolean, is_second_factor_demanded boolean,\n"
    "               operator_id uuid, expires_at timestamptz)",
).replace(
    "rule.demands_second_factor)\n",
    "rule.demands_second_factor),\n           session.operator_id, session.expires_at\n",
)


class Migration(migrations.Migration):
    """Older code goes on working meanwhile: it names the columns it wants."""

    dependencies = [("accounts", "0009_api_key_life")]

    operations = [
        migrations.AddField(
            model_name="session", name="operator_id", field=models.UUIDField(null=True)
        ),
        migrations.RunSQL([before.DROP, AFTER], [before.DROP, before.SESSION]),
    ]
