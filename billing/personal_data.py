"""What the billing app keeps about people: what a workspace pays for, and dj-stripe's mirror of Stripe."""

from billing import mirrored, mirrored_catalogue
from cutroom.personal_data import (
    WITH_THE_INSTALLATION,
    WITH_THE_TENANT,
    AppData,
    Basis,
    Category,
    Erasure,
    Owner,
    Table,
    ThirdParty,
    billing,
    record,
    secret,
)

_OF_TENANT = Owner(tenant="tenant")
_TIMES = ("created_at", "closed_at")
_PLAN = "To know which plan a workspace has"

DATA = AppData(
    tables=[
        Table(
            model="billing.TenantSubscription",
            owner=_OF_TENANT,
            purpose=_PLAN,
            kept=WITH_THE_TENANT,
            fields=[
                billing("plan", "status", "customer_id", "subscription_id"),
                billing("started_at", "trial_end", "current_period_end", "past_due_since"),
                billing("changes_at", "next_plan", "next_amount", "currency"),
                billing("granted_plan", "granted_until"),
                record("id", "tenant", "updated_at"),
            ],
        ),
        Table(
            model="billing.CheckoutAttempt",
            owner=_OF_TENANT,
            purpose="To open one payment page at a time, so that nobody pays twice",
            kept=WITH_THE_TENANT,
            fields=[billing("plan", "session_id"), secret("url"), record("id", "tenant", "key", *_TIMES)],
        ),
        Table(
            model="billing.PastDueNotice",
            owner=_OF_TENANT,
            purpose="To send each mail about a failing payment once",
            kept=WITH_THE_TENANT,
            fields=[billing("since", "day"), record("id", "tenant", "at")],
        ),
        Table(
            model="billing.StripeSetup",
            purpose="To know what was set up in the Stripe account",
            kept=WITH_THE_INSTALLATION,
            basis=Basis.NONE,
            erasure=Erasure.LEAVE,
            fields=[record("id", "account_id", "portal_configuration_id", "at")],
        ),
        Table(
            model="billing.Reconciliation",
            purpose="To show how many subscriptions had drifted and how many events never came",
            kept=WITH_THE_INSTALLATION,
            basis=Basis.NONE,
            erasure=Erasure.LEAVE,
            fields=[record("id", "at", "checked", "drifted", "missing", "events_until")],
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
