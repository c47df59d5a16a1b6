"""Every tenant table can be read by tenant through an index, and pays for no index twice."""

from __future__ import annotations

import pytest
from django.db import connection

from tenants import row_security
from tenants.models import Tenant

INDEXES = """
SELECT tab.relname, i.indisunique, i.indpred IS NOT NULL,
       array(SELECT a.attname::text FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attnum, place)
             JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum ORDER BY k.place)
FROM pg_index i JOIN pg_class tab ON tab.oid = i.indrelid JOIN pg_namespace n ON n.oid = tab.relnamespace
WHERE n.nspname = 'public' AND tab.relname = ANY(%s)
"""

pytestmark = pytest.mark.django_db

TABLES = sorted(model._meta.db_table for model in row_security.tenant_models() if model is not Tenant)


def indexes() -> dict[str, list[tuple[bool, bool, list[str]]]]:
    """Of each tenant table: is the index unique, is it partial, its columns."""
    found: dict[str, list[tuple[bool, bool, list[str]]]] = {table: [] for table in TABLES}
    with connection.cursor() as cursor:
        cursor.execute(INDEXES, [TABLES])
        for table, is_unique, is_partial, columns in cursor.fetchall():
            found[table].append((is_unique, is_partial, columns))
    return found


def test_every_tenant_table_has_an_index_that_begins_with_the_tenant() -> None:
    bare = [
        table
        for table, found in indexes().items()
        if not any(columns[0] == "tenant_id" and not is_partial for _, is_partial, columns in found)
    ]
    assert bare == [], "Give the model an index or a unique constraint that begins with `tenant`."


def test_no_index_is_the_beginning_of_another() -> None:
    """PostgreSQL reads the longer one as well, and every write keeps both."""
    doubled = []
    for table, found in indexes().items():
        whole = [columns for _, is_partial, columns in found if not is_partial]
        for is_unique, is_partial, columns in found:
            longer = [other for other in whole if other[: len(columns)] == columns and other != columns]
            if columns[0] == "tenant_id" and not is_unique and not is_partial and longer:
                doubled.append((table, columns))
    assert doubled == []
