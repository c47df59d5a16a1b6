"""The seam: a transport of the Stripe SDK that asks the stand-in instead of the network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any
from urllib.parse import urlsplit

import stripe
from django.core.exceptions import ImproperlyConfigured

from billing import conf
from billing.standin import catalogue_api, payment_api, router, state, wire  # noqa: F401  # routes register
from billing.standin.errors import Refused
from billing.standin.state import Store, Thing


class StandIn(stripe.HTTPClient):
    """Answers in this process what Stripe would answer. Everything else in the SDK stays as it is.

    Raises ImproperlyConfigured without DEBUG, and beside a live key.
    """

    name = "stand-in"

    def __init__(self) -> None:
        super().__init__()
        if not conf.is_development():
            raise ImproperlyConfigured(
                "The stand-in for Stripe needs DEBUG. In production set STRIPE_API_KEY."
            )
        if conf.is_live() or "_live_" in conf.secret_key():
            raise ImproperlyConfigured("The stand-in for Stripe refuses to work beside a live key.")

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        **_: Any,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Status, body and headers of the answer, as from the network."""
        target = urlsplit(url)
        text = post_data if method == "post" else target.query
        params = wire.decode(text or "")
        key = (headers or {}).get("Idempotency-Key", "") if method == "post" else ""
        with state.opened() as store:
            status, body = _answer_once(store, method, target.path, params, key=key)
        return json.dumps(body), status, {"Request-Id": "req_standin", "Content-Type": "application/json"}

    def close(self) -> None:
        """Nothing was open."""


def _answer_once(
    store: Store, method: str, path: str, params: dict[str, Any], *, key: str
) -> tuple[int, Thing]:
    """The first answer again for a key that was used. https://docs.stripe.com/api/idempotent_requests"""
    asked = json.dumps([path, params], sort_keys=True)
    first = store.data["answers"].get(key) if key else None
    if first is not None:
        return (first["status"], first["body"]) if first["asked"] == asked else (400, _key_misused())
    status, body = _answer(store, method, path, params)
    if key:
        store.data["answers"][key] = {"asked": asked, "status": status, "body": body}
    return status, body


def _answer(store: Store, method: str, path: str, params: dict[str, Any]) -> tuple[int, Thing]:
    paths = params.pop("expand", [])
    try:
        thing = deepcopy(router.answer(store, method, path, params))
    except Refused as refusal:
        return refusal.status, refusal.body
    # Told once, when the endpoint is made.
    if thing["object"] == "webhook_endpoint" and (method, path) != ("post", "/v1/webhook_endpoints"):
        thing.pop("secret", None)
    if thing["object"] == "list":
        for row in thing["data"]:
            wire.expand(store, row, [each.removeprefix("data.") for each in paths])
        return 200, thing
    return 200, wire.expand(store, thing, paths)


def _key_misused() -> Thing:
    message = "Keys for idempotent requests can only be used with the same parameters."
    return {"error": {"type": "idempotency_error", "message": message}}
