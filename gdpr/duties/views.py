"""/privacy/requests: ask about one's data, with an account or without, and confirm the address."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts import addresses, limits
from accounts.people import at_pages
from cutroom import clock
from cutroom.errors import DomainError
from cutroom.form_problems import problems_of
from cutroom.pages import of_a_link
from gdpr.duties import news, requests
from gdpr.duties.forms import RequestForm
from gdpr.duties.models import RequestKind

PAGE = "gdpr-pages:privacy-requests"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """The form, and what the signed-in person asked before; nothing typed is lost when it is refused."""
    person = at_pages(request)
    form = RequestForm(request.POST or None, is_known=person is not None)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                return _receive(request, form.cleaned_data, known=person.email if person else "")
            except DomainError as refusal:
                form.add_error("email" if "email" in form.fields else None, refusal.detail)
                status = refusal.status
        status = 400 if status == 200 else status
    known = {"requests": requests.of_person(person.email)} if person else {}
    context = {"form": form, "problems": list(problems_of(form)), "person": person, **known}
    return render(request, "gdpr/requests.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """The page of the mailed link. A GET only shows a button: mail scanners open links too."""
    token = request.POST.get("token") or request.GET.get("token", "")
    if request.method != "POST":
        return of_a_link(render(request, "gdpr/request_confirm.html", {"token": token}))
    confirmed = requests.confirm(token, at=clock.now())
    return of_a_link(render(request, "gdpr/request_confirm.html", {"confirmed": confirmed}))


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stop_news(request: HttpRequest) -> HttpResponse:
    """One click ends the news. Mail programs post here by themselves (RFC 8058), without a cookie."""
    token = request.GET.get("token", "")
    if request.method == "POST":
        news.stop(token, at=clock.now())
    context = {"token": token, "is_stopped": request.method == "POST"}
    return of_a_link(render(request, "gdpr/stop_news.html", context))


def _receive(request: HttpRequest, given: dict[str, Any], *, known: str) -> HttpResponse:
    email = known or addresses.normalise_email(given["email"])
    limits.check(limits.privacy_request(email=email, ip=addresses.client_ip(request)))
    requests.receive(
        email=email,
        kind=RequestKind(given["kind"]),
        text=given["text"],
        is_known=bool(known),
        at=clock.now(),
    )
    if known:
        messages.success(request, "We have your request. A mail says until when you get an answer.")
    else:
        messages.success(request, "Look into your mail: your request counts once you confirm your address.")
    return redirect(PAGE)
