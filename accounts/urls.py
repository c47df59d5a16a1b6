"""URLs of the accounts app: /api/auth, /api/account and the sign-in pages."""

from django.urls import path

from accounts import account_api, api, session_api, views

auth_urlpatterns = [
    path("magic-link/request", api.RequestLinkAPI.as_view(), name="request-link"),
    path("magic-link/verify", api.VerifyAPI.as_view(), name="verify-link"),
    path("refresh", api.RefreshAPI.as_view(), name="refresh"),
    path("logout", api.LogoutAPI.as_view(), name="logout"),
    path("me", session_api.MeAPI.as_view(), name="me"),
    path("sessions", session_api.SessionsAPI.as_view(), name="sessions"),
    path("sessions/<str:session>", session_api.SessionAPI.as_view(), name="session"),
]

account_urlpatterns = [
    path("rotate-api-key", account_api.RotateKeyAPI.as_view(), name="rotate-api-key"),
    path("api-keys", account_api.KeysAPI.as_view(), name="api-keys"),
    path("api-keys/<uuid:key_id>", account_api.KeyAPI.as_view(), name="api-key"),
    path("audit", account_api.AuditAPI.as_view(), name="audit"),
]

page_urlpatterns = [
    path("login", views.login, name="login"),
    path("login/link", views.use_link, name="use-link"),
    path("login/check", views.check_mail, name="check-mail"),
    path("login/code", views.use_code, name="use-code"),
    path("logout", views.logout, name="logout"),
    path("dev/mail", views.dev_mail, name="dev-mail"),
]
