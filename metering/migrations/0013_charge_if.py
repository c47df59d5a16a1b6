"""A charge may be tried by what is remembered of the plan: the database says whether that is still true."""

from importlib import import_module

from django.db import migrations

third_edition = import_module("metering.migrations.0012_quick_charge")

_END_OF_VALUES, _BEGINNING = "p_user uuid\n)", "BEGIN\n"
# Each statement finds one row by a unique key, so the planner keeps its plan without being told.
_TOLD = " SET plan_cache_mode = force_generic_plan"
_ASKED = "p_user uuid, p_premise boolean\n)"
_JUDGED = """BEGIN
    IF p_premise IS NOT TRUE THEN
        RETURN;
    END IF;
"""

CHARGE = third_edition.CHARGE.replace(_END_OF_VALUES, _ASKED, 1).replace(_BEGINNING, _JUDGED, 1)
CHARGE = CHARGE.replace(_TOLD, "", 1)


class Migration(migrations.Migration):
    """See the module."""

    dependencies = [("metering", "0012_quick_charge")]

    operations = [
        migrations.RunSQL(
            ["DROP FUNCTION metering_charge", CHARGE],
            ["DROP FUNCTION metering_charge", third_edition.CHARGE],
        ),
    ]
