"""Mail addresses and network addresses, normalised once."""

from __future__ import annotations

import ipaddress
import unicodedata

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
    """The caller's address: the rightmost one that is not a trusted proxy of ours."""
    address = request.META.get("REMOTE_ADDR", "")
    forwarded = [
        part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()
    ]
    while forwarded and _is_trusted(address):
        address = forwarded.pop()
    return address


def network(address: str) -> str:
    """The network a limit counts: one IPv4 address, or the /64 of an IPv6 one."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return UNKNOWN_NETWORK
    if ip.version == 6 and ip.ipv4_mapped:
        return str(ip.ipv4_mapped)
    return str(ip) if ip.version == 4 else str(ipaddress.ip_network(f"{ip}/64", strict=False))


def is_loopback(address: str) -> bool:
    """Does the address belong to this machine?"""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _is_trusted(address: str) -> bool:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(ip in ipaddress.ip_network(proxy, strict=False) for proxy in conf.trusted_proxies())
