"""Who may see the stand-in's pages: everybody where it stands in, nobody elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from billing import conf
from billing.standin.errors import Refused

PageView = Callable[..., HttpResponse]


def only_here(view: PageView) -> PageView:
    """Decorator: 404 unless the stand-in answers in place of Stripe, and for things it does not have."""

    @wraps(view)
    @never_cache
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not conf.is_stand_in():
            raise Http404
        try:
            return view(request, *args, **kwargs)
        except Refused as refusal:
            if refusal.status == 404:
                raise Http404 from refusal
            raise

    return guarded
