"""The way back from acting as a member."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts import acting
from cutroom import clock
from cutroom.errors import NotFound
from cutroom.pages import require_principal
from tenants.http import Principal


@require_POST
def stop(request: HttpRequest) -> HttpResponse:
    """Stop acting, and go back to the console's page of the tenant."""
    caller: Principal = require_principal(request)
    if caller.operator_id is None or caller.user_id is None or caller.session_id is None:
        raise NotFound()
    acting.leave(
        request,
        user_id=caller.user_id,
        session_id=caller.session_id,
        tenant_id=caller.tenant_id,
        at=clock.now(),
    )
    return HttpResponseRedirect(reverse("admin:tenant", args=[caller.tenant_id]))
