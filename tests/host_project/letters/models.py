"""Letters. `TenantOwned` gives them both walls: the manager's and the database's."""

from django.db import models

from tenants.models import TenantOwned


class Letter(TenantOwned):
    """One letter of a tenant."""

    text = models.TextField()
    has_letterhead = models.BooleanField(default=False)
    written_by = models.UUIDField(null=True)
    written_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        """Every index of a tenant's table begins with the tenant."""

        indexes = [models.Index(fields=["tenant", "written_at"], name="letter_by_time")]
