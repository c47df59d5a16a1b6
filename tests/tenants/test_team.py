"""Who works in a tenant: roles, leaving, handing over, and that an admin is always left."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import pytest
from django.db import connection

from accounts.models import User
from cutroom.errors import Conflict, DomainError, InvalidInput, NotFound, PermissionDenied
from tenants import team
from tenants.context import Actor, tenant_context
from tenants.errors import LastAdmin
from tenants.models import AuditEntry, Membership, Role, Tenant
from tests.cast import Cast, join
from tests.threads import at_once


def member_id(user: User) -> UUID:
    return Membership.objects.get(user=user).pk


def role_of(user: User) -> str | None:
    return Membership.objects.filter(user=user).values_list("role", flat=True).first()


def audited() -> list[tuple[str, str, UUID | None]]:
    entries = AuditEntry.objects.order_by("at", "id")
    return list(entries.values_list("action", "target", "user_id"))


@pytest.fixture
def as_alice(cast: Cast) -> Iterator[Cast]:
    """Alice acts, in Acme."""
    with tenant_context(cast.acme.pk, actor=Actor(user_id=cast.alice.pk)):
        yield cast


def test_a_role_is_changed_and_written_down(as_alice: Cast) -> None:
    team.change_role(member_id=member_id(as_alice.bob), role=Role.ADMIN)
    assert role_of(as_alice.bob) == Role.ADMIN
    assert audited() == [("member.role-changed", f"user:{as_alice.bob.pk}", as_alice.alice.pk)]


def test_the_same_role_again_is_nothing_to_write_down(as_alice: Cast) -> None:
    team.change_role(member_id=member_id(as_alice.bob), role=Role.CREATOR)
    assert audited() == []


def test_a_member_is_removed_and_written_down(as_alice: Cast) -> None:
    team.remove(member_id=member_id(as_alice.bob))
    assert role_of(as_alice.bob) is None
    assert audited() == [("member.removed", f"user:{as_alice.bob.pk}", as_alice.alice.pk)]


def test_a_creator_leaves(cast: Cast) -> None:
    with tenant_context(cast.acme.pk, actor=Actor(user_id=cast.bob.pk)):
        team.leave(user_id=cast.bob.pk)
        assert role_of(cast.bob) is None
        assert audited() == [("member.left", f"user:{cast.bob.pk}", cast.bob.pk)]


def test_handing_over_changes_both_in_one_step(as_alice: Cast) -> None:
    team.hand_over(user_id=as_alice.alice.pk, member_id=member_id(as_alice.bob))
    assert (role_of(as_alice.alice), role_of(as_alice.bob)) == (Role.CREATOR, Role.ADMIN)
    assert audited() == [("tenant.handed-over", f"user:{as_alice.bob.pk}", as_alice.alice.pk)]


def test_nobody_hands_over_to_themselves(as_alice: Cast) -> None:
    with pytest.raises(Conflict):
        team.hand_over(user_id=as_alice.alice.pk, member_id=member_id(as_alice.alice))


def test_nobody_hands_over_to_somebody_who_cannot_sign_in(as_alice: Cast) -> None:
    User.objects.filter(pk=as_alice.bob.pk).update(is_active=False)
    with pytest.raises(LastAdmin):
        team.hand_over(user_id=as_alice.alice.pk, member_id=member_id(as_alice.bob))
    assert (role_of(as_alice.alice), role_of(as_alice.bob)) == (Role.ADMIN, Role.CREATOR)


def demote_alice(cast: Cast) -> None:
    team.change_role(member_id=member_id(cast.alice), role=Role.CREATOR)


def remove_alice(cast: Cast) -> None:
    team.remove(member_id=member_id(cast.alice))


def alice_leaves(cast: Cast) -> None:
    team.leave(user_id=cast.alice.pk)


@pytest.mark.parametrize("deed", [demote_alice, remove_alice, alice_leaves])
def test_the_last_admin_stays_and_nothing_is_written_down(
    as_alice: Cast, deed: Callable[[Cast], None]
) -> None:
    with pytest.raises(LastAdmin):
        deed(as_alice)
    assert role_of(as_alice.alice) == Role.ADMIN
    assert audited() == []


@pytest.mark.parametrize("deed", [demote_alice, remove_alice, alice_leaves])
def test_an_admin_whose_account_is_closed_does_not_count(
    as_alice: Cast, deed: Callable[[Cast], None]
) -> None:
    closed = join(as_alice.acme, "dora", Role.ADMIN)
    User.objects.filter(pk=closed.pk).update(is_active=False)
    with pytest.raises(LastAdmin):
        deed(as_alice)
    User.objects.filter(pk=closed.pk).update(is_active=True)
    deed(as_alice)
    assert role_of(closed) == Role.ADMIN


def test_members_of_another_tenant_are_not_found(as_alice: Cast) -> None:
    with tenant_context(as_alice.globex.pk):
        theirs = member_id(as_alice.charlie)
    for foreign in (theirs, uuid4()):
        with pytest.raises(NotFound):
            team.change_role(member_id=foreign, role=Role.ADMIN)
        with pytest.raises(NotFound):
            team.remove(member_id=foreign)
        with pytest.raises(NotFound):
            team.hand_over(user_id=as_alice.alice.pk, member_id=foreign)


def test_who_lost_the_role_on_the_way_changes_nothing(cast: Cast) -> None:
    """The request began while Bob was an admin; behind the lock he is none."""
    with tenant_context(cast.acme.pk, actor=Actor(user_id=cast.bob.pk)):
        for deed in (demote_alice, remove_alice):
            with pytest.raises(PermissionDenied):
                deed(cast)
        with pytest.raises(PermissionDenied):
            team.rename("Bob's")
        assert role_of(cast.alice) == Role.ADMIN


@pytest.mark.parametrize(
    "name", ["Acme & Sons", "AC/DC", "كاميرا", "影像工坊", "👩‍👩‍👧 Films", "  Two   words "]
)
def test_a_tenant_is_renamed_and_its_slug_stays(as_alice: Cast, name: str) -> None:
    team.rename(name)
    tenant = Tenant.objects.get(pk=as_alice.acme.pk)
    assert (tenant.name, tenant.slug) == (" ".join(name.split()), "acme")
    assert [action for action, _, _ in audited()] == ["tenant.renamed"]


@pytest.mark.parametrize(
    "name", ["", "   ", "a" * 121, "A\x00B", "Ac\u202eme", "Win at https://evil.test", "WWW.evil.test"]
)
def test_a_name_that_could_mislead_a_stranger_is_refused(as_alice: Cast, name: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        team.rename(name)
    assert refusal.value.members["errors"][0]["field"] == "name"
    assert Tenant.objects.get(pk=as_alice.acme.pk).name == "Acme"


def crowd(cast: Cast, *, count: int) -> list[User]:
    """More admins of Acme; with Alice there are `count`."""
    return [cast.alice, *(join(cast.acme, f"admin-{number}", Role.ADMIN) for number in range(1, count))]


def outcome(deed: Callable[[], object]) -> str:
    try:
        deed()
    except DomainError as error:
        return error.code
    return "done"


WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def is_somebody_waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return bool(cursor.fetchone()[0])


@pytest.mark.committed
def test_the_second_of_two_admins_to_go_waits_for_the_first(committed_cast: Cast) -> None:
    """The first has gone but not committed; to the second it looks as if two were left."""
    cast, dora = committed_cast, join(committed_cast.acme, "dora", Role.ADMIN)
    has_gone, has_ended = threading.Event(), threading.Event()

    def first() -> str:
        with tenant_context(cast.acme.pk, actor=Actor(user_id=dora.pk)):
            team.leave(user_id=dora.pk)
            has_gone.set()
            while not (has_ended.is_set() or is_somebody_waiting()):
                has_ended.wait(0.01)
        return "done"

    def second() -> str:
        has_gone.wait()
        try:
            with tenant_context(cast.acme.pk, actor=Actor(user_id=cast.alice.pk)):
                return outcome(lambda: team.leave(user_id=cast.alice.pk))
        finally:
            has_ended.set()

    deeds = (first, second)
    assert at_once(lambda number: deeds[number](), count=2) == ["done", "last-admin"]


@pytest.mark.committed
@pytest.mark.parametrize("deed", ["demote", "remove", "leave"])
def test_sixteen_deeds_at_once_leave_one_admin(committed_cast: Cast, deed: str) -> None:
    """Everybody goes at the same moment; each alone would be allowed."""
    cast, admins = committed_cast, crowd(committed_cast, count=16)
    with tenant_context(cast.acme.pk):
        ids = [member_id(admin) for admin in admins]

    def go(number: int) -> str:
        with tenant_context(cast.acme.pk, actor=Actor(user_id=admins[number].pk)):
            deeds: dict[str, Callable[[], object]] = {
                "demote": lambda: team.change_role(member_id=ids[number], role=Role.CREATOR),
                "remove": lambda: team.remove(member_id=ids[number]),
                "leave": lambda: team.leave(user_id=admins[number].pk),
            }
            return outcome(deeds[deed])

    assert sorted(at_once(go, count=16)) == ["done"] * 15 + ["last-admin"]
    with tenant_context(cast.acme.pk):
        assert Membership.objects.filter(role=Role.ADMIN).count() == 1


@pytest.mark.committed
def test_sixteen_who_demote_each_other_leave_an_admin(committed_cast: Cast) -> None:
    """In a ring: whoever is demoted first must not demote the next any more."""
    cast, admins = committed_cast, crowd(committed_cast, count=16)
    with tenant_context(cast.acme.pk):
        ids = [member_id(admin) for admin in admins]

    def go(number: int) -> str:
        with tenant_context(cast.acme.pk, actor=Actor(user_id=admins[number].pk)):
            victim = ids[(number + 1) % 16]
            return outcome(lambda: team.change_role(member_id=victim, role=Role.CREATOR))

    answers = at_once(go, count=16)
    with tenant_context(cast.acme.pk):
        left = Membership.objects.filter(role=Role.ADMIN).count()
    assert set(answers) <= {"done", "permission-denied", "last-admin"}
    assert left == 16 - answers.count("done") >= 1
