from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0004_granted_plan")]

    operations = [
        migrations.AddField(
            model_name="reconciliation",
            name="missing",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="reconciliation",
            name="events_until",
            field=models.DateTimeField(null=True),
        ),
    ]
