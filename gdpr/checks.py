"""System checks: nothing about people is kept or given away undeclared, and no declaration is stale."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, register

from cutroom.personal_data import Erasure, Table
from gdpr import conf
from gdpr.data_map import DataMap, concrete_models, data_map
from tenants import conf as tenants_conf

HINT = "Declare it in the app's personal_data.py; gdpr/README.md tells how in three lines."
STALE = "Remove it from the app's personal_data.py, or correct its name."


@register()
def everything_is_declared(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Models, columns, storage areas and providers agree with the data map."""
    return problems(data_map())


def problems(found: DataMap) -> list[CheckMessage]:
    """Where the program and its declarations differ; empty for a complete map."""
    return [*_models(found), *_tables(found), *_storage(found), *_providers(found)]


def _models(found: DataMap) -> Iterator[CheckMessage]:
    """E001: a model that nobody, or more than one app, declares. E002: one that does not exist."""
    declared = Counter(table.model for _, table in found.tables())
    existing = {model._meta.label for model in concrete_models()}
    for label in sorted(existing - set(declared)):
        yield Error(f"The data map does not know the model {label}.", hint=HINT, id="gdpr.E001")
    for label in sorted(label for label, times in declared.items() if times > 1):
        yield Error(f"The data map declares {label} more than once.", hint=STALE, id="gdpr.E001")
    for label in sorted(set(declared) - existing):
        yield Error(f"The data map declares {label}, which is no model.", hint=STALE, id="gdpr.E002")


def _tables(found: DataMap) -> Iterator[CheckMessage]:
    """E003: a column that is not declared, or twice. E004: one that does not exist. E005: a contradiction."""
    for each in found.models():
        declared, existing = Counter(each.table.field_names), set(each.columns)
        for name in sorted(existing - set(declared)):
            text = f"The data map does not know the column {each.label}.{name}."
            yield Error(text, hint=HINT, id="gdpr.E003")
        for name in sorted(name for name, times in declared.items() if times > 1):
            text = f"The data map declares {each.label}.{name} more than once."
            yield Error(text, hint=STALE, id="gdpr.E003")
        for name in sorted(set(declared) - existing):
            text = f"The data map declares {each.label}.{name}, which is no column."
            yield Error(text, hint=STALE, id="gdpr.E004")
        for reason in _contradictions(each.table, existing):
            yield Error(f"{each.label}: {reason}.", hint=HINT, id="gdpr.E005")


def _contradictions(table: Table, existing: set[str]) -> Iterator[str]:
    if table.is_personal and table.erasure == Erasure.LEAVE:
        yield "its rows are somebody's, so erasure may not leave them"
    if (table.erasure == Erasure.HOLD) != (table.hold is not None):
        yield "a hold needs erasure HOLD and a statute, and the other way round"
    if table.kept.days is not None and not (table.kept.stream and table.kept.since in existing):
        yield "a limit of days needs the name of a stream and a column to count from"
    if table.hold and not {*table.hold.columns} <= existing:
        yield "the hold names a column that does not exist"


def _storage(found: DataMap) -> Iterator[CheckMessage]:
    """E006: areas of the store and the map differ."""
    declared = {area.area for area in found.storage()}
    for name in sorted(tenants_conf.storage_areas() - declared):
        yield Error(f"The data map does not know the storage area {name}.", hint=HINT, id="gdpr.E006")
    for name in sorted(declared - tenants_conf.storage_areas()):
        yield Error(f"The data map declares {name}, which is no storage area.", hint=STALE, id="gdpr.E006")


def _providers(found: DataMap) -> Iterator[CheckMessage]:
    """E007: a provider is configured that no third party claims and no app calls local."""
    known = found.local_adapters() | {path for party in found.parties() for path in party.adapters}
    for path in sorted(conf.providers() - known):
        text = f"The data map does not say who receives what {path} sends."
        yield Error(text, hint="Name it in a ThirdParty's adapters, or in local_adapters.", id="gdpr.E007")
