"""The table of brands."""

from __future__ import annotations

import uuid

from django.db import models

from rendering.choices import Corner, Font
from tenants.models import TenantOwned


class Brand(TenantOwned):
    """How a tenant's videos look: one row a tenant. The three colours are all there or all empty."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    logo_key = models.CharField(max_length=255, blank=True)
    logo_sha256 = models.CharField(max_length=64, blank=True)
    logo_bytes = models.PositiveBigIntegerField(default=0)
    corner = models.CharField(max_length=16, choices=Corner, default=Corner.TOP_RIGHT)
    paper = models.CharField(max_length=7, blank=True)
    ink = models.CharField(max_length=7, blank=True)
    accent = models.CharField(max_length=7, blank=True)
    font = models.CharField(max_length=16, choices=Font, blank=True, default=Font.STANDARD)
    intro_title = models.CharField(max_length=120, blank=True)
    intro_text = models.CharField(max_length=200, blank=True)
    outro_title = models.CharField(max_length=120, blank=True)
    outro_text = models.CharField(max_length=200, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant"], name="brand_once")]

    def __str__(self) -> str:
        return "brand"
