"""Which part of Stripe's API the stand-in answers: routes, and plain reading and changing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from billing.standin import things, timeline
from billing.standin.errors import Refused
from billing.standin.state import Store, Thing

Handler = Callable[..., Thing]
_routes: list[tuple[str, re.Pattern[str], Handler]] = []

KINDS = {
    "coupons": "coupon",
    "customers": "customer",
    "events": "event",
    "invoices": "invoice",
    "payment_methods": "payment_method",
    "prices": "price",
    "products": "product",
    "promotion_codes": "promotion_code",
    "subscription_schedules": "subscription_schedule",
    "subscriptions": "subscription",
    "webhook_endpoints": "webhook_endpoint",
    "checkout/sessions": "checkout.session",
    "billing_portal/configurations": "billing_portal.configuration",
}
_PLAIN = re.compile(rf"/v1/({'|'.join(KINDS)})(?:/([^/]+))?")
_FILTERS = ("customer", "code", "subscription")


def route(method: str, path: str) -> Callable[[Handler], Handler]:
    """Answer `method` on `path`, in which `{}` is an id."""
    pattern = re.compile(path.replace("{}", r"([^/]+)"))

    def keep(handler: Handler) -> Handler:
        _routes.append((method, pattern, handler))
        return handler

    return keep


def answer(store: Store, method: str, path: str, params: dict[str, Any]) -> Thing:
    """What Stripe would answer; raises Refused."""
    timeline.expire_sessions(store)
    for wanted, pattern, handler in _routes:
        match = pattern.fullmatch(path)
        if match and wanted == method:
            return handler(store, params, *match.groups())
    plain = _PLAIN.fullmatch(path)
    if plain is None:
        raise Refused(f"The stand-in does not know {method} {path}.", status=404, code="unknown_route")
    kind, thing_id = KINDS[plain[1]], plain[2]
    if thing_id is None:
        return things.listed(_found(store, kind, params), url=path)
    thing = store.get(thing_id, kind)
    return _changed(thing, params) if method == "post" else thing


def _found(store: Store, kind: str, params: dict[str, Any]) -> list[Thing]:
    wanted = {name: params[name] for name in _FILTERS if name in params}
    if "active" in params:
        wanted["active"] = params["active"] == "true"
    if params.get("status") not in (None, "all"):
        wanted["status"] = params["status"]
    return [thing for thing in store.find(kind, **wanted) if _is_within(thing, params.get("created", {}))]


def _is_within(thing: Thing, bounds: dict[str, str]) -> bool:
    """Was it made after `gt` and up to `lte`? Both are seconds since 1970."""
    made = int(thing.get("created", 0))
    return int(bounds.get("gt", "-1")) < made <= int(bounds.get("lte", str(made)))


def _changed(thing: Thing, params: dict[str, Any]) -> Thing:
    for field in set(params) & set(thing):
        thing[field] = params[field] == "true" if isinstance(thing[field], bool) else params[field]
    return thing
