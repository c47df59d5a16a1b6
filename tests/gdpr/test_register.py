"""The register of processing and the privacy notice say what the data map says."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from cutroom.personal_data import AppData, Category, ThirdParty
from gdpr import data_map as map_module
from gdpr.data_map import DataMap, data_map
from gdpr.management.commands import ropa
from gdpr.register import register


def printed(*arguments: str) -> str:
    """What `manage.py ropa` prints."""
    out = StringIO()
    call_command("ropa", *arguments, stdout=out)
    return out.getvalue()


def test_the_register_names_every_place(settings: Settings) -> None:
    text = printed()
    assert all(f"`{table.model}`" in text for _, table in data_map().tables())
    assert all(f"`{area.area}`" in text for area in data_map().storage())
    assert all(f"`{family.pattern}`" in text for family in data_map().caches())
    assert all(party.name in text for party in data_map().parties())


def test_the_register_is_the_same_every_time() -> None:
    assert printed() == printed()
    assert printed("--json") == printed("--format", "json")


def test_the_json_register_has_what_article_30_asks_for(settings: Settings) -> None:
    settings.GDPR_CONTROLLER = {**settings.GDPR_CONTROLLER, "name": "Acme Films Ltd."}
    document = json.loads(printed("--json"))
    assert document["controller"]["name"] == "Acme Films Ltd."
    assert document["subjects"]
    assert document["security"]
    for activity in document["activities"]:
        assert activity["purpose"]
        assert activity["bases"]
        assert activity["categories"]
        assert activity["kept"]
    assert {"name", "region", "role", "receives"} <= set(document["recipients"][0]["party"])


def test_an_incomplete_map_prints_no_register(monkeypatch: pytest.MonkeyPatch) -> None:
    without = {
        app: replace(data, tables=data.tables[1:]) for app, data in data_map().declared.items() if data.tables
    }
    monkeypatch.setattr(ropa, "data_map", lambda: DataMap(without))
    with pytest.raises(CommandError, match="does not know the model"):
        printed()


def test_the_installations_own_days_are_what_people_read(settings: Settings) -> None:
    settings.GDPR_RETENTION_DAYS = {"sessions": "30"}
    kept = [period for activity in register().activities for period in activity.kept]
    assert "30 days" in kept
    assert "90 days after it ended" not in kept


def test_everybody_may_read_the_notice(browser: Client, settings: Settings) -> None:
    settings.GDPR_CONTROLLER = {**settings.GDPR_CONTROLLER, "authority": "Authority of Utopia"}
    page = browser.get("/privacy")
    assert page.status_code == 200
    text = page.content.decode()
    assert "Authority of Utopia" in text
    assert Category.CONTENT in text
    assert "90 days after it ended" in text


def test_only_recipients_in_use_are_on_the_notice(browser: Client, settings: Settings) -> None:
    settings.STRIPE_API_KEY = ""
    assert "Stripe Payments" not in browser.get("/privacy").content.decode()
    settings.STRIPE_API_KEY = "sk_test_1"
    assert "Stripe Payments" in browser.get("/privacy").content.decode()


def test_a_recipient_in_code_is_a_recipient_on_the_notice(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    party = ThirdParty(
        name="Voices of Atlantis",
        role="processor",
        purpose="To speak narrations",
        receives=[Category.CONTENT],
        region="Atlantis",
        erasure="deleted after a day",
    )
    more = DataMap({**data_map().declared, "voices": AppData(parties=[party])})
    monkeypatch.setattr("gdpr.register.data_map", lambda: more)
    assert map_module.data_map() != more
    assert "Voices of Atlantis" in browser.get("/privacy").content.decode()
