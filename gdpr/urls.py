"""URLs of the gdpr app: /api/account/ and pages."""

from django.urls import URLPattern, path

from gdpr import views

api_urlpatterns: list[URLPattern] = []

page_urlpatterns = [
    path("privacy", views.privacy, name="privacy"),
]
