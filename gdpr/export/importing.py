"""Loads an export into this installation: all of the workspace that is portable, or nothing at all."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import DatabaseError
from django.db.models import AutoField, Q
from django.db.models import Model as DjangoModel

from accounts.models import User
from cutroom import scratch
from cutroom.crash_points import crash_at
from cutroom.personal_data import ExportForm
from gdpr.data_map import Model, data_map, group_of
from gdpr.export import values
from gdpr.export.archive import chunks_of
from gdpr.export.errors import NotImportable
from gdpr.export.reading import Source
from tenants import audit, storage
from tenants.context import tenant_context
from tenants.errors import TenantErased
from tenants.models import Membership, Tenant, Tombstone

AREAS = frozenset({"assets", "cache", "videos"})
BATCH = 500
SPARE_BYTES = 256 * 1024 * 1024
_KEY = re.compile(r"tenants/[0-9a-fA-F-]{36}/")


@dataclass(kw_only=True)
class Loaded:
    """What was loaded, or would be: rows by table, files, and what could not come along."""

    tenant_id: UUID
    slug: str
    person_id: UUID
    email: str
    rows: dict[str, int] = field(default_factory=dict)
    files: int = 0
    left_out: list[str] = field(default_factory=list)


def check(source: Source) -> Loaded:
    """Prove the archive, and that its workspace has room here. Changes nothing. Raises NotImportable."""
    manifest = source.manifest
    if manifest["scope"] != "workspace":
        raise NotImportable("This export is about one person; only that of a whole workspace can be loaded.")
    loaded = _named(manifest)
    _refuse_known(loaded)
    _refuse_full_disk(source)
    source.verify()
    loaded.files = sum(1 for _ in _files(source))
    portable = {each.label for each in _portable()}
    for table in manifest["tables"]:
        if table["rows"] and table["model"] not in portable:
            loaded.left_out.append(f"{table['model']}: {table['rows']} rows stay in the archive")
    return loaded


def load(source: Source) -> Loaded:
    """Load the workspace. Either everything is there afterwards, or nothing. Raises NotImportable.

    The files of an import that was killed are removed a day later (gdpr.leftovers) or replaced by another.
    """
    loaded = check(source)
    try:
        _store_files(source, loaded)
        crash_at("import-files-stored")
        _write_rows(source, loaded)
    except BaseException as error:  # also a full disk, or somebody who stops it
        storage.delete_below(storage.folder_of(loaded.tenant_id))
        if isinstance(error, DatabaseError | ValueError | ValidationError | TenantErased):
            line = str(error).splitlines()[0][:300]
            raise NotImportable(f"A row or file does not fit: {line}") from error
        raise
    return loaded


def _named(manifest: dict[str, Any]) -> Loaded:
    workspace, person = manifest["workspace"], manifest["person"]
    try:
        return Loaded(
            tenant_id=UUID(workspace["id"]),
            slug=workspace["slug"],
            person_id=UUID(person["id"]),
            email=person["email"],
        )
    except (ValueError, TypeError) as error:
        raise NotImportable("The manifest names a workspace or person by no id.") from error


def _refuse_known(loaded: Loaded) -> None:
    """Nothing that is here may be touched, and whoever was erased here does not come back like this."""
    tenants = Tenant.objects.using("ops")
    if tenants.filter(pk=loaded.tenant_id).exists() or tenants.filter(slug=loaded.slug).exists():
        raise NotImportable(f"The workspace {loaded.slug} is here already; an import never changes one.")
    if Tombstone.objects.filter(pk=loaded.tenant_id).exists():
        raise NotImportable(f"The workspace {loaded.slug} was erased here, and stays so.")
    if User.objects.filter(Q(pk=loaded.person_id) | Q(email=loaded.email)).exists():
        raise NotImportable(f"{loaded.email} has an account here already.")


def _refuse_full_disk(source: Source) -> None:
    with scratch.directory("import") as folder:
        free = shutil.disk_usage(folder).free
    if source.total_bytes + SPARE_BYTES > free:
        raise NotImportable(f"The archive needs {source.total_bytes} bytes; {free} are free.")


def _portable() -> list[Model]:
    return [each for each in data_map().personal() if each.table.is_portable]


def _files(source: Source) -> Iterator[tuple[str, str, str]]:
    """Path, area and name of every file that comes along; sealed logs of the other installation do not."""
    for path in source.files:
        parts = PurePosixPath(path).parts
        if parts[0] == "files" and len(parts) > 2 and parts[1] in AREAS:
            yield path, parts[1], "/".join(parts[2:])


def _store_files(source: Source, loaded: Loaded) -> None:
    with scratch.directory("import") as folder:
        for path, area, name in _files(source):
            key = storage.storage_key(tenant_id=loaded.tenant_id, area=area, name=name)
            copy = folder / "file"
            with source.member(path) as member, copy.open("wb") as target:
                for chunk in chunks_of(member):
                    target.write(chunk)
            storage.store_file(key, copy)


def _write_rows(source: Source, loaded: Loaded) -> None:
    with tenant_context(loaded.tenant_id):
        for each in _portable():
            path = f"data/{each.label}.json"
            if path in source.files:
                with closing(source.rows(path)) as given:
                    rows = (_row(each, row, loaded) for row in given)
                    loaded.rows[each.label] = _insert(each, (row for row in rows if _may_come(row, loaded)))
        detail = {"rows": sum(loaded.rows.values()), "files": loaded.files}
        audit.record("tenant.imported", target=f"tenant:{loaded.tenant_id}", detail=detail)


def _insert(each: Model, rows: Iterator[DjangoModel]) -> int:
    is_numbered = isinstance(each.model._meta.pk, AutoField)
    columns = [field for field in each.model._meta.local_concrete_fields if not isinstance(field, AutoField)]
    fields = columns if is_numbered else each.model._meta.local_concrete_fields
    manager: Any = each.model._base_manager
    count = 0
    while batch := list(islice(rows, BATCH)):
        # As loaddata does: raw, or every row would be as old as the import.
        manager._insert(batch, fields=fields, raw=True, using="default")
        count += len(batch)
    return count


def _may_come(row: DjangoModel, loaded: Loaded) -> bool:
    """Members other than the one who exported are not in the archive as people."""
    if isinstance(row, Membership) and row.user_id != loaded.person_id:
        loaded.left_out.append("tenants.Membership: a member other than who exported; invite them again")
        return False
    return True


def _row(each: Model, row: dict[str, Any], loaded: Loaded) -> DjangoModel:
    """A row as this installation takes it. Raises NotImportable for one that is another workspace's."""
    _refuse_foreign(each.label, row, loaded)
    if each.table.on_import is not None:
        row = each.table.on_import(row)
    given: dict[str, Any] = {}
    for name, value in row.items():
        try:
            column: Any = each.model._meta.get_field(name)
        except FieldDoesNotExist as error:
            raise NotImportable(f"{each.label} has no column {name} here.") from error
        if name not in each.columns:
            raise NotImportable(f"{each.label} has no column {name} here.")
        if each.table.form_of(name) != ExportForm.EXCLUDED:
            given[column.attname] = _value(each, column, value)
    for name in each.columns:
        group = group_of(each.table, name)
        if group.form == ExportForm.EXCLUDED and group.stand_in is not None:
            given[name] = group.stand_in
    return each.model(**given)


