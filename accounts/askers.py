"""Reads from a request who is asking: address, device, and the browser that asked for a link."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse

from accounts import addresses, conf
from accounts.magic_links import Asker
from cutroom import sealing

_BROWSERS = ("Edg", "Firefox", "Chrome", "Safari", "curl", "python")
_SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS X", "Linux")
_NAMES = {"Edg": "Edge", "Mac OS X": "macOS", "python": "a Python program"}


def asker_of(request: HttpRequest) -> Asker:
    """The asker of a request."""
    ip = addresses.client_ip(request)
    return Asker(
        ip=ip or None,
        device=device_name(request.headers.get("User-Agent", "")),
        browser_nonce=request.COOKIES.get(cookie_name(), ""),
    )


def device_name(agent: str) -> str:
    """A User-Agent in words people recognise: "Firefox on Linux"."""
    browser = next((name for name in _BROWSERS if name in agent), "")
    system = next((name for name in _SYSTEMS if name in agent), "")
    words = [_NAMES.get(word, word) for word in (browser, system) if word]
    return " on ".join(words) or re.sub(r"[^\w ./-]", "", agent)[:60] or "an unknown device"


def remember_browser(response: HttpResponse, nonce: str) -> None:
    """Give the asking browser its nonce, as long as a link lives."""
    response.set_cookie(
        cookie_name(),
        nonce,
        max_age=conf.LINK_LIFE,
        secure=conf.is_secure(),
        httponly=True,
        samesite="Lax",
    )


def browser_nonce(request: HttpRequest) -> str:
    """The browser's nonce, or a fresh one."""
    return request.COOKIES.get(cookie_name()) or sealing.new_token()


def cookie_name() -> str:
    """Name of the nonce's cookie."""
    return conf.asker_cookie()
