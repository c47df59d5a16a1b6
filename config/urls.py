"""Table of contents: one line an app and surface."""

from django.contrib import admin
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from accounts import urls as accounts
from billing import urls as billing
from cutroom.error_catalogue import problem_list, problem_page
from cutroom.pages import set_theme
from cutroom.problems import no_such_endpoint, no_such_page
from gdpr import urls as gdpr
from metering import urls as metering
from rendering import urls as rendering
from tenants import urls as tenants

urlpatterns = [
    path("api/auth/", include((accounts.auth_urlpatterns, "auth"))),
    path("api/account/", include((accounts.account_urlpatterns, "account"))),
    path("api/account/", include((gdpr.api_urlpatterns, "gdpr"))),
    path("api/account", include((gdpr.root_urlpatterns, "gdpr-root"))),
    path("api/team", include((accounts.team_urlpatterns, "team"))),
    path("api/billing/", include((billing.api_urlpatterns, "billing"))),
    path("api/v1/usage", include((metering.api_urlpatterns, "metering"))),
    path("api/v1/webhooks", include((tenants.webhook_api_urlpatterns, "tenants"))),
    path("api/v1/", include((rendering.api_urlpatterns, "rendering"))),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api-docs"),
    path("api/<path:path>", no_such_endpoint),
    path("problems", problem_list, name="problems"),
    path("problems/<slug:code>", problem_page, name="problem"),
    path("", include((accounts.page_urlpatterns, "accounts-pages"))),
    path("", include((rendering.page_urlpatterns, "rendering-pages"))),
    path("", include((metering.page_urlpatterns, "metering-pages"))),
    path("", include((tenants.page_urlpatterns, "tenants-pages"))),
    path("", include((gdpr.page_urlpatterns, "gdpr-pages"))),
    path("", include((billing.page_urlpatterns, "billing-pages"))),
    path("theme", set_theme, name="theme"),
    path("admin/", admin.site.urls),
    re_path("", no_such_page),
]

handler400 = "cutroom.problems.bad_request"
handler403 = "cutroom.problems.permission_denied"
handler404 = "cutroom.problems.not_found"
handler500 = "cutroom.problems.server_error"
