"""What the doctor looks at in this room: whether Stripe knows us, and speaks the version we understand."""

from __future__ import annotations

from collections.abc import Iterator

from djstripe.models import WebhookEndpoint

from billing import conf, gateway
from billing.errors import PaymentsNotSetUp, PaymentsUnavailable
from cutroom.doctor import Finding, broken, examination, note, ok

_SET_UP = "Run: python manage.py stripe_setup"


@examination("stripe")
def stripe() -> Iterator[Finding]:
    """The key works, the endpoint is there, and its version is ours."""
    if conf.is_stand_in():
        yield ok("The stand-in takes Stripe's place; nobody pays.")
        return
    if not conf.secret_key():
        yield note("STRIPE_API_KEY is empty: nothing can be bought here.", cure="Set it to sell plans.")
        return
    try:
        with gateway.asking("doctor"):
            endpoints = gateway.client().v1.webhook_endpoints.list({"limit": 100}).data
    except (PaymentsNotSetUp, PaymentsUnavailable):
        cure = "Check STRIPE_API_KEY, and that this machine reaches api.stripe.com."
        yield broken("Stripe does not take our key, or cannot be reached.", cure=cure)
        return
    yield _endpoint({endpoint.id: endpoint.api_version for endpoint in endpoints})


def _endpoint(versions: dict[str, str | None]) -> Finding:
    ours = [row.id for row in WebhookEndpoint.objects.all() if row.id in versions]
    if not ours:
        return broken("Stripe has no webhook endpoint of this installation.", cure=_SET_UP)
    if versions[ours[0]] != conf.api_version():
        says = f"The webhook endpoint speaks {versions[ours[0]]}, we understand {conf.api_version()}."
        return broken(says, cure=f"Delete the endpoint in Stripe, then {_SET_UP[0].lower()}{_SET_UP[1:]}")
    return ok(f"The webhook endpoint speaks {conf.api_version()}.")
