"""URLs of the gdpr app: /api/account/ and pages."""

from django.urls import path

from gdpr import backup_api, views
from gdpr.export import api as export

api_urlpatterns = [
    path("export", export.ExportAPI.as_view(), name="export"),
    path("exports", export.ExportsAPI.as_view(), name="exports"),
    path("exports/<uuid:export_id>", export.ExportStatusAPI.as_view(), name="export-status"),
    path("download-export/<str:name>", export.DownloadExportAPI.as_view(), name="download-export"),
    path("backup-status", backup_api.BackupStatusAPI.as_view(), name="backup-status"),
]

page_urlpatterns = [
    path("privacy", views.privacy, name="privacy"),
]
