"""Billing: which plan a tenant pays for. Stripe has the facts, dj-stripe mirrors them, we project them."""
