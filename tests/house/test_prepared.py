"""The short way to PostgreSQL behaves as Django's own: transactions, values, errors."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db import DataError, ProgrammingError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from cutroom import prepared

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_nobody_listens")]

VALUES = {
    "none": None,
    "number": 2**40,
    "word": "a 'quoted' % word",
    "id": UUID("0198c5d8-0000-7000-8000-000000000001"),
    "at": datetime(2026, 11, 30, 12, tzinfo=UTC),
    "all": ["one", "two"],
}
ECHO = """
SELECT %(none)s::bigint, %(number)s::bigint, %(word)s, %(id)s::uuid, %(at)s::timestamptz, %(all)s::text[],
    7 %% 4, %(number)s::bigint + 1
"""


@pytest.fixture
def _nobody_listens() -> None:
    connection.queries_log.clear()


def test_values_come_back_as_they_went() -> None:
    expected = [(*VALUES.values(), 3, 2**40 + 1)]
    assert prepared.fetch_all(ECHO, VALUES) == expected
    with CaptureQueriesContext(connection):
        assert prepared.fetch_all(ECHO, VALUES) == expected


def test_values_of_other_types_have_a_plan_of_their_own() -> None:
    # The first statement of a transaction has its values in its text.
    prepared.fetch_all("SELECT 1", {})
    typed = "SELECT pg_typeof(%(value)s)::text"
    assert prepared.fetch_all(typed, {"value": 1}) == [("smallint",)]
    assert prepared.fetch_all(typed, {"value": 2**40}) == [("bigint",)]
    assert prepared.fetch_all(typed, {"value": 1}) == [("smallint",)]


def test_an_error_is_djangos_and_breaks_the_transaction_until_it_is_rolled_back() -> None:
    with pytest.raises(DataError), transaction.atomic():
        prepared.fetch_all("SELECT 1 / %(by)s::int", {"by": 0})
    assert prepared.fetch_all("SELECT 1 / %(by)s::int", {"by": 1}) == [(1,)]
    with pytest.raises(ProgrammingError), transaction.atomic():
        prepared.fetch_all("SELECT nothing_of_this_name FROM tenants_tenant", {})
    with transaction.atomic():
        transaction.set_rollback(True)
        with pytest.raises(TransactionManagementError):
            prepared.fetch_all("SELECT 1", {})


@pytest.mark.django_db(transaction=True)
def test_the_first_statement_of_a_transaction_begins_it() -> None:
    with transaction.atomic():
        prepared.fetch_all("SELECT set_config('app.row_key', %(key)s, true)", {"key": "inside"})
        assert prepared.fetch_all("SELECT current_setting('app.row_key')", {}) == [("inside",)]
    assert prepared.fetch_all("SELECT coalesce(current_setting('app.row_key', true), '')", {}) == [("",)]


@pytest.mark.django_db(transaction=True)
def test_a_new_connection_prepares_anew() -> None:
    assert prepared.fetch_all(ECHO, VALUES)
    connection.close()
    assert prepared.fetch_all(ECHO, VALUES)
