"""Remove a tenant or a person from database, storage and cache of this installation, by the data map.

It asks the tables, not the code that once wrote them, so it works on a copy restored from any backup. Doing
it again finds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.db.models import Field, ForeignKey, Model, Q

from accounts.models import OutboxMail, User
from cutroom import clock
from cutroom.personal_data import Erasure
from gdpr import data_map
from gdpr.erasure import holds
from gdpr.erasure.ledger import Scope
from gdpr.models import Erasure as ErasureWish
from gdpr.models import ErasureState
from tenants import row_security, storage, tombstones
from tenants.models import Membership, Role, Tenant


def purge(scope: Scope, subject: UUID) -> int:
    """Remove everything of a tenant or a person; how many rows and files."""
    purges: dict[Scope, Callable[[UUID], int]] = {Scope.TENANT: purge_tenant, Scope.USER: purge_user}
    return purges[scope](subject)


def purge_tenant(tenant_id: UUID) -> int:
    """Remove a tenant's rows in all tables, and its folder in the storage."""
    tombstones.raise_for(tenant_id, at=clock.now())
    rows = purge_rows(lambda each: tenant_rows(each, tenant_id), subject=tenant_id)
    return rows + storage.delete_below(storage.folder_of(tenant_id))


def purge_user(user_id: UUID) -> int:
    """Remove a person: account, sessions, factors, what waits under the address, and the id in others' rows.

    Only the append-only audit log keeps the id, which then leads nowhere.
    """
    email = User.objects.using("owner").filter(pk=user_id).values_list("email", flat=True).first()
    unnamed = sum(_unname(each, user_id) for each in data_map.data_map().models())
    unnamed += _hand_over_mail(email) if email else 0
    return unnamed + purge_rows(lambda each: person_rows(each, user_id, email or ""), subject=user_id)


def purge_mail(addresses: Sequence[str]) -> int:
    """Remove waiting and sent mail to addresses, all of it where nobody here has the address any more."""
    staying = set(User.objects.filter(email__in=addresses).values_list("email", flat=True))
    gone = Q(recipient__in=set(addresses) - staying)
    about_this = Q(recipient__in=staying, kind__startswith="erasure_")
    return OutboxMail.objects.filter(gone | about_this).delete()[0]


def forget_wish(subject: UUID) -> None:
    """Empty what a restored copy remembers of a wish that was fulfilled after its backup."""
    wishes = ErasureWish.objects.filter(subject=subject).exclude(state=ErasureState.DONE)
    wishes.update(state=ErasureState.DONE, name="", contacts=[], people=[], finished_at=clock.now())


def _unname(each: data_map.Model, user_id: UUID) -> int:
    """Empty the columns of a table that say this person acted."""
    if getattr(each.model, "is_append_only", False):
        return 0
    fields = {field.name: field for field in each.model._meta.local_concrete_fields}
    actors = [name for group in each.table.fields if group.names_person for name in group.names]
    names = [name for name in actors if fields[name].null]
    rows = each.model._base_manager.using("owner")
    return sum(rows.filter(**{name: user_id}).update(**{name: None}) for name in names)


def _hand_over_mail(email: str) -> int:
    """Workspaces that are written to at this address are written to at another admin's from now on."""
    tenants = Tenant.objects.using("owner").filter(email=email)
    for tenant in tenants:
        admins = Membership.everywhere.using("owner").filter(tenant=tenant, role=Role.ADMIN)
        others = admins.exclude(user__email=email).order_by("created_at")
        tenant.email = others.values_list("user__email", flat=True).first() or ""
        tenant.save(using="owner", update_fields=["email"])
    return len(tenants)


def tenant_rows(each: data_map.Model, tenant_id: UUID) -> Q | None:
    """The condition for rows of a tenant in a table; None where there are none by declaration."""
    owner = each.table.owner
    if owner.tenant_rows is not None:
        return owner.tenant_rows(tenant_id)
    return Q(**{owner.tenant: tenant_id}) if owner.tenant else None


def person_rows(each: data_map.Model, user_id: UUID, email: str) -> Q | None:
    """The condition for rows of a person that are not a tenant's, but for memberships and invitations."""
    owner = each.table.owner
    is_theirs = not owner.tenant or each.label == "tenants.Membership"
    found = Q(**{owner.person: user_id}) if owner.person and is_theirs else Q()
    if owner.mailbox and email:
        found |= Q(**{owner.mailbox: email})
    return found or None


def purge_rows(condition: Callable[[data_map.Model], Q | None], *, subject: UUID) -> int:
    """Delete by the data map in one transaction as the owner; rows that the law keeps are reduced instead.

    Foreign keys are judged at its end, so the order does not matter.
    """
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        chosen = [(each, found) for each in data_map.data_map().personal() if (found := condition(each))]
        # Conditions lead through other tables, so every row is named before the first one goes.
        targets = [(each, _named(each.model, found)) for each, found in chosen]
        for table in append_only_tables():
            cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER append_only')
        held = [target for target in targets if target[0].table.erasure is Erasure.HOLD and target[1]]
        kept = set[holds.Key]().union(*(holds.keep(each, keys, subject=subject) for each, keys in held))
        removed = sum(_delete(each, keys, kept) for each, keys in targets if (each, keys) not in held)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in append_only_tables():
            cursor.execute(f'ALTER TABLE "{table}" ENABLE TRIGGER append_only')
    return removed


def _named(model: type[Model], condition: Q) -> list[Any]:
    return list(model._base_manager.using("owner").filter(condition).values_list("pk", flat=True))


def _delete(each: data_map.Model, keys: list[Any], kept: set[holds.Key]) -> int:
    """Delete rows; those that a held row needs lose everything personal instead."""
    needed = [key for key in keys if (each.label, key) in kept]
    going = [key for key in keys if (each.label, key) not in kept]
    manager = each.model._base_manager.using("owner")
    personal = [field.name for field in each.model._meta.local_concrete_fields if _is_personal(each, field)]
    holds.empty(manager.filter(pk__in=needed), personal)
    return int(manager.filter(pk__in=going)._raw_delete("owner")) if going else 0


def _is_personal(each: data_map.Model, field: Field[Any, Any]) -> bool:
    is_link = isinstance(field, ForeignKey)
    return field.name not in ("id", "livemode", "created") and ((is_link and field.null) or not is_link)


def append_only_tables() -> list[str]:
    """Tables whose rows nobody may change."""
    models = row_security.tenant_models()
    return [model._meta.db_table for model in models if getattr(model, "is_append_only", False)]
