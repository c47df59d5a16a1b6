"""So that one meter or one render is found in a long ledger without reading the rest of it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """See the module."""

    dependencies = [("metering", "0002_ledger")]

    operations = [
        migrations.AddIndex(
            "usageevent",
            models.Index(fields=["tenant", "meter", "-at", "-id"], name="usage_event_by_meter"),
        ),
        migrations.AddIndex(
            "usageevent", models.Index(fields=["tenant", "subject", "-at", "-id"], name="usage_event_by_subject")
        ),
    ]
