"""What beat rings for, and how often in seconds or when (UTC). Whether there is work, the database knows."""

from typing import Any

from celery.schedules import crontab

CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "rendering.sweep": {"task": "rendering.sweep", "schedule": 10.0},
    "accounts.deliver_mail": {"task": "accounts.deliver_mail", "schedule": 15.0},
    "tenants.deliver_webhooks": {"task": "tenants.deliver_webhooks", "schedule": 15.0},
    "tenants.seal_audit": {"task": "tenants.seal_audit", "schedule": 900.0},
    "accounts.warn_of_ending_keys": {"task": "accounts.warn_of_ending_keys", "schedule": 3600.0},
    "metering.release_expired": {"task": "metering.release_expired", "schedule": 60.0},
    "metering.announce": {"task": "metering.announce", "schedule": 60.0},
    "metering.nightly": {"task": "metering.nightly", "schedule": crontab(hour=3, minute=17)},
    "metering.roll_up": {"task": "metering.roll_up", "schedule": 3600.0},
    "metering.reconcile": {"task": "metering.reconcile", "schedule": 3600.0},
    "billing.remind_past_due": {"task": "billing.remind_past_due", "schedule": 3600.0},
    "billing.reconcile": {"task": "billing.reconcile", "schedule": crontab(hour="3", minute="20")},
    # One list call; after the minutes in which a webhook may still be on its way.
    "billing.look_for_gaps": {"task": "billing.look_for_gaps", "schedule": crontab(minute=50)},
    # Everything that is kept for a time ends here; what is kept for an hour or a day needs more than a night.
    "gdpr.purge": {"task": "gdpr.purge", "schedule": 3600.0},
    "gdpr.tidy_storage": {"task": "gdpr.tidy_storage", "schedule": crontab(hour=4, minute=10)},
    "gdpr.watch_requests": {"task": "gdpr.watch_requests", "schedule": 3600.0},
    "gdpr.sweep_exports": {"task": "gdpr.sweep_exports", "schedule": 20.0},
    # Both ask whether it is time; the database knows.
    "gdpr.back_up": {"task": "gdpr.back_up", "schedule": 600.0},
    "gdpr.erase": {"task": "gdpr.erase", "schedule": 60.0},
    "gdpr.rehearse": {"task": "gdpr.rehearse", "schedule": 3600.0},
}
