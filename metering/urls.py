"""URLs of the metering app, mounted at /api/v1/usage."""

from django.urls import path

from metering import api

api_urlpatterns = [path("", api.UsageAPI.as_view(), name="usage")]
