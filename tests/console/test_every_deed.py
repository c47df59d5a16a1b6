"""Every deed there is: asked for, previewed, done once, audited in its own transaction, closed to others."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest
from django.test import Client

from accounts.models import User
from tenants.console import deeds
from tenants.models import AuditEntry
from tests.billing.conftest import stand_in
from tests.cast import browser_of, console_of
from tests.console.conftest import REASON, Site
from tests.console.every_deed import DEEDS, Row

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("stand_in")]

# The stand-in is Stripe, for the deeds of billing.
__all__ = ["stand_in"]

EVERY = pytest.mark.parametrize("name", DEEDS)


def entries(name: str) -> list[AuditEntry]:
    return list(AuditEntry.everywhere.using("ops").filter(action=f"operator.{name}"))


def filled(thing: UUID, row: Row, **more: str) -> dict[str, Any]:
    """The form of a deed, as a browser sends it."""
    return {"id": str(thing), "key": str(uuid4()), "reason": REASON, **row.choices, **more}


def test_the_table_has_every_deed() -> None:
    assert set(DEEDS) == set(deeds.names())


@EVERY
def test_it_asks_shows_what_will_happen_and_is_done_once(site: Site, olga: Client, name: str) -> None:
    row, path = DEEDS[name], f"/admin/do/{name}/"
    thing = row.thing(site)
    asked = olga.get(path, {"id": str(thing)})
    assert asked.status_code == 200, asked.content.decode()
    assert (asked.context["targets"], asked.context["refused"]) != ([], asked.context["targets"])
    form = filled(thing, row)
    if deeds.by_name(name).has_choices:
        preview = olga.post(path, form)
        assert (preview.status_code, bool(preview.context["effects"])) == (200, True)
    assert (row.fact(site), entries(name)) == (row.before, [])
    done = olga.post(path, {**form, "sure": "1"})
    assert done.status_code == 302, done.content.decode()
    assert row.fact(site) == row.after
    [entry] = entries(name)
    assert (entry.operator_id, entry.user_id) == (site.cast.olga.pk, site.cast.olga.pk)
    assert entry.tenant_id == site.acme.pk
    assert entry.target.endswith(str(thing))
    assert entry.detail.get("reason") == (REASON if row.is_reason_public else None)
    for choice, value in row.choices.items():
        assert str(entry.detail[choice]) == value, choice
    if name != "act-as":  # she is somebody else now, to whom the console is closed
        olga.post(path, {**form, "sure": "1"})
        assert (row.fact(site), len(entries(name))) == (row.after, 1)


@EVERY
def test_what_breaks_leaves_neither_the_deed_nor_its_entry(site: Site, olga: Client, name: str) -> None:
    """The entry is written first, so a deed that breaks afterwards takes it along."""
    row = DEEDS[name]
    thing = row.thing(site)
    kind = type(deeds.by_name(name))
    perform = kind.perform

    def break_afterwards(*arguments: Any) -> None:
        perform(*arguments)
        raise RuntimeError("the machine went away")

    with patch.object(kind, "perform", break_afterwards), pytest.raises(RuntimeError, match="went away"):
        olga.post(f"/admin/do/{name}/", filled(thing, row, sure="1"))
    assert (row.fact(site), entries(name)) == (row.before, [])


@EVERY
def test_a_reason_that_says_nothing_is_sent_back_with_what_was_typed(
    site: Site, olga: Client, name: str
) -> None:
    row = DEEDS[name]
    thing = row.thing(site)
    answer = olga.post(f"/admin/do/{name}/", filled(thing, row, reason="because", sure="1"))
    assert answer.status_code == 422
    assert "because" in answer.content.decode()
    assert (row.fact(site), entries(name)) == (row.before, [])


@EVERY
def test_nobody_else_may(site: Site, name: str) -> None:
    row = DEEDS[name]
    thing = row.thing(site)
    watcher = console_of(User.objects.create_user("wendy@cutroom.test", is_staff=True))
    for client in (Client(), browser_of(site.cast.alice, site.acme), watcher):
        answer = client.post(f"/admin/do/{name}/", filled(thing, row, sure="1"))
        assert answer.status_code in (302, 403)
        assert (row.fact(site), entries(name)) == (row.before, [])
    assert watcher.get(f"/admin/do/{name}/", {"id": str(thing)}).status_code == 403
