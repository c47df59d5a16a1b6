"""Everything kept about people is declared; what is not is an error of the system check."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from django.conf import settings
from django.core.checks import CheckMessage
from django.db import connection
from pytest_django import Settings

from cutroom.personal_data import AppData, Erasure, Fields, Owner, Table
from gdpr import checks
from gdpr.data_map import TABLES_WITHOUT_MODEL, DataMap, concrete_models, data_map
from tenants import conf

ADD_A_COLUMN = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
import django
django.setup()
from django.core.management import call_command
from django.db import models
from rendering.models import Scene
models.CharField(max_length=80).contribute_to_class(Scene, "name_of_the_speaker")
call_command("check")
"""


def changed(label: str, **changes: object) -> DataMap:
    """The map, with one table declared otherwise."""
    return DataMap(
        {
            app: replace(
                data,
                tables=[
                    replace(table, **changes) if table.model == label else table  # type: ignore[arg-type]
                    for table in data.tables
                ],
            )
            for app, data in data_map().declared.items()
        }
    )


def table(label: str) -> Table:
    """A table as it is declared."""
    return next(table for _, table in data_map().tables() if table.model == label)


def ids(found: list[CheckMessage]) -> list[str | None]:
    """What the checks found, by id."""
    return [message.id for message in found]


def test_the_map_is_complete() -> None:
    assert checks.problems(data_map()) == []


def test_the_map_knows_every_table_of_the_database(db: None) -> None:
    known = {model._meta.db_table for model in concrete_models()} | TABLES_WITHOUT_MODEL
    assert set(connection.introspection.table_names()) == known


def test_no_column_may_go_undeclared() -> None:
    bare = {
        app: replace(data, tables=[replace(table, fields=[], hold=None) for table in data.tables])
        for app, data in data_map().declared.items()
    }
    found = {message.msg for message in checks.problems(DataMap(bare)) if message.id == "gdpr.E003"}
    assert found == {
        f"The data map does not know the column {each.label}.{name}."
        for each in data_map().models()
        for name in each.columns
    }


def test_a_new_column_turns_the_check_of_ci_red() -> None:
    run = subprocess.run(
        [sys.executable, "-c", ADD_A_COLUMN],
        cwd=Path(settings.BASE_DIR),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode != 0
    assert "The data map does not know the column rendering.Scene.name_of_the_speaker." in run.stderr


def test_no_model_may_go_undeclared() -> None:
    without = {
        app: replace(data, tables=[each for each in data.tables if each.model != "rendering.Scene"])
        for app, data in data_map().declared.items()
    }
    assert ids(checks.problems(DataMap(without))) == ["gdpr.E001"]


def test_a_declaration_of_what_is_gone_is_stale() -> None:
    gone = AppData(tables=[replace(table("rendering.Scene"), model="rendering.Chapter")])
    assert ids(checks.problems(DataMap({**data_map().declared, "old": gone}))) == ["gdpr.E002"]
    more = [
        *table("rendering.Scene").fields,
        Fields(names=["mood"], category=table("rendering.Scene").fields[0].category),
    ]
    assert ids(checks.problems(changed("rendering.Scene", fields=more))) == ["gdpr.E004"]


def test_two_apps_may_not_declare_the_same() -> None:
    twice = AppData(tables=[table("rendering.Scene")])
    assert "gdpr.E001" in ids(checks.problems(DataMap({**data_map().declared, "other": twice})))


def test_somebodys_rows_may_not_be_left_at_erasure() -> None:
    assert ids(checks.problems(changed("rendering.Scene", erasure=Erasure.LEAVE))) == ["gdpr.E005"]


def test_a_hold_needs_its_statute() -> None:
    assert ids(checks.problems(changed("rendering.Scene", erasure=Erasure.HOLD))) == ["gdpr.E005"]


def test_every_table_of_a_tenant_leads_to_its_owner() -> None:
    lost = [
        each.label
        for each in data_map().models()
        if "tenant" in each.columns and each.table.owner.tenant != "tenant"
    ]
    assert lost == []


def test_owners_are_real_lookups(db: None) -> None:
    for each in data_map().personal():
        owner: Owner = each.table.owner
        for lookup in filter(None, (owner.tenant, owner.person, owner.mailbox)):
            str(each.model._base_manager.filter(**{f"{lookup}__isnull": False}).query)


def test_a_storage_area_may_not_go_undeclared(settings: Settings) -> None:
    settings.TENANTS_STORAGE_AREAS = conf.storage_areas() | {"voices"}
    assert ids(checks.problems(data_map())) == ["gdpr.E006"]


def test_a_provider_that_nobody_claims_is_an_error(settings: Settings) -> None:
    settings.RENDERING_PROVIDERS = {**settings.RENDERING_PROVIDERS, "image": ["somewhere.far.Images"]}
    assert ids(checks.problems(data_map())) == ["gdpr.E007"]
