"""The first wall: a manager that shows one tenant's rows, and raises when nobody said which."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import models

from tenants.context import current_tenant_id

M_co = TypeVar("M_co", bound=models.Model, covariant=True)


class TenantManager(models.Manager[M_co]):
    """Rows of the tenant in context; creating a row fills in its tenant."""

    def get_queryset(self) -> models.QuerySet[M_co]:
        """Only this tenant's rows. Raises NoTenantInContext outside a tenant context."""
        return super().get_queryset().filter(tenant_id=current_tenant_id())

    def create(self, **kwargs: Any) -> M_co:
        """Create a row of the tenant in context."""
        return super().create(**self._with_tenant(kwargs))

    def get_or_create(self, defaults: Any = None, **kwargs: Any) -> tuple[M_co, bool]:
        """Get or create a row of the tenant in context."""
        return super().get_or_create(defaults, **self._with_tenant(kwargs))

    def _with_tenant(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        if "tenant" in kwargs or "tenant_id" in kwargs:
            return kwargs
        return {**kwargs, "tenant_id": current_tenant_id()}
