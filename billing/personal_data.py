"""What the billing app keeps about people: what a workspace pays for, and dj-stripe's mirror of Stripe."""

from billing import mirrored, mirrored_catalogue
from cutroom.personal_data import (
    WITH_THE_TENANT,
    AppData,
    Category,
    Owner,
    Table,
    ThirdParty,
    billing,
    record,
)

_OF_TENANT = Owner(tenant="tenant")
_PLAN = "To know which plan a workspace has"

DATA = AppData(
    tables=[
        Table(
            model="billing.TenantSubscription",
            owner=_OF_TENANT,
            purpose=_PLAN,
            kept=WITH_THE_TENANT,
            fields=[
                billing("plan", "status", "current_period_end", "customer_id"),
                record("id", "tenant", "updated_at"),
            ],
        ),
        *mirrored.TABLES,
        *mirrored_catalogue.TABLES,
    ],
    parties=[
        ThirdParty(
            name="Stripe Payments Europe, Ltd.",
            role="processor, and controller of its own for the prevention of fraud",
            purpose="To take payments",
            receives=[Category.IDENTITY, Category.BILLING],
            region="European Economic Area and United States (EU-US Data Privacy Framework)",
            agreement="https://stripe.com/legal/dpa",
            setting="STRIPE_API_KEY",
            erasure="the customer is deleted or redacted at Stripe; Stripe keeps what the law asks of it",
        ),
    ],
)
