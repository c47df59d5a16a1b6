"""Mail addresses and network addresses, normalised once."""

from __future__ import annotations

import ipaddress
import unicodedata
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest

from accounts import conf
from cutroom.errors import InvalidInput

UNKNOWN_NETWORK = "unknown"


def normalise_email(given: str) -> str:
    """One spelling an address: NFKC, lower case, IDNA domain. Raises InvalidInput for a malformed one."""
    address = unicodedata.normalize("NFKC", given).strip().lower()
    local, _, domain = address.rpartition("@")
    try:
        address = f"{local}@{domain.encode('idna').decode('ascii')}"
        validate_email(address)
    except (UnicodeError, ValidationError):
        field = {
            "field": "email",
            "code": "invalid",
            "detail": "Enter an address like ada@example.org.",
        }
        raise InvalidInput(errors=[field]) from None
    return address


def mailbox(email: str) -> str:
    """The mailbox behind an address: dots and +tags folded, so that limits cannot be walked around."""
    local, _, domain = email.rpartition("@")
    return f"{local.split('+')[0].replace('.', '')}@{domain}"


def client_ip(request: HttpRequest) -> str:
    """The caller's address: the rightmost one that is not a trusted proxy of ours; empty if it is none."""
    address = request.META.get("REMOTE_ADDR", "")
    forwarded = [
        part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()
    ]
    while forwarded and _is_trusted(address):
        address = forwarded.pop()
    return address if _parse(address) else ""


def network(address: str) -> str:
    """The network a limit counts: one IPv4 address, or the /64 of an IPv6 one."""
    ip = _parse(address)
    if ip is None:
        return UNKNOWN_NETWORK
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    return str(ip.ipv4_mapped or ipaddress.IPv6Network((int(ip), 64), strict=False))


def is_within(address: str, networks: Iterable[str]) -> bool:
    """Does the address lie in one of the networks (CIDR)? An unknown one lies in none."""
    ip = _parse(address)
    return ip is not None and any(ip in ipaddress.ip_network(each, strict=False) for each in networks)


def as_network(given: str) -> str | None:
    """An address or network in CIDR; None when it is neither."""
    try:
        return str(ipaddress.ip_network(given, strict=False))
    except ValueError:
        return None


def is_loopback(address: str) -> bool:
    """Does the address belong to this machine?"""
    ip = _parse(address)
    return ip is not None and ip.is_loopback


def _is_trusted(address: str) -> bool:
    return is_within(address, conf.trusted_proxies())


def _parse(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(address)
    except ValueError:
        return None
