"""The pages /account/webhooks: endpoints, their health, and what was sent to them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from cutroom import clock
from cutroom.errors import NotFound
from tenants import selectors, webhooks
from tenants.errors import TooManyEndpoints
from tenants.forms import EndpointForm
from tenants.http import TenantRequest
from tenants.models import DeliveryState, WebhookEndpoint
from tenants.permissions import needs
from tenants.roles import Capability

SHOWN = 50
REPLAYED_DAYS = 7


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.MANAGE_WEBHOOKS)
def index(request: TenantRequest) -> HttpResponse:
    """All endpoints and a form for one more; a new one's secret is shown this once."""
    form = EndpointForm(request.POST if request.method == "POST" else None)
    context: dict[str, object] = {"form": form}
    if form.is_bound and form.is_valid():
        try:
            endpoint, secret = webhooks.create_endpoint(**form.cleaned_data)
            context = {"form": EndpointForm(), "created": endpoint, "secret": secret}
        except TooManyEndpoints as error:
            form.add_error(None, error.detail)
    context["endpoints"] = selectors.webhook_endpoints()
    return _page(request, "tenants/webhooks.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.MANAGE_WEBHOOKS)
def show(request: TenantRequest, endpoint_id: UUID) -> HttpResponse:
    """One endpoint: its settings, and what was sent to it; `state` chooses which deliveries."""
    endpoint = selectors.webhook_endpoint(endpoint_id)
    form = EndpointForm(request.POST if request.method == "POST" else None, initial=_initial(endpoint))
    if form.is_bound and form.is_valid():
        webhooks.change_endpoint(endpoint, **form.cleaned_data)
        messages.success(request, "Saved.")
        return redirect("tenants-pages:webhook", endpoint_id)
    return _page(request, "tenants/webhook.html", _about(endpoint, request.GET.get("state", ""), form=form))


@require_POST
@needs(Capability.MANAGE_WEBHOOKS)
def act(request: TenantRequest, endpoint_id: UUID, deed: str) -> HttpResponse:
    """Do one of the endpoint's deeds and go back to its page."""
    endpoint = selectors.webhook_endpoint(endpoint_id)
    if deed == "rotate":
        secret = webhooks.rotate_secret(endpoint)
        about = _about(endpoint, "", form=EndpointForm(initial=_initial(endpoint)))
        return _page(request, "tenants/webhook.html", {**about, "secret": secret})
    if deed == "delete":
        webhooks.delete_endpoint(endpoint)
        messages.success(request, f"{endpoint.url} is told nothing any more.")
        return redirect("tenants-pages:webhooks")
    if deed not in _DEEDS:
        raise NotFound
    messages.success(request, _DEEDS[deed](endpoint, request))
    return redirect("tenants-pages:webhook", endpoint_id)


def _test(endpoint: WebhookEndpoint, _: TenantRequest) -> str:
    webhooks.send_test(endpoint)
    return "A ping is on its way. Reload in a moment to see the answer."


def _enable(endpoint: WebhookEndpoint, _: TenantRequest) -> str:
    webhooks.change_endpoint(endpoint, is_enabled=True)
    return "Switched on. New messages are sent again."


def _disable(endpoint: WebhookEndpoint, _: TenantRequest) -> str:
    webhooks.change_endpoint(endpoint, is_enabled=False)
    return "Switched off. Nothing new is sent."


def _replay(endpoint: WebhookEndpoint, request: TenantRequest) -> str:
    try:
        delivery_id = UUID(request.POST.get("delivery", ""))
    except ValueError:
        raise NotFound from None
    delivery = selectors.webhook_delivery(endpoint.pk, delivery_id)
    if webhooks.is_untried(delivery):
        return "The message is on its way already: it waits for its first try."
    webhooks.replay(delivery)
    return "The message is on its way again."


def _replay_failed(endpoint: WebhookEndpoint, _: TenantRequest) -> str:
    count = webhooks.replay_failed(endpoint, since=clock.now() - timedelta(days=REPLAYED_DAYS))
    if count:
        return f"{_messages(count)} on the way again."
    waiting = endpoint.deliveries.filter(state=DeliveryState.PENDING).count()
    still = f" {_messages(waiting)} still on the way; each is tried for three days." if waiting else ""
    return f"Nothing failed in the last {REPLAYED_DAYS} days, so nothing is sent again.{still}"


def _messages(count: int) -> str:
    return f"{count} message is" if count == 1 else f"{count} messages are"


_DEEDS: dict[str, Callable[[WebhookEndpoint, TenantRequest], str]] = {
    "test": _test,
    "enable": _enable,
    "disable": _disable,
    "replay": _replay,
    "replay-failed": _replay_failed,
}


def _about(endpoint: WebhookEndpoint, state: str, *, form: EndpointForm) -> dict[str, object]:
    deliveries = endpoint.deliveries.select_related("message").order_by("-created_at", "-id")
    if state in DeliveryState.values:
        deliveries = deliveries.filter(state=state)
    return {
        "endpoint": endpoint,
        "form": form,
        "state": state,
        "states": DeliveryState.choices,
        "deliveries": list(deliveries[:SHOWN]),
        "replayed_days": REPLAYED_DAYS,
    }


def _initial(endpoint: WebhookEndpoint) -> dict[str, object]:
    return {
        "url": endpoint.url,
        "description": endpoint.description,
        "event_types": endpoint.event_types,
    }


def _page(request: TenantRequest, template: str, context: dict[str, object]) -> HttpResponse:
    response = render(request, template, context, status=400 if _is_refused(context) else 200)
    if "secret" in context:
        response["Cache-Control"] = "no-store"
    return response


def _is_refused(context: dict[str, object]) -> bool:
    form = context.get("form")
    return isinstance(form, EndpointForm) and form.is_bound and not form.is_valid()
