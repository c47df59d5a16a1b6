from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    """A worker whose clock is wrong placed steps that nobody could claim for as long."""

    dependencies = [("rendering", "0011_youtube")]

    operations = [
        migrations.AlterField(
            model_name="renderstep", name="ready_at", field=models.DateTimeField(db_default=Now())
        ),
    ]
