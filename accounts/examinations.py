"""What the doctor looks at in this room: whether sign-in mails leave, and whether anybody believes them."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parseaddr

import dns.exception
import dns.resolver
from django.core.mail import get_connection

from accounts import conf
from cutroom.conf import is_production
from cutroom.doctor import Finding, broken, examination, note, ok

PATIENCE_SECONDS = 3.0


@examination("mail")
def mail() -> Iterator[Finding]:
    """The server takes our mail, and the sender's domain says that it may."""
    domain = parseaddr(conf.sender())[1].rpartition("@")[2]
    if not is_production():
        yield ok("Development mail is kept on /dev/mail.")
        return
    yield _server()
    if "." not in domain:
        cure = "Set MAGIC_LINK_FROM to an address of your own domain."
        yield broken("MAGIC_LINK_FROM has no domain that could be checked.", cure=cure)
        return
    yield _record(
        domain, begins="v=spf1", name="SPF", cure=f"Publish a TXT record at {domain}: v=spf1 … -all"
    )
    yield _record(
        f"_dmarc.{domain}",
        begins="v=DMARC1",
        name="DMARC",
        cure=f"Publish a TXT record at _dmarc.{domain}: v=DMARC1; p=quarantine",
    )
    yield _dkim(domain)


def _server() -> Finding:
    try:
        connection = get_connection()
        connection.open()
        connection.close()
    except Exception as error:  # smtplib, ssl and socket each have their own
        cure = "Check host, port, user and password in EMAIL_URL."
        return broken(f"The mail server does not take us ({type(error).__name__}).", cure=cure)
    return ok("The mail server takes us.")


def _dkim(domain: str) -> Finding:
    selector = conf.dkim_selector()
    if not selector:
        cure = "Set MAIL_DKIM_SELECTOR to the selector that your mail server signs with."
        return note("DKIM was not checked: MAIL_DKIM_SELECTOR is empty.", cure=cure)
    name = f"{selector}._domainkey.{domain}"
    cure = f"Publish the public key of your mail server as a TXT record at {name}."
    return _record(name, begins="v=DKIM1", name="DKIM", cure=cure)


def _record(place: str, *, begins: str, name: str, cure: str) -> Finding:
    try:
        answers = dns.resolver.resolve(place, "TXT", lifetime=PATIENCE_SECONDS)
        texts = [b"".join(answer.strings).decode(errors="replace") for answer in answers]
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        texts = []
    except dns.exception.DNSException as error:
        return note(f"{name} was not checked: no name server answered ({type(error).__name__}).")
    if any(text.startswith(begins) for text in texts):
        return ok(f"{name} is published at {place}.")
    return broken(f"{name} is missing at {place}: mail will land among spam.", cure=cure)
