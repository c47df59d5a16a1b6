"""URLs of the metering app: the API at /api/v1/usage, the pages at the root."""

from django.urls import path

from metering import api, ledger_api, limits_api, views

api_urlpatterns = [
    path("", api.UsageAPI.as_view(), name="usage"),
    path("/check", limits_api.CheckAPI.as_view(), name="usage-check"),
    path("/limit-requests", limits_api.LimitRequestsAPI.as_view(), name="limit-requests"),
    path("/history", ledger_api.UsageHistoryAPI.as_view(), name="usage-history"),
    path("/events", ledger_api.UsageEventsAPI.as_view(), name="usage-events"),
]

page_urlpatterns = [
    path("usage", views.show, name="usage"),
    path("usage/limit-requests", views.ask, name="ask"),
    path("usage/alerts", views.choose_mail, name="alerts"),
    path("usage/tell-me", views.tell_me, name="tell-me"),
    path("usage/events.csv", views.download, {"kind": "csv"}, name="usage-csv"),
    path("usage/events.jsonl", views.download, {"kind": "jsonl"}, name="usage-jsonl"),
]