def _value(each: Model, column: Any, value: Any) -> Any:
    restored = values.restored(column, value)
    is_allowed = not column.choices or restored in {choice for choice, _ in column.flatchoices}
    if not is_allowed and restored not in (None, ""):
        raise NotImportable(f"{each.label}.{column.name} may not be {str(restored)[:40]!r}.")
    return restored


def _refuse_foreign(label: str, row: dict[str, Any], loaded: Loaded) -> None:
    """The database's walls would keep a foreign row out, too; this names it."""
    expected = {
        "tenants.Tenant": {"id": str(loaded.tenant_id), "slug": loaded.slug},
        "accounts.User": {"id": str(loaded.person_id), "email": loaded.email},
    }.get(label, {"tenant": str(loaded.tenant_id)})
    if "user" in row and "tenant" not in row:
        expected = {"user": str(loaded.person_id)}
    if any(row.get(name) != value for name, value in expected.items()):
        raise NotImportable(f"{label} has a row of another workspace or person.")
    for text in _texts(row):
        if _KEY.match(text) and (not text.startswith(f"tenants/{loaded.tenant_id}/") or ".." in text):
            raise NotImportable(f"{label} has a row that names another workspace's file.")


def _texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value, names included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for item in value:
            yield from _texts(item)
        if isinstance(value, dict):
            yield from _texts(list(value.values()))
