"""What the stand-in answers about things for sale and those who buy. https://docs.stripe.com/api"""

from __future__ import annotations

import secrets
from typing import Any

from billing.standin import subscriptions, things
from billing.standin.errors import Refused
from billing.standin.router import route
from billing.standin.state import Store, Thing


@route("get", "/v1/account")
def account(store: Store, params: dict[str, Any]) -> Thing:
    """Whom the key belongs to."""
    return things.account()


@route("post", "/v1/products")
def create_product(store: Store, params: dict[str, Any]) -> Thing:
    """A product, under the id that was asked for."""
    thing_id = params.get("id", "")
    if store.known(thing_id):
        raise Refused("Product already exists.", code="resource_already_exists", param="id")
    return store.add(
        things.product(
            store,
            thing_id=thing_id,
            name=params["name"],
            description=params.get("description", ""),
            metadata=params.get("metadata", {}),
        )
    )


@route("get", "/v1/products/{}/features")
def product_features(store: Store, params: dict[str, Any], thing_id: str) -> Thing:
    """None: what a plan grants is ours to say."""
    return things.listed([], url=f"/v1/products/{thing_id}/features")


@route("post", "/v1/prices")
def create_price(store: Store, params: dict[str, Any]) -> Thing:
    """A monthly price; its lookup key may be taken from another."""
    key = params.get("lookup_key")
    for other in store.find("price", lookup_key=key) if key else []:
        if params.get("transfer_lookup_key") != "true":
            raise Refused("A price with this lookup key exists.", param="lookup_key")
        other["lookup_key"] = None
    price = things.price(
        store,
        unit_amount=int(params["unit_amount"]),
        currency=params["currency"],
        product=store.get(params["product"], "product", param="product")["id"],
        lookup_key=key,
        nickname=params.get("nickname"),
        metadata=params.get("metadata", {}),
    )
    return store.add(price)


@route("get", "/v1/prices")
def list_prices(store: Store, params: dict[str, Any]) -> Thing:
    """Prices by lookup key."""
    wanted = params.get("lookup_keys")
    is_active = params.get("active", "true") == "true"
    found = [
        price
        for price in store.find("price", active=is_active)
        if not wanted or price["lookup_key"] in wanted
    ]
    return things.listed(found, url="/v1/prices")


@route("post", "/v1/customers")
def create_customer(store: Store, params: dict[str, Any]) -> Thing:
    """Somebody who may pay."""
    owner = things.customer(
        store, email=params.get("email"), name=params.get("name"), metadata=params.get("metadata", {})
    )
    store.tell("customer.created", store.add(owner))
    return owner


@route("delete", "/v1/customers/{}")
def delete_customer(store: Store, params: dict[str, Any], thing_id: str) -> Thing:
    """Forget a customer; their subscriptions end at once."""
    owner = store.get(thing_id, "customer")
    for subscription in subscriptions.alive(store, thing_id):
        subscriptions.end(store, subscription)
    gone = {"id": owner["id"], "object": "customer", "deleted": True}
    store.tell("customer.deleted", owner)
    store.remove(owner["id"])
    return gone


@route("post", "/v1/coupons")
def create_coupon(store: Store, params: dict[str, Any]) -> Thing:
    """So much off."""
    fields = {name: value for name, value in params.items() if name != "id"}
    for name in ("amount_off", "duration_in_months"):
        if name in fields:
            fields[name] = int(fields[name])
    if "percent_off" in fields:
        fields["percent_off"] = float(fields["percent_off"])
    return store.add(things.coupon(store, thing_id=params.get("id", ""), **fields))


@route("post", "/v1/promotion_codes")
def create_promotion_code(store: Store, params: dict[str, Any]) -> Thing:
    """The word for a coupon."""
    coupon = store.get(params["promotion"]["coupon"], "coupon", param="promotion[coupon]")
    code = params.get("code") or secrets.token_hex(4).upper()
    return store.add(things.promotion_code(store, code=code, coupon_id=coupon["id"]))
