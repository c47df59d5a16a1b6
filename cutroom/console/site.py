"""The site: Django's admin with our shell, our home page, and the pages that the apps declare."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse

from cutroom import clock, health
from cutroom.console import board, pages, search
from cutroom.console.board import Health
from cutroom.errors import PermissionDenied
from cutroom.pages import redirect_to_login

# Nobody here has a password, and signing out is the product's.
_NOT_OURS = {"login", "logout", "password_change", "password_change_done", "jsi18n"}


class ConsoleSite(AdminSite):
    """Entered by magic link and second factor only; see accounts.second_factor.middleware."""

    site_title = "Cutroom"
    site_header = "Console"
    site_url = "/create"
    enable_nav_sidebar = False

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Declared pages before the tables."""
        ours: list[URLPattern | URLResolver] = [
            path("search/", self.admin_view(self.search), name="search"),
            path("tables/", self.admin_view(self.tables), name="tables"),
            *(path(each.route, self.admin_view(each.view), name=each.name) for each in pages.pages()),
        ]
        stock = [each for each in super().get_urls() if getattr(each, "name", None) not in _NOT_OURS]
        # Django's gate looks for both names.
        doors = [path(f"{name}/", self.login, name=name) for name in ("login", "logout")]
        return [*ours, *doors, *stock]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """What the shell needs. The list of all tables is made on its own page only."""
        home = reverse("admin:index")
        return {
            "site_title": self.site_title,
            "site_header": self.site_header,
            "has_permission": self.has_permission(request),
            "available_apps": [],
            "is_popup": False,
            "is_nav_sidebar_enabled": False,
            "log_entries": [],
            "console_entries": pages.entries(),
            "console_area": pages.area_of(request, home),
        }

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Today: what needs a person, then money, work and usage."""
        facts = board.home(clock.now())
        context = {
            **self.each_context(request),
            **facts,
            "health": [*_health(), *facts["health"]],
            "counts": Counter(concern.area for concern in facts["concerns"]),
        }
        return TemplateResponse(request, "console/home.html", context)

    def tables(self, request: HttpRequest) -> TemplateResponse:
        """Every table there is to look at."""
        context = {**self.each_context(request), "app_list": self.get_app_list(request)}
        return TemplateResponse(request, "console/tables.html", context)

    def search(self, request: HttpRequest) -> TemplateResponse:
        """Tenants, members and jobs by a text or an id."""
        text = request.GET.get("q", "").strip()
        context = {
            **self.each_context(request),
            "text": text,
            "is_short": 0 < len(text) < search.SHORTEST,
            "found": search.search(text),
            "most": search.MOST,
        }
        return TemplateResponse(request, "console/search.html", context)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The way in is the product's; whoever is in and comes here is no operator."""
        if request.user.is_authenticated or getattr(request, "principal", None):
            raise PermissionDenied("Only operators of this Cutroom may open the console.")
        return redirect_to_login(request)


def render_page(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponseBase:
    """Answer a declared page in the console's shell."""
    from django.contrib import admin

    whole = {**admin.site.each_context(request), **context}
    return TemplateResponse(request, template, whole, status=status)


def _health() -> list[Health]:
    # That this page was read at all says that the database answers.
    names = {"redis": "Redis", "storage": "Storage"}
    checks = health.check_all(names)
    return [
        Health(name="Database", is_ok=True),
        *(
            Health(name=names[name], is_ok=row["ok"], note=row.get("error", ""))
            for name, row in checks.items()
        ),
    ]
