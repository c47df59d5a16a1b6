"""The page /account/youtube: connect a channel, leave it; and publishing from a render's page."""

from __future__ import annotations

import secrets
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cutroom import clock
from cutroom.errors import DomainError
from cutroom.form_problems import problems_of
from cutroom.pages import require_principal
from metering import entitlements
from rendering import selectors
from rendering.models import JobState, RenderJob
from rendering.outside_forms import PublishForm
from rendering.publishing import oauth, services
from rendering.publishing.errors import GoogleError
from rendering.publishing.models import PublicationState
from rendering.publishing.oauth import Asking
from tenants.context import tenant_context
from tenants.http import Principal, TenantRequest
from tenants.permissions import needs
from tenants.roles import Capability

PAGE = "rendering-pages:youtube"
_ASKING = "youtube_asking"
_LOOK_AGAIN_SECONDS = 3
_NOT_TOLD = (
    "The channel is disconnected here, but Google did not answer. Remove the access at "
    "myaccount.google.com/permissions too."
)


@never_cache
@require_safe
@needs(Capability.MANAGE_TENANT)
def show(request: TenantRequest) -> HttpResponse:
    """The connected channel, and what went there."""
    caller = cast(Principal, request.principal)
    # Paths below this one ask Google, so none of them has a transaction of its own.
    with tenant_context(caller.tenant_id):
        context = {
            "is_set_up": services.is_set_up(),
            "is_granted": services.FEATURE in entitlements.for_tenant(caller.tenant_id).features,
            "channel": selectors.youtube_channel(),
            "publications": selectors.publications()[:20],
        }
        return render(request, "rendering/youtube.html", context)


@require_POST
@needs(Capability.MANAGE_TENANT)
def connect(request: TenantRequest) -> HttpResponse:
    """To Google's page."""
    try:
        asking = services.begin_connection(tenant_id=cast(Principal, request.principal).tenant_id)
    except DomainError as refusal:
        messages.error(request, refusal.detail)
        return redirect(PAGE)
    request.session[_ASKING] = {"state": asking.state, "verifier": asking.verifier}
    return redirect(oauth.authorize_url(asking))


@never_cache
@require_safe
@needs(Capability.MANAGE_TENANT)
def callback(request: TenantRequest) -> HttpResponse:
    """Back from Google. The state must be the one this browser left with: nobody can lend it a channel."""
    caller = cast(Principal, request.principal)
    kept = request.session.pop(_ASKING, None)
    if kept is None or not secrets.compare_digest(kept["state"], request.GET.get("state", "")):
        messages.error(request, "This connection was not begun here, or was finished already. Begin again.")
        return redirect(PAGE)
    if not request.GET.get("code"):
        messages.error(request, "No channel was connected: the question at Google was answered with no.")
        return redirect(PAGE)
    try:
        channel = services.connect(
            tenant_id=caller.tenant_id,
            user_id=caller.user_id,
            code=request.GET["code"],
            asking=Asking(**kept),
        )
    except GoogleError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, f"The channel {channel.title} is connected.")
    return redirect(PAGE)


@require_POST
@needs(Capability.MANAGE_TENANT)
def disconnect(request: TenantRequest) -> HttpResponse:
    """Forget the channel, here and at Google."""
    is_revoked = services.disconnect(tenant_id=cast(Principal, request.principal).tenant_id)
    if is_revoked:
        messages.success(request, "The channel is disconnected, and Google has taken the permission back.")
    else:
        messages.warning(request, _NOT_TOLD)
    return redirect(PAGE)


@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: TenantRequest, render_id: UUID) -> HttpResponse:
    """Publish a finished video, and see how far it is; what was typed comes back when it is refused."""
    caller = require_principal(request)
    job = selectors.render(render_id)
    if request.method != "POST":
        return _publish_page(request, job, PublishForm(initial={"title": job.title[: services.MOST_TITLE]}))
    form = PublishForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            services.publish(job=job, user_id=caller.user_id, at=clock.now(), **form.cleaned_data)
        except DomainError as refusal:
            form.take(refusal)
            status = refusal.status
        else:
            return redirect("rendering-pages:publish", render_id)
    return _publish_page(request, job, form, status=status)


def _publish_page(
    request: TenantRequest, job: RenderJob, form: PublishForm, *, status: int = 200
) -> HttpResponse:
    publication = selectors.publication_of(job)
    is_over = publication is None or publication.state == PublicationState.FAILED
    context = {
        "job": job,
        "form": form if is_over and job.state == JobState.SUCCEEDED else None,
        "problems": list(problems_of(form)),
        "publication": publication,
        "channel": selectors.youtube_channel(),
        "is_set_up": services.is_set_up(),
        "is_granted": services.FEATURE in entitlements.for_tenant(job.tenant_id).features,
    }
    response = render(request, "rendering/publish.html", context, status=status)
    if publication is not None and not publication.is_final:
        # Works in every browser, without any script.
        response["Refresh"] = str(_LOOK_AGAIN_SECONDS)
    return response
