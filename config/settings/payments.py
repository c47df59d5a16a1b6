"""Payments: what Stripe and dj-stripe need to know. Without a key nothing can be bought here."""

from config.settings.environment import env as _env

STRIPE_API_KEY = _env.str("STRIPE_API_KEY", default="")
STRIPE_WEBHOOK_SECRET = _env.str("STRIPE_WEBHOOK_SECRET", default="")
# A patch release of the SDK would otherwise change the shape of every answer.
STRIPE_API_VERSION = "2026-05-27.dahlia"
STRIPE_LIVE_MODE = STRIPE_API_KEY.startswith(("sk_live_", "rk_live_"))
STRIPE_LIVE_SECRET_KEY = STRIPE_API_KEY if STRIPE_LIVE_MODE else ""
STRIPE_TEST_SECRET_KEY = "" if STRIPE_LIVE_MODE else STRIPE_API_KEY
DJSTRIPE_FOREIGN_KEY_TO_FIELD = "id"
DJSTRIPE_SUBSCRIBER_MODEL = "tenants.Tenant"
DJSTRIPE_SUBSCRIBER_MODEL_MIGRATION_DEPENDENCY = "0001_initial"

BILLING_TEST_KEY_ALLOWED = _env.bool("STRIPE_TEST_KEY_ALLOWED", default=False)
BILLING_TRIAL_DAYS = _env.int("BILLING_TRIAL_DAYS", default=0)
BILLING_TAX = _env.bool("BILLING_TAX", default=False)
BILLING_CONTACT = _env.str("BILLING_CONTACT", default="")
