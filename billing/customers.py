"""The customer of Stripe that stands for a tenant: one, made before the first checkout."""

from __future__ import annotations

from uuid import UUID

import stripe
from djstripe.models import APIKey, Customer, Price

from billing import conf, gateway
from billing.errors import PaymentsNotSetUp
from billing.facts import LOOKUP_KEY
from billing.models import StripeSetup
from tenants.context import tenant_context
from tenants.models import Tenant

TENANT_KEY = "djstripe_subscriber"


def setup() -> StripeSetup:
    """What `stripe_setup` made for the key in use. Raises PaymentsNotSetUp. Two queries."""
    accounts = APIKey.objects.filter(secret=conf.secret_key()).values("djstripe_owner_account_id")
    made = StripeSetup.objects.filter(account_id__in=accounts).first()
    if made is None:
        raise PaymentsNotSetUp()
    return made


def price_id(plan: str) -> str:
    """The id of the price that sells `plan`. Raises PaymentsNotSetUp."""
    prices = Price.objects.filter(
        lookup_key=LOOKUP_KEY.format(plan=plan), active=True, djstripe_owner_account_id=setup().account_id
    )
    found = prices.values_list("id", flat=True).first()
    if found is None:
        raise PaymentsNotSetUp()
    return str(found)


def customer_id(tenant_id: UUID) -> str | None:
    """The tenant's customer in the account of our key; None until it first wanted to pay."""
    found = Customer.objects.filter(
        subscriber_id=tenant_id, date_purged=None, djstripe_owner_account_id=setup().account_id
    )
    newest: str | None = found.order_by("-djstripe_id").values_list("id", flat=True).first()
    return newest


def tenant_of(customer_id: str) -> UUID | None:
    """Whose customer this is; None for one we do not know."""
    found: UUID | None = (
        Customer.objects.filter(id=customer_id).values_list("subscriber_id", flat=True).first()
    )
    return found


def ensure(tenant_id: UUID) -> str:
    """The id of the tenant's customer, made at Stripe if there is none. Two at once make one."""
    found = customer_id(tenant_id)
    if found is None:
        number = _made_so_far(tenant_id)
        # Looked for again after counting: whoever was faster is either found or not counted.
        found = customer_id(tenant_id)
    return found or _make(tenant_id, number)


def forget(tenant_id: UUID) -> None:
    """Delete the tenant's customer at Stripe, with subscription, card and address. Again: nothing."""
    found = customer_id(tenant_id)
    if found is None:
        return
    with gateway.asking("customers.delete"):
        try:
            gateway.client().v1.customers.delete(found)
        except stripe.InvalidRequestError as error:
            if not gateway.is_missing(error):
                raise


def unlink(customer_id: str) -> None:
    """Forget that this customer stands for anybody: Stripe does not know it any more."""
    Customer.objects.filter(id=customer_id).update(subscriber=None)


def _made_so_far(tenant_id: UUID) -> int:
    return int(Customer.objects.filter(**{f"metadata__{TENANT_KEY}": str(tenant_id)}).count())


def _make(tenant_id: UUID, number: int) -> str:
    """Stripe answers a key with the customer it made first, even a deleted one: each next has another key."""
    with tenant_context(tenant_id):
        tenant = Tenant.objects.get(pk=tenant_id)
    with gateway.asking("customers.create"):
        made = gateway.client().v1.customers.create(
            {
                "email": tenant.email,
                "name": tenant.name,
                "metadata": {TENANT_KEY: str(tenant.pk), "tenant": tenant.slug},
            },
            {"idempotency_key": f"customer:{tenant.pk}:{number}:{conf.site_url()}"},
        )
    with tenant_context(tenant.pk):
        Customer.sync_from_stripe_data(made, api_key=conf.secret_key())
    return made.id
