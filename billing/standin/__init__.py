"""A stand-in for Stripe, for development and tests: behind the SDK's own transport, with signed webhooks.

It refuses to exist without DEBUG or beside a live key. Production code does not know it: the setting
BILLING_TRANSPORT names it, and its pages are 404 without that.
"""
