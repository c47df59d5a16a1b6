"""URLs of the gdpr app: /api/account/ and pages."""

from django.urls import path

from gdpr import account_views as account
from gdpr import backup_api, erasure_api, erasure_views, key_views, views
from gdpr.duties import api as duties_api
from gdpr.duties import views as duties
from gdpr.export import api as export

api_urlpatterns = [
    path("export", export.ExportAPI.as_view(), name="export"),
    path("exports", export.ExportsAPI.as_view(), name="exports"),
    path("exports/<uuid:export_id>", export.ExportStatusAPI.as_view(), name="export-status"),
    path("download-export/<str:name>", export.DownloadExportAPI.as_view(), name="download-export"),
    path("backup-status", backup_api.BackupStatusAPI.as_view(), name="backup-status"),
    path("requests", duties_api.PrivacyRequestsAPI.as_view(), name="privacy-requests"),
    path("undo-delete", erasure_api.UndoDeleteAPI.as_view(), name="undo-delete"),
]

# The account itself, at /api/account without a slash.
root_urlpatterns = [
    path("", erasure_api.AccountAPI.as_view(), name="account"),
]

page_urlpatterns = [
    path("account/delete", erasure_views.delete, name="account-delete"),
    path("account/undo-delete", erasure_views.undo_delete, name="account-undo-delete"),
    path("account/keep-workspace", erasure_views.keep_workspace, name="keep-workspace"),
    path("account/receipt", erasure_views.receipt, name="account-receipt"),
    path(".well-known/cutroom-signing-key.pem", erasure_views.signing_key, name="signing-key"),
    path("privacy", views.privacy, name="privacy"),
    path("privacy/requests", duties.ask, name="privacy-requests"),
    path("privacy/stop-news", duties.stop_news, name="stop-news"),
    path("privacy/requests/confirm", duties.confirm, name="confirm-privacy-request"),
    path("account", account.account, name="account"),
    path("account/profile", account.save_profile, name="save-profile"),
    path("account/mail", account.save_mail, name="save-mail"),
    path("account/devices/others/end", account.sign_out_others, name="sign-out-others"),
    path("account/devices/<uuid:session_id>/end", account.sign_out_device, name="sign-out-device"),
    path("account/keys/new", key_views.make, name="make-key"),
    path("account/keys/<uuid:key_id>", key_views.show, name="key"),
    path("account/keys/<uuid:key_id>/replace", key_views.replace, name="replace-key"),
    path("account/keys/<uuid:key_id>/revoke", key_views.revoke, name="revoke-key"),
    path("account/exports", account.make_export, name="make-export"),
    path("account/exports/<uuid:export_id>/delete", account.delete_export, name="delete-export"),
    path("account/exports/<str:name>", account.download_export, name="download-export"),
]
