"""URLs of the gdpr app, mounted at /api/account/. It has none yet; see README.md."""

from django.urls import URLPattern

api_urlpatterns: list[URLPattern] = []
