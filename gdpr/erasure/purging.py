"""The purge: steps in a fixed order, each safe to repeat, so that it goes on wherever it was killed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from accounts import workspaces
from accounts.models import User
from billing import customers, planned_changes
from billing.errors import NothingToManage, PaymentsNotSetUp
from cutroom import clock
from cutroom.crash_points import crash_at
from gdpr.backups import making
from gdpr.data_map import data_map
from gdpr.erasure import asking, ledger, local, receipts, scanning
from gdpr.erasure.ledger import Entry, Scope
from gdpr.models import Erasure, ErasureState
from tenants import holding, tombstones
from tenants.context import tenant_context
from tenants.models import Membership

logger = logging.getLogger(__name__)

# While somebody purges, nobody else does; whoever died is followed after this.
LEASE = timedelta(minutes=10)
PAUSE = timedelta(minutes=5)


def work(*, at: datetime) -> int:
    """Do whatever erasures need now: plans to end or keep, reminders, purges; how many were finished.

    Any number of workers may do this at once. A restored copy on hold does nothing.
    """
    if holding.is_held():
        return 0
    for waiting in Erasure.objects.filter(subscription__in=("to-cancel", "to-keep")):
        _settle_plan(waiting)
    asking.remind_due(at=at)
    finished = 0
    while (erasure := _claim(at=at)) is not None:
        finished += _purge(erasure)
    return finished


def _claim(*, at: datetime) -> Erasure | None:
    """The next erasure that is due, locked against its undo while it changes state."""
    begun = Q(state=ErasureState.PURGING, retry_at__lte=at)
    with transaction.atomic():
        rows = Erasure.objects.select_for_update(skip_locked=True)
        found = rows.filter(begun | Q(state=ErasureState.WAITING, purge_after__lte=at)).first()
        if found is not None:
            found.state, found.retry_at = ErasureState.PURGING, clock.now() + LEASE
            found.save(update_fields=["state", "retry_at"])
    return found


def _purge(erasure: Erasure) -> bool:
    """Do the steps that are not done yet. False when one could not be done now; it is tried again."""
    for name, step in STEPS.items():
        if name in erasure.counts:
            continue
        crash_at(f"purge_before_{name}")
        try:
            count = step(erasure)
        except Exception as error:  # whatever a store or a third party throws, the purge is not given up
            logger.exception("erasure_step_failed", extra={"erasure": str(erasure.pk), "step": name})
            erasure.error, erasure.retry_at = f"{name}: {type(error).__name__}", clock.now() + PAUSE
            erasure.save(update_fields=["error", "retry_at"])
            return False
        crash_at(f"purge_after_{name}")
        erasure.counts = {**erasure.counts, name: count}
        erasure.error = ""
        erasure.save()
    return True


def _write_ledger(erasure: Erasure) -> int:
    """Before the first row goes: a restore from now on knows whom it must not bring back."""
    scope, at = Scope(erasure.scope), clock.now()
    if scope is Scope.TENANT:
        erasure.people = [str(user_id) for user_id in _people_of_only(erasure.subject)]
        erasure.save(update_fields=["people"])
        tombstones.raise_for(erasure.subject, at=at)
    store = making.the_store()
    people = [Entry(scope=Scope.USER, subject=UUID(user_id), erased_at=at) for user_id in erasure.people]
    entries = [Entry(scope=scope, subject=erasure.subject, erased_at=at), *people]
    for entry in entries:
        ledger.write(entry, store=store)
    return len(entries)


def _people_of_only(tenant_id: UUID) -> list[UUID]:
    """Members who belong to no other workspace; operators stay."""
    with tenant_context(tenant_id):
        members = list(Membership.objects.values_list("user_id", flat=True))
    alone = [user_id for user_id in members if {w.tenant_id for w in workspaces.of(user_id)} == {tenant_id}]
    return list(User.objects.filter(pk__in=alone, is_staff=False).values_list("pk", flat=True))


def _ask_third_parties(erasure: Erasure) -> int:
    """Stripe forgets the customer, Google the permission; a failure is raised and the step tried again."""
    if erasure.scope != Scope.TENANT:
        return 0
    data_map().take_leave(erasure.subject)
    with suppress(PaymentsNotSetUp):
        customers.forget(erasure.subject)
    return 1


def _remove(erasure: Erasure) -> int:
    return local.purge(Scope(erasure.scope), erasure.subject)


def _remove_people(erasure: Erasure) -> int:
    removed = sum(local.purge_user(UUID(user_id)) for user_id in erasure.people)
    return removed + local.purge_mail(erasure.contacts)


def _finish(erasure: Erasure) -> int:
    """Mail the receipt, then forget the addresses: they are the last thing that is left."""
    if erasure.mailed_at is None:
        receipts.mail(erasure)
        erasure.mailed_at = clock.now()
        erasure.save(update_fields=["mailed_at"])
    crash_at("purge_after_mail")
    erasure.name, erasure.contacts, erasure.people = "", [], []
    erasure.state, erasure.finished_at = ErasureState.DONE, clock.now()
    return 0


def _settle_plan(erasure: Erasure) -> None:
    """End the plan with its period, or take that back. Asked again later when Stripe does not answer."""
    wish = erasure.subscription
    change: Callable[..., Any] = planned_changes.cancel if wish == "to-cancel" else planned_changes.keep
    try:
        with suppress(NothingToManage, PaymentsNotSetUp):
            change(tenant_id=erasure.subject)
    except Exception as error:  # any refusal of the payment side is tried again, and never stops the others
        logger.warning(
            "erasure_plan_waits", extra={"erasure": str(erasure.pk), "error": type(error).__name__}
        )
        return
    done = "cancelled" if wish == "to-cancel" else ""
    Erasure.objects.filter(pk=erasure.pk, subscription=wish).update(subscription=done)


STEPS: dict[str, Callable[[Erasure], int]] = {
    "ledger": _write_ledger,
    "third_parties": _ask_third_parties,
    "records_and_files": _remove,
    "people": _remove_people,
    "cache_and_queue": scanning.clear_redis,
    "second_pass": scanning.second_pass,
    "receipt": receipts.write,
    "end": _finish,
}
