"""What the stand-in answers about paying: endpoints, sessions, subscriptions. https://docs.stripe.com/api"""

from __future__ import annotations

import secrets
from typing import Any

from billing.standin import sessions, subscriptions
from billing.standin.errors import Refused
from billing.standin.router import route
from billing.standin.state import Store, Thing


@route("post", "/v1/webhook_endpoints")
def create_endpoint(store: Store, params: dict[str, Any]) -> Thing:
    """Where events go; its secret is told only now."""
    endpoint = {
        "id": store.new_id("we"),
        "object": "webhook_endpoint",
        "api_version": params.get("api_version"),
        "application": None,
        "created": store.now,
        "description": params.get("description"),
        "enabled_events": params["enabled_events"],
        "livemode": False,
        "metadata": params.get("metadata", {}),
        "secret": f"whsec_{secrets.token_hex(16)}",
        "status": "enabled",
        "url": params["url"],
    }
    return store.add(endpoint)


@route("delete", "/v1/webhook_endpoints/{}")
def delete_endpoint(store: Store, params: dict[str, Any], thing_id: str) -> Thing:
    """Send nothing there any more."""
    store.remove(store.get(thing_id, "webhook_endpoint")["id"])
    return {"id": thing_id, "object": "webhook_endpoint", "deleted": True}


@route("post", "/v1/billing_portal/configurations")
def create_configuration(store: Store, params: dict[str, Any]) -> Thing:
    """What people may do in the portal."""
    return store.add(
        {
            "id": store.new_id("bpc"),
            "object": "billing_portal.configuration",
            "active": True,
            "application": None,
            "business_profile": params.get("business_profile", {}),
            "created": store.now,
            "default_return_url": params.get("default_return_url"),
            "features": params["features"],
            "is_default": False,
            "livemode": False,
            "login_page": {"enabled": False, "url": None},
            "metadata": params.get("metadata", {}),
            "updated": store.now,
        }
    )


@route("post", "/v1/billing_portal/sessions")
def create_portal_session(store: Store, params: dict[str, Any]) -> Thing:
    """The customer's own pages."""
    return sessions.start_portal(store, params)


@route("post", "/v1/checkout/sessions")
def create_checkout_session(store: Store, params: dict[str, Any]) -> Thing:
    """A page to pay on."""
    return sessions.start_checkout(store, params)


@route("post", "/v1/checkout/sessions/{}/expire")
def expire_checkout_session(store: Store, params: dict[str, Any], thing_id: str) -> Thing:
    """Close a page to pay on."""
    session = store.get(thing_id, "checkout.session")
    if session["status"] != "open":
        raise Refused("Only open sessions can be expired.")
    session |= {"status": "expired", "url": None}
    store.tell("checkout.session.expired", session)
    return session


@route("post", "/v1/subscriptions")
def create_subscription(store: Store, params: dict[str, Any]) -> Thing:
    """A subscription without a page, as an operator makes one in the dashboard."""
    subscription = subscriptions.begin(
        store,
        customer_id=store.get(params["customer"], "customer", param="customer")["id"],
        price=store.get(params["items"][0]["price"], "price"),
        metadata=params.get("metadata", {}),
    )
    subscriptions.open_up(store, subscription)
    return subscription


@route("post", "/v1/subscriptions/{}")
def change_subscription(store: Store, params: dict[str, Any], thing_id: str) -> Thing:
    """Cancel at the end of the period, or go on."""
    subscription = store.get(thing_id, "subscription")
    if params.get("cancel_at_period_end") == "true":
        subscriptions.cancel_at_period_end(store, subscription)
    elif params.get("cancel_at_period_end") == "false":
        subscriptions.keep(store, subscription)
    return subscription


@route("delete", "/v1/subscriptions/{}")
def cancel_subscription(store: Store, params: dict[str, Any], thing_id: str) -> Thing:
    """End it now."""
    subscription = store.get(thing_id, "subscription")
    subscriptions.end(store, subscription)
    return subscription


@route("post", "/v1/subscription_schedules/{}/release")
def release_schedule(store: Store, params: dict[str, Any], thing_id: str) -> Thing:
    """Forget a planned change."""
    schedule = store.get(thing_id, "subscription_schedule")
    subscriptions.keep(store, store.get(schedule["subscription"], "subscription"))
    return schedule


@route("post", "/v1/invoices/create_preview")
def preview_invoice(store: Store, params: dict[str, Any]) -> Thing:
    """The next invoice of a subscription."""
    subscription = store.get(params["subscription"], "subscription", param="subscription")
    return {"id": store.new_id("upcoming_in"), **subscriptions.preview(store, subscription)}
