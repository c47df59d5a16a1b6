"""The words in which each app declares what it keeps about people: `<app>/personal_data.py` sets `DATA`.

gdpr gathers the declarations into one map. Export, erasure, retention, the register of processing and the
privacy notice are made from it, and a system check fails on whatever is not in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Q


class Category(StrEnum):
    """What kind of data it is, in the words of the privacy notice."""

    IDENTITY = "names and addresses"
    CONTENT = "what you write, upload and make"
    ACCESS = "sign-ins, devices and network addresses"
    ACTIVITY = "who did what, and when"
    USAGE = "how much was used"
    BILLING = "plans, payments and invoices"
    SECRET = "keys, tokens and their hashes"  # noqa: S105  # the name of a kind, no secret
    RECORD = "identifiers, states and times of records"


class Basis(StrEnum):
    """Legal basis, GDPR article 6(1)."""

    CONTRACT = "contract (Art. 6(1)(b))"
    OBLIGATION = "legal obligation (Art. 6(1)(c))"
    INTEREST = "legitimate interest (Art. 6(1)(f))"
    CONSENT = "consent (Art. 6(1)(a))"
    NONE = "no personal data"


class ExportForm(StrEnum):
    """How a value is handed over."""

    PLAIN = "JSON and CSV"
    MASKED = "masked, as it is about somebody else"
    EXCLUDED = "left out and named, as it is a secret"


class Erasure(StrEnum):
    """What becomes of rows, files or keys when their owner is erased."""

    DELETE = "deleted"
    HOLD = "kept by law, with personal fields reduced"
    EXPIRE = "gone by themselves when their time is over"
    LEAVE = "left, as they are about nobody"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """For how long. With `days` the hourly purge deletes rows whose `since` is older; `only` narrows them.

    `stream` names the row of the retention table, so that the installation may choose other days.
    """

    text: str
    stream: str = ""
    days: int | None = None
    since: str = ""
    only: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Hold:
    """A law that forbids deletion to the end of a year. `reduced` fields are emptied meanwhile, of JSON ones
    the `kept_parts` stay: nested names, True for all below one, but nothing with an @."""

    statute: str
    years: int
    since: str
    reduced: Sequence[str] = ()
    kept_parts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        """Every column it speaks of."""
        return [self.since.split("__")[0], *self.reduced, *self.kept_parts]


@dataclass(frozen=True, kw_only=True)
class Fields:
    """Columns of one kind. `names_person` marks those that hold the id of a person who acted in a tenant:
    they are emptied when only that person is erased, except in tables that nobody may change. `stand_in` is
    what an import puts where the export left something out."""

    names: Sequence[str]
    category: Category
    form: ExportForm = ExportForm.PLAIN
    names_person: bool = False
    stand_in: Any = None


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Whose a row is, as lookups from its model: to a tenant's id, a person's id, or a mail address.

    A row with a `tenant` is the tenant's; its `person` then only says whom it is about. Where no lookup leads
    to the tenant, `tenant_rows` makes the condition from its id. With none of them a row is nobody's and is
    never exported.
    """

    tenant: str = ""
    tenant_rows: Callable[[UUID], Q] | None = None
    person: str = ""
    mailbox: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """One model: every field of it, whose rows they are, why they exist and how they end.

    Rows of a portable table can be loaded elsewhere; `on_import` may change a row before. `file` names the
    column with the key of a file that goes with its row when its time is over.
    """

    model: str
    fields: Sequence[Fields]
    purpose: str
    kept: Kept
    owner: Owner = field(default_factory=Owner)
    basis: Basis = Basis.CONTRACT
    erasure: Erasure = Erasure.DELETE
    hold: Hold | None = None
    is_portable: bool = False
    on_import: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    file: str = ""

    @property
    def field_names(self) -> list[str]:
        """Every declared field."""
        return [name for group in self.fields for name in group.names]

    @property
    def is_personal(self) -> bool:
        """Is there anybody whose rows these are?"""
        return self.owner != Owner()

    def form_of(self, name: str) -> ExportForm:
        """How a field is handed over. Raises KeyError for one that is not declared."""
        forms = {each: group.form for group in self.fields for each in group.names}
        return forms[name]


@dataclass(frozen=True, kw_only=True)
class Titled:
    """A stored file under the name that people know."""

    title: str
    key: str
    note: str


