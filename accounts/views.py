"""The sign-in pages. A GET never uses a link up: mail scanners open links too."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_binary_file, policy
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import askers, conf, known_browsers, magic_links, people, services, suppression
from accounts.errors import LinkExpired, LinkInvalid, LinkUsed, SecondFactorRequired
from accounts.forms import CodeForm, EmailForm
from accounts.page_sessions import HOME, enter, safe_path
from accounts.resolvers import SESSION_KEY
from accounts.second_factor.views import ask_second_factor
from cutroom import clock
from cutroom.errors import DomainError, InvalidInput, RateLimited
from cutroom.pages import of_a_link, require_principal, safe_next
from tenants import audit
from tenants.conf import product
from tenants.http import Principal

ASKED_KEPT = timedelta(days=1)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """The login page; with ?token= the confirm page of a link."""
    if request.method == "POST":
        return _ask(request)
    if "token" in request.GET:
        return _confirm(request, request.GET["token"])
    if _principal(request):
        return redirect(safe_path(request.GET.get("next", "")))
    if people.at_pages(request):
        return redirect("accounts-pages:workspaces")
    form = EmailForm(initial={"email": request.GET.get("email", ""), "next": request.GET.get("next", "")})
    return _login_page(request, form)


@never_cache
@require_safe
def check_mail(request: HttpRequest) -> HttpResponse:
    """Says where the mail went and takes the code."""
    email = request.session.get("asked_email")
    if not email:
        return redirect("accounts-pages:login")
    return render(request, "accounts/check_mail.html", _check_context(request, CodeForm()))


@never_cache
@require_POST
def use_link(request: HttpRequest) -> HttpResponse:
    """The button of the confirm page."""
    asker, token = askers.asker_of(request), request.POST.get("token", "")
    try:
        signed_in = services.verify_token(token=token, asker=asker, at=clock.now())
    except (LinkInvalid, LinkUsed, LinkExpired) as error:
        return _dead_link(request, error, token=token)
    except SecondFactorRequired as error:
        return ask_second_factor(request, error)
    return enter(request, signed_in)


@never_cache
@require_POST
def use_code(request: HttpRequest) -> HttpResponse:
    """The code typed on the check-your-mail page."""
    form = CodeForm(request.POST)
    email = request.session.get("asked_email", "")
    if form.is_valid():
        try:
            signed_in = services.verify_code(
                email=email, code=form.cleaned_data["code"], asker=askers.asker_of(request), at=clock.now()
            )
            return enter(request, signed_in)
        except SecondFactorRequired as error:
            return ask_second_factor(request, error)
        except LinkInvalid:
            form.add_error("code", "This is not the code of the latest mail. Check it and try again.")
        except (LinkUsed, LinkExpired) as error:
            return _dead_link(request, error)
        except DomainError as error:
            form.add_error("code", error.detail)
    return render(request, "accounts/check_mail.html", _check_context(request, form), status=400)


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """End this browser's session."""
    if person := people.at_pages(request):
        services.end_session(user_id=person.user_id, session_id=person.session_id, at=clock.now())
    request.session.flush()
    return redirect("accounts-pages:login")


@never_cache
@require_safe
def dev_mail(request: HttpRequest) -> HttpResponse:
    """Mail that development did not send anywhere, newest first. 404 in production."""
    if not conf.is_development():
        raise Http404
    files = sorted(conf.mail_dir().glob("*.log"), key=lambda path: path.stat().st_mtime, reverse=True)
    return render(request, "accounts/dev_mail.html", {"mails": [_read_mail(path) for path in files[:50]]})


def mail_link(
    request: HttpRequest, *, email: str, next_path: str = "", invitation_hash: str = ""
) -> HttpResponse:
    """Mail a sign-in link and go on to the page that says so. Raises InvalidInput, RateLimited."""
    nonce, at = askers.browser_nonce(request), clock.now()
    request.COOKIES[askers.cookie_name()] = nonce
    services.request_link(
        email=email,
        asker=askers.asker_of(request),
        at=at,
        next_path=next_path,
        invitation_hash=invitation_hash,
    )
    request.session["asked_email"] = email
    request.session["asked_until"] = f"{at + conf.LINK_LIFE:%H:%M}"
    if SESSION_KEY not in request.session:
        # Nobody is signed in yet: this row need not live for 30 days.
        request.session.set_expiry(ASKED_KEPT)
    response = redirect("accounts-pages:check-mail")
    askers.remember_browser(response, nonce)
    return response


@require_POST
def mail_again(request: HttpRequest) -> HttpResponse:
    """Let mail go again to the address of whoever is signed in."""
    principal = require_principal(request)
    if suppression.lift(principal.email):
        audit.record("mail.resumed", target=f"user:{principal.user_id}")
        messages.success(request, f"The next mail will be sent to {principal.email} again.")
    return redirect(safe_next(request, default=HOME))


def _ask(request: HttpRequest) -> HttpResponse:
    form = EmailForm(request.POST)
    if not form.is_valid():
        return _login_page(request, form, status=400)
    try:
        return mail_link(request, email=form.cleaned_data["email"], next_path=form.cleaned_data["next"])
    except RateLimited as error:
        form.add_error("email", f"Too many links. Try again in {error.retry_after} s.")
        response = _login_page(request, form, status=429)
        response["Retry-After"] = str(error.retry_after)
        return response
    except InvalidInput as error:
        form.add_error("email", error.detail)
        return _login_page(request, form, status=400)


def _login_page(request: HttpRequest, form: EmailForm, *, status: int = 200) -> HttpResponse:
    context = {"form": form, "promise": product().promise}
    return render(request, "accounts/login.html", context, status=status)


def _confirm(request: HttpRequest, token: str) -> HttpResponse:
    try:
        asked = magic_links.look_at(token, at=clock.now())
    except (LinkInvalid, LinkUsed, LinkExpired) as error:
        if isinstance(error, LinkUsed) and _principal(request):
            return redirect(HOME)
        return _dead_link(request, error, token=token)
    nonce = askers.asker_of(request).browser_nonce
    context = {
        "asked": asked,
        "token": token,
        "is_same_browser": magic_links.is_same_browser(asked, browser_nonce=nonce),
    }
    return of_a_link(render(request, "accounts/confirm.html", context))


def _dead_link(request: HttpRequest, error: DomainError, *, token: str = "") -> HttpResponse:
    email = magic_links.address_of(token) or request.session.get("asked_email", "")
    context = {"error": error, "form": EmailForm(initial={"email": email})}
    return render(request, "accounts/dead_link.html", context, status=error.status)


def _check_context(request: HttpRequest, form: CodeForm) -> dict[str, Any]:
    email = request.session.get("asked_email", "")
    return {
        "form": form,
        "email": email,
        "until": request.session.get("asked_until", ""),
        "trouble": known_browsers.trouble_with(request, email=email),
    }


def _principal(request: HttpRequest) -> Principal | None:
    principal: Principal | None = getattr(request, "principal", None)
    return principal


def _read_mail(path: Any) -> dict[str, Any]:
    with path.open("rb") as file:
        message: Any = message_from_binary_file(file, policy=policy.default)
    text = message.get_body(("plain",))
    words = text.get_content().rsplit("\n-----", 1)[0] if text else ""
    links = [word for word in words.split() if word.startswith(("http://", "https://"))]
    return {
        "subject": message["subject"],
        "to": message["to"],
        "date": message["date"],
        "text": words,
        "link": next((link for link in links if "?token=" in link), ""),
    }
