"""What accounts announces upward."""

from django.dispatch import Signal

# Sent inside the transaction and the tenant context of the new tenant. Arguments: tenant_id, user_id.
signed_up = Signal()