@dataclass(frozen=True, kw_only=True)
class StorageArea:
    """One folder under tenants/{tenant_id}/.

    `promised` gives the keys of files that rows of the tenant in context speak of; those that are not in the
    store are told as missing. `titled` gives those that people look for, newest first; `heading` stands above
    them in an export.
    """

    area: str
    purpose: str
    category: Category
    kept: Kept
    promised: Callable[[UUID], Iterable[str]] | None = None
    titled: Callable[[UUID], Iterable[Titled]] | None = None
    heading: str = ""
    basis: Basis = Basis.CONTRACT
    form: ExportForm = ExportForm.PLAIN
    erasure: Erasure = Erasure.DELETE


@dataclass(frozen=True, kw_only=True)
class CacheFamily:
    """Redis keys of one shape. `{tenant_id}` and `{user_id}` in the glob pattern tell whose a key is."""

    pattern: str
    purpose: str
    category: Category
    kept: Kept
    basis: Basis = Basis.INTEREST
    erasure: Erasure = Erasure.EXPIRE


@dataclass(frozen=True, kw_only=True)
class ThirdParty:
    """Somebody outside who receives data. Without a value in `setting`, nothing is sent to them.

    `adapters` are dotted paths of the code that talks to them; a configured provider that no party claims
    fails the system check.
    """

    name: str
    role: str
    purpose: str
    receives: Sequence[Category]
    region: str
    erasure: str
    agreement: str = ""
    setting: str = ""
    adapters: Sequence[str] = ()
    basis: Basis = Basis.CONTRACT


@dataclass(frozen=True, kw_only=True)
class Stream:
    """Data outside database, storage and cache, such as logs and backups; who ends it is told in words."""

    name: str
    purpose: str
    category: Category
    kept: Kept
    ended_by: str
    basis: Basis = Basis.INTEREST


@dataclass(frozen=True, kw_only=True)
class AppData:
    """Everything one app keeps, gives away or writes down about people.

    `halts` are called when the tenant in context is about to be erased: they end what is under way for it.
    `leaves` are called with the tenant's id when it is erased, outside any transaction: somebody outside must
    forget it. What one raises is tried again.
    """

    tables: Sequence[Table] = ()
    storage: Sequence[StorageArea] = ()
    caches: Sequence[CacheFamily] = ()
    parties: Sequence[ThirdParty] = ()
    streams: Sequence[Stream] = ()
    local_adapters: Sequence[str] = ()
    halts: Sequence[Callable[[datetime], object]] = ()
    leaves: Sequence[Callable[[UUID], object]] = ()


WITH_THE_TENANT = Kept(text="as long as the workspace exists")
WITH_THE_PERSON = Kept(text="as long as the person has an account")
WITH_THE_INSTALLATION = Kept(text="as long as the installation exists")


def record(*names: str) -> Fields:
    """Identifiers, states and times."""
    return Fields(names=names, category=Category.RECORD)


def identity(*names: str) -> Fields:
    """Names and addresses of people and workspaces."""
    return Fields(names=names, category=Category.IDENTITY)


def content(*names: str) -> Fields:
    """What people write and upload, and what is made from it."""
    return Fields(names=names, category=Category.CONTENT)


def access(*names: str) -> Fields:
    """Devices and network addresses."""
    return Fields(names=names, category=Category.ACCESS)


def activity(*names: str) -> Fields:
    """What somebody did."""
    return Fields(names=names, category=Category.ACTIVITY)


def actor(*names: str) -> Fields:
    """Ids of people who acted in a tenant."""
    return Fields(names=names, category=Category.ACTIVITY, names_person=True)


def usage(*names: str) -> Fields:
    """How much of what was used."""
    return Fields(names=names, category=Category.USAGE)


def billing(*names: str) -> Fields:
    """Plans, payments and invoices."""
    return Fields(names=names, category=Category.BILLING)


def secret(*names: str, stand_in: Any = None) -> Fields:
    """Keys, tokens and hashes: never handed over, and named as left out."""
    return Fields(names=names, category=Category.SECRET, form=ExportForm.EXCLUDED, stand_in=stand_in)


def somebody_else(*names: str) -> Fields:
    """Ids of operators: handed over as a word, not as an id."""
    return Fields(names=names, category=Category.ACTIVITY, form=ExportForm.MASKED)
