"""Deeds of billing: give a plan, process a webhook again, ask Stripe once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.urls import reverse
from djstripe.models import WebhookEventTrigger

from billing import gifts, projection, replaying
from billing.models import TenantSubscription
from metering import conf as metering_conf
from metering.console.forms import UntilForm
from tenants.console.deeds import NO_TENANT, Deed, Target, Wish, deed
from tenants.console.tenant_deeds import TenantDeed, target_of
from tenants.models import Tenant


class PlanForm(UntilForm):
    """Which plan, and until when."""

    plan = forms.ChoiceField(
        required=False,
        widget=forms.Select(attrs={"class": "in"}),
        help_text="Given by agreement, without a payment. What is paid for at Stripe goes on beside it.",
    )

    field_order = ("plan", "until", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plans = [(plan, plan.capitalize()) for plan in metering_conf.plans()]
        choice: Any = self.fields["plan"]
        choice.choices = [*plans, ("", "None: only what is paid for")]


@deed
class Plan(TenantDeed):
    """Give a plan without a payment, or take it back."""

    name, title, button, done = "change-plan", "Change the plan", "Change the plan", "Plan changed"
    form = PlanForm

    def effects(self, targets: Sequence[Target], choices: Mapping[str, Any]) -> list[str]:
        """From what to what."""
        if not choices:
            return [
                "The larger of this plan and the paid one counts, from the next request on.",
                "Stripe is not asked and nobody is charged; a paid subscription is changed on its own page.",
            ]
        rows = TenantSubscription.everywhere.using("ops").filter(tenant_id__in=[t.tenant_id for t in targets])
        found = {row.tenant_id: row for row in rows}
        return [_change(target, found.get(target.tenant_id), choices) for target in targets]

    def perform(self, target: Target, wish: Wish) -> None:
        """Write it down."""
        gifts.give(
            tenant_id=target.tenant_id, plan=wish.choices["plan"], until=wish.choices["until"], at=wish.at
        )


@deed
class Refresh(TenantDeed):
    """Ask Stripe what a customer has."""

    name, title, button, done = "refresh-plan", "Ask Stripe again", "Ask Stripe", "Asked Stripe"

    def targets(self, ids: Sequence[UUID]) -> list[Target]:
        """Only customers can be asked about."""
        rows = TenantSubscription.everywhere.using("ops").filter(tenant_id__in=ids).exclude(customer_id="")
        known = set(rows.values_list("tenant_id", flat=True))
        tenants = Tenant.objects.using("ops").filter(pk__in=ids).order_by("slug")
        never = "It never wanted to pay, so Stripe does not know it."
        return [target_of(row, refusal="" if row.pk in known else never) for row in tenants]

    def effects(self, targets: Sequence[Target], choices: Mapping[str, Any]) -> list[str]:
        """What is corrected."""
        return ["Subscription, card and newest invoice are read again, and what differs here is corrected."]

    def perform(self, target: Target, wish: Wish) -> None:
        """Refresh the projection, under the customer's lock."""
        row = TenantSubscription.objects.get(tenant_id=target.tenant_id)
        projection.refresh(tenant_id=row.tenant_id, customer_id=row.customer_id)


@deed
class ReplayWebhook(Deed):
    """Process webhooks of Stripe's again."""

    name, title, button, done = "replay-webhook", "Process the webhook again", "Process again", "Processed"

    def targets(self, ids: Sequence[UUID]) -> list[Target]:
        """The webhooks of these numbers, oldest first: later events overwrite earlier ones."""
        rows = WebhookEventTrigger.objects.using("ops").filter(pk__in=[each.int for each in ids])
        return [_webhook_target(row) for row in rows.order_by("created", "pk")]

    def effects(self, targets: Sequence[Target], choices: Mapping[str, Any]) -> list[str]:
        """Nothing is done twice."""
        return [
            "The event is mirrored and the subscription computed anew, as when it came.",
            "Nothing is charged or mailed twice: an event that was processed changes nothing.",
        ]

    def perform(self, target: Target, wish: Wish) -> None:
        """Process it."""
        tenant_id = None if target.tenant_id == NO_TENANT else target.tenant_id
        replaying.replay(UUID(target.id).int, tenant_id=tenant_id)


def _webhook_target(row: Any) -> Target:
    return Target(
        tenant_id=replaying.tenant_of(row) or NO_TENANT,
        kind="stripe-webhook",
        id=str(UUID(int=row.pk)),
        label=f"{row.json_body.get('type', 'webhook')} of {row.created:%-d %b %H:%M} UTC",
        url=reverse("admin:djstripe_webhookeventtrigger_change", args=[row.pk]),
        refusal=replaying.refusal(row),
    )


def _change(target: Target, row: TenantSubscription | None, choices: Mapping[str, Any]) -> str:
    before = (row.granted_plan if row else "") or "none given"
    after = choices["plan"] or "none given"
    paid = f", {row.plan} is paid for" if row and row.is_alive else ""
    until = choices["until"]
    end = f", until {until:%-d %b %Y} 00:00 UTC" if until and choices["plan"] else ""
    return f"{target.label}: {before} → {after}{end}{paid}."
