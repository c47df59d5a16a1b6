"""From measurements beside rendering to rows: the promises, and the number that decides each."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.archives import Archives
from tests.bench.busy_site import Busy
from tests.bench.growth import Growth
from tests.bench.ledger_moves import LookUps, Moves
from tests.bench.processes import MEGABYTE
from tests.bench.service_runs import ServiceRuns
from tests.bench.signed_in import SignedIn
from tests.bench.steady_memory import Memory
from tests.bench.table import Row


def rows(measured: ServiceRuns) -> Iterator[Row]:
    """One row a promise."""
    if measured.signed_in:
        yield from _signed_in(measured.signed_in)
    if measured.moves:
        yield from _moves(measured.moves)
    if measured.look_ups:
        yield _look_ups(measured.look_ups)
    if measured.archives:
        yield from _archives(measured.archives)
    if measured.growth:
        yield from _growth(measured.growth)
    if measured.console:
        yield from _console(measured.console)
    yield from _memories(measured)


def _memories(measured: ServiceRuns) -> Iterator[Row]:
    if measured.web:
        yield _memory("memory of the web server", measured.web, deed="requests")
    if measured.worker:
        yield _memory("memory of the workers", measured.worker, deed="jobs")


def _signed_in(seconds: SignedIn) -> Iterator[Row]:
    for name, taken in (("an access token", seconds.by_token), ("an API key", seconds.by_key)):
        yield Row(
            name=f"a request with {name} against the same by nobody",
            ours=_microseconds(taken),
            theirs=_microseconds(seconds.by_nobody),
            result=taken / seconds.by_nobody,
            target=1.5,
            bound="at most",
            note="p50 of one view behind all middleware: 25 rows of a tenant, in its transaction. Who asks "
            "is read anew, and counted, each time.",
        )


def _console(busy: Busy) -> Iterator[Row]:
    size = f"{busy.tenants:,} tenants, {busy.events:,} usage events, {busy.jobs:,} jobs"
    yield Row(
        name=f"the console's home page with {size}",
        ours=f"{busy.seconds * 1000:.0f} ms",
        theirs="",
        result=busy.seconds * 1000,
        target=300,
        bound="at most",
        unit="ms",
    )
    yield Row(
        name="its statements",
        ours=str(busy.queries),
        theirs="",
        result=busy.queries,
        target=15,
        bound="at most",
        unit="",
    )


def _moves(seconds: Moves) -> Iterator[Row]:
    raw = seconds.raw_update
    yield Row(
        name="reserve and settle in one step against one bare UPDATE alone on a raw connection",
        ours=_microseconds(seconds.as_one_step),
        theirs=_microseconds(raw),
        result=seconds.as_one_step / raw,
        target=2.5,
        bound="at most",
        note=(
            f"durable, medians. As two calls in one transaction {seconds.in_one_transaction / raw:.2f} ×, "
            f"in two transactions {seconds.in_two_transactions / raw:.2f} ×: two commits wait twice."
        ),
    )
    yield Row(
        name="reserve and settle in one step against one bare UPDATE, in a tenant's transaction",
        ours=_microseconds(seconds.as_one_step),
        theirs=_microseconds(seconds.bare_update),
        result=seconds.as_one_step / seconds.bare_update,
        target=2.5,
        bound="at most",
        note=f"durable, medians. As two calls {seconds.in_one_transaction / seconds.bare_update:.2f} ×.",
    )
    yield Row(
        name="reserve, then settle, where no commit waits for the disk",
        ours=_microseconds(seconds.without_disk),
        theirs=_microseconds(seconds.bare_without_disk),
        result=seconds.without_disk / seconds.bare_without_disk,
        target=5,
        bound="at most",
        note="what the processor does: two moves, six rows and their history against one row.",
    )


def _look_ups(seconds: LookUps) -> Row:
    exact = f"{_microseconds(seconds.exact)}, {seconds.exact / seconds.bare_get:.1f} ×"
    return Row(
        name="usage look-up against a bare Redis GET",
        ours=_microseconds(seconds.remembered),
        theirs=_microseconds(seconds.bare_get),
        result=seconds.remembered / seconds.bare_get,
        target=3,
        bound="at most",
        note=f"as every page does it for the banner; read anew from PostgreSQL it takes {exact}.",
    )


def _archives(measured: Archives) -> Iterator[Row]:
    yield Row(
        name=f"export of {measured.megabytes} MB against copying the files",
        ours=f"{measured.export:.2f} s",
        theirs=f"{measured.copy:.2f} s",
        result=measured.export / measured.copy,
        target=2,
        bound="at most",
        note="with a hash of every file.",
    )
    yield Row(
        name="memory for that export",
        ours=f"{measured.grown_bytes / MEGABYTE:.0f} MB",
        theirs="",
        result=measured.grown_bytes / MEGABYTE,
        target=100,
        bound="at most",
        unit="MB",
    )


def _growth(measured: Growth) -> Iterator[Row]:
    yield _grown(f"usage, {measured.events:,} events of one tenant against 100", measured.one)
    crowd = f"usage and renders of one tenant among {measured.tenants:,} against 100"
    yield _grown(crowd, measured.crowd)
    yield Row(
        name="statements of the usage page",
        ours=str(measured.queries),
        theirs="",
        result=measured.queries,
        target=8,
        bound="at most",
        unit="",
    )
    yield _erased(f"erasing one tenant among {measured.tenants:,} against 100", measured.erasure, target=1.2)
    yield _erased("erasing ten times as many rows", measured.own, target=10)


def _grown(name: str, times: dict[str, float]) -> Row:
    slowest = max(times, key=lambda each: times[each])
    others = ", ".join(f"{each} {value:.2f}" for each, value in times.items())
    return Row(
        name=name,
        ours=slowest,
        theirs="",
        result=times[slowest],
        target=1.2,
        bound="at most",
        note=f"the slowest counts: {others}.",
    )


def _erased(name: str, times: float, *, target: float) -> Row:
    return Row(name=name, ours="", theirs="", result=times, target=target, bound="at most")


def _memory(name: str, measured: Memory, *, deed: str) -> Row:
    return Row(
        name=f"{name} after {measured.deeds:,} {deed}",
        ours=f"{measured.after_bytes / MEGABYTE:.0f} MB",
        theirs=f"{measured.before_bytes / MEGABYTE:.0f} MB after a fifth",
        result=measured.after_bytes / measured.before_bytes,
        target=1.05,
        bound="at most",
    )


def _microseconds(seconds: float) -> str:
    return f"{seconds * 1e6:.0f} µs"
