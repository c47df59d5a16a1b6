"""URLs of the tenants app: webhooks, as API at /api/v1/webhooks and as pages."""

from django.urls import path

from tenants import webhook_api as api
from tenants import webhook_views as views

webhook_api_urlpatterns = [
    path("", api.WebhooksAPI.as_view(), name="webhooks"),
    path("/messages", api.MessagesAPI.as_view(), name="webhook-messages"),
    path("/event-types", api.EventTypesAPI.as_view(), name="webhook-event-types"),
    path("/<uuid:endpoint_id>", api.WebhookAPI.as_view(), name="webhook"),
    path("/<uuid:endpoint_id>/rotate-secret", api.WebhookSecretAPI.as_view(), name="webhook-secret"),
    path("/<uuid:endpoint_id>/test", api.WebhookTestAPI.as_view(), name="webhook-test"),
    path("/<uuid:endpoint_id>/deliveries", api.DeliveriesAPI.as_view(), name="webhook-deliveries"),
    path(
        "/<uuid:endpoint_id>/deliveries/<uuid:delivery_id>/replay",
        api.ReplayAPI.as_view(),
        name="webhook-replay",
    ),
]

page_urlpatterns = [
    path("account/webhooks", views.index, name="webhooks"),
    path("account/webhooks/<uuid:endpoint_id>", views.show, name="webhook"),
    path("account/webhooks/<uuid:endpoint_id>/<slug:deed>", views.act, name="webhook-act"),
]
