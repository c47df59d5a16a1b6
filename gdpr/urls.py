"""URLs of the gdpr app: /api/account/ and pages."""

from django.urls import path

from gdpr import backup_api, views

api_urlpatterns = [
    path("backup-status", backup_api.BackupStatusAPI.as_view(), name="backup-status"),
]

page_urlpatterns = [
    path("privacy", views.privacy, name="privacy"),
]
