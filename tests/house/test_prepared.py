"""The short way to PostgreSQL behaves as Django's own: transactions, values, errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from django.db import DataError, OperationalError, ProgrammingError, connection, transaction
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


def terminate(backend: int) -> None:
    another = connection.copy()
    with another.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])
    another.close()


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
def test_an_error_in_the_first_message_leaves_a_connection_that_works() -> None:
    with pytest.raises(DataError), transaction.atomic():
        prepared.fetch_all("SELECT 1 / %(by)s::int", {"by": 0})
    with pytest.raises(ProgrammingError), transaction.atomic():
        prepared.fetch_all("SELECT nothing_of_this_name FROM tenants_tenant", {})
    with transaction.atomic():
        assert prepared.fetch_all("SELECT 1 / %(by)s::int", {"by": 1}) == [(1,)]


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_is_lost_in_the_first_message_is_djangos_error() -> None:
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [backend] = cursor.fetchone()

    def ask() -> None:
        terminate(backend)
        prepared.fetch_all("SELECT 1", {})

    with pytest.raises(OperationalError), transaction.atomic():
        ask()
    assert prepared.fetch_all("SELECT 1", {}) == [(1,)]


@pytest.mark.django_db(transaction=True)
def test_an_interrupted_first_message_leaves_nobody_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    class StoppedError(Exception):
        """As a signal handler raises it."""

    def stop(*_: object) -> None:
        monkeypatch.undo()
        raise StoppedError

    def ask() -> None:
        monkeypatch.setattr(psycopg.Connection, "wait", stop)
        prepared.fetch_all("SELECT 'of the interrupted'", {})

    with pytest.raises(StoppedError), transaction.atomic():
        ask()
    with transaction.atomic():
        assert prepared.fetch_all("SELECT 'of the next'", {}) == [("of the next",)]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_prepared_for_a_pooler_that_cannot_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    connection.ensure_connection()
    monkeypatch.setattr(connection.connection, "prepare_threshold", None)
    expected = [(*VALUES.values(), 3, 2**40 + 1)]
    mine = "SELECT count(*) FROM pg_prepared_statements"
    [(before,)] = prepared.fetch_all(mine, {})
    with transaction.atomic():
        assert prepared.fetch_all(ECHO, VALUES) == expected
        assert prepared.fetch_all(ECHO, VALUES) == expected
        assert prepared.fetch_all(mine, {}) == [(before,)]


SET = "SELECT set_config('app.row_key', %(key)s, true)"
KEY = "SELECT coalesce(current_setting('app.row_key', true), '')"


def by_cursor() -> str:
    with connection.cursor() as cursor:
        cursor.execute(KEY)
        return str(cursor.fetchone()[0])


def by_short_way() -> str:
    return str(prepared.fetch_all(KEY, {})[0][0])


def by_savepoint() -> str:
    with transaction.atomic():
        return by_short_way()


def by_listened_cursor() -> str:
    with CaptureQueriesContext(connection) as queries:
        key = by_short_way()
    assert len(queries) == 2
    return key


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("ask", [by_cursor, by_short_way, by_savepoint, by_listened_cursor])
def test_what_waits_goes_ahead_of_whichever_statement_is_next(ask: Callable[[], str]) -> None:
    with transaction.atomic(), prepared.ahead_of_the_next(SET, {"key": "ahead"}):
        assert ask() == "ahead"
        assert by_short_way() == "ahead"


@pytest.mark.django_db(transaction=True)
def test_what_waits_for_nobody_is_never_sent() -> None:
    with transaction.atomic():
        with prepared.ahead_of_the_next(SET, {"key": "ahead"}):
            pass
        assert by_short_way() == ""
    with pytest.raises(LookupError), prepared.ahead_of_the_next(SET, {"key": "ahead"}):
        raise LookupError
    assert connection.execute_wrappers == []


@pytest.mark.django_db(transaction=True)
def test_a_new_connection_prepares_anew() -> None:
    assert prepared.fetch_all(ECHO, VALUES)
    connection.close()
    assert prepared.fetch_all(ECHO, VALUES)
