"""Privacy: who answers for the data, and for how long it is kept (docs/privacy.md)."""

from __future__ import annotations

from config.settings.environment import env as _env

GDPR_CONTROLLER = {
    "name": _env.str("PRIVACY_CONTROLLER", default=""),
    "address": _env.str("PRIVACY_ADDRESS", default=""),
    "contact": _env.str("PRIVACY_CONTACT", default=""),
    "officer": _env.str("PRIVACY_OFFICER", default=""),
    "authority": _env.str("PRIVACY_AUTHORITY", default=""),
    "hosting": _env.str("PRIVACY_HOSTING", default=""),
}
GDPR_RETENTION_DAYS = _env.dict("RETENTION_DAYS", default={})
GDPR_BREACH_HOURS = _env.int("PRIVACY_BREACH_HOURS", default=72)
BILLING_BOOKS_YEARS = _env.int("BOOKS_YEARS", default=8)
BILLING_BOOKS_STATUTE = _env.str("BOOKS_STATUTE", default="§ 147(3) AO and § 14b UStG (Germany)")
