"""Pages of the gdpr app."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gdpr.register import register


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """The privacy notice (GDPR articles 13 and 14), made from the data map. For everybody."""
    return render(request, "gdpr/privacy.html", {"register": register()})
