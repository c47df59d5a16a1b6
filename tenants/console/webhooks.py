"""Outgoing webhooks of tenants in the console: their list in the navigation, and sending again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse

from cutroom.console import pages
from cutroom.console.board import Sheet
from tenants import webhooks
from tenants.console.deeds import Deed, Target, Wish, deed
from tenants.console.panels import panel
from tenants.models import Tenant, WebhookDelivery, WebhookEndpoint

pages.entry(
    label="Webhooks out",
    icon="out",
    name="tenants_webhookdelivery_changelist",
    area="tenants/webhookdelivery",
    order=50,
)


@deed
class ReplayDelivery(Deed):
    """Send messages again from the first try."""

    name, title, button, done = "replay-delivery", "Send the message again", "Send again", "On the way again"

    def targets(self, ids: Sequence[UUID]) -> list[Target]:
        """The deliveries of these ids, oldest first."""
        rows = WebhookDelivery.everywhere.using("ops").select_related("tenant", "message", "endpoint")
        return [_target(row) for row in rows.filter(pk__in=ids).order_by("created_at", "pk")]

    def effects(self, targets: Sequence[Target], choices: Mapping[str, Any]) -> list[str]:
        """What the receiver sees."""
        return ["The receiver gets the same id again, so a sound one does nothing twice."]

    def perform(self, target: Target, wish: Wish) -> None:
        """Put it back to its first try."""
        webhooks.replay(WebhookDelivery.objects.select_related("message", "endpoint").get(pk=target.id))


@panel("endpoints", order=70, tab="Keys and webhooks")
def endpoints(tenant: Tenant, at: datetime) -> Sheet:
    """Where the tenant wants to be told what happened."""
    rows = list(WebhookEndpoint.objects.order_by("-created_at", "-id"))
    return Sheet(template="tenants/console/_endpoints.html", context={"tenant": tenant, "endpoints": rows})


def _target(row: WebhookDelivery) -> Target:
    return Target(
        tenant_id=row.tenant_id,
        kind="delivery",
        id=str(row.pk),
        label=f"{row.message.type} to {row.endpoint.url}, {row.tenant.name}",
        url=reverse("admin:tenants_webhookdelivery_change", args=[row.pk]),
        refusal="It is on its way already." if webhooks.is_untried(row) else "",
    )
