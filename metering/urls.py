"""URLs of the metering app: the API at /api/v1/usage, the pages at the root."""

from django.urls import path

from metering import api, ledger_api, views

api_urlpatterns = [
    path("", api.UsageAPI.as_view(), name="usage"),
    path("/history", ledger_api.UsageHistoryAPI.as_view(), name="usage-history"),
    path("/events", ledger_api.UsageEventsAPI.as_view(), name="usage-events"),
]

page_urlpatterns = [
    path("usage", views.show, name="usage"),
    path("usage/events.csv", views.download, {"kind": "csv"}, name="usage-csv"),
    path("usage/events.jsonl", views.download, {"kind": "jsonl"}, name="usage-jsonl"),
]
