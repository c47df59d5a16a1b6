"""dj-stripe's tables in the console: a few to look at, none to edit, and none with a key in it."""

from __future__ import annotations

from django.apps import apps
from django.contrib import admin
from djstripe import models as mirror

from billing.admin import MirrorAdmin, WebhookTriggerAdmin
from cutroom.console import pages

SHOWN = (mirror.Customer, mirror.Subscription, mirror.Invoice, mirror.Event)


def replace() -> None:
    """Take dj-stripe's own tables off the site, which can be edited, and put ours on it."""
    for model in apps.get_app_config("djstripe").get_models():
        if admin.site.is_registered(model):
            admin.site.unregister(model)
    admin.site.register(SHOWN, MirrorAdmin)
    admin.site.register(mirror.WebhookEventTrigger, WebhookTriggerAdmin)


replace()
pages.entry(
    label="Webhooks in",
    icon="download",
    name="djstripe_webhookeventtrigger_changelist",
    area="djstripe/webhookeventtrigger",
    order=45,
)
