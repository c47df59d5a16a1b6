"""Yours, then those of the apps."""

from django.contrib import admin
from django.urls import include, path
from letters import urls as letters

from accounts import urls as accounts
from billing import urls as billing
from cutroom.error_catalogue import problem_list, problem_page
from cutroom.pages import set_theme
from gdpr import urls as gdpr
from metering import urls as metering
from tenants import urls as tenants

urlpatterns = [
    path("api/letters", include((letters.urlpatterns, "letters"))),
    path("api/auth/", include((accounts.auth_urlpatterns, "auth"))),
    path("api/account/", include((accounts.account_urlpatterns, "account"))),
    path("api/account/", include((gdpr.api_urlpatterns, "gdpr"))),
    path("api/account", include((gdpr.root_urlpatterns, "gdpr-root"))),
    path("api/team", include((accounts.team_urlpatterns, "team"))),
    path("api/billing/", include((billing.api_urlpatterns, "billing"))),
    path("api/v1/usage", include((metering.api_urlpatterns, "metering"))),
    path("problems", problem_list, name="problems"),
    path("problems/<slug:code>", problem_page, name="problem"),
    path("", include((accounts.page_urlpatterns, "accounts-pages"))),
    path("", include((metering.page_urlpatterns, "metering-pages"))),
    path("", include((tenants.page_urlpatterns, "tenants-pages"))),
    path("", include((gdpr.page_urlpatterns, "gdpr-pages"))),
    path("", include((billing.page_urlpatterns, "billing-pages"))),
    path("theme", set_theme, name="theme"),
    path("admin/", admin.site.urls),
]
