"""`manage.py audit_verify`: is the audit log still what was recorded?"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cutroom import clock, progress
from tenants import audit_verification
from tenants.audit_verification import Report
from tenants.models import Tenant


class Command(BaseCommand):
    """Exit code 0 when every log is whole, 1 when one is not, 2 when nobody has that name."""

    help = (
        "Check each tenant's audit log: the chain of hashes, every entry, the signed checkpoints and the "
        "sealed segments in the store. Names the first row that was edited, deleted, swapped, cut off or "
        "rewritten. Exit code 0: whole; 1: something is wrong; 2: no such tenant. Changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which tenant, and for whom to print."""
        parser.add_argument("--tenant", metavar="SLUG", help="this tenant only")
        parser.add_argument("--json", action="store_true", help="one JSON document instead of sentences")

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify and print."""
        tenants = list(_tenants(options["tenant"]))
        with progress.shown(is_wanted=not options["json"]):
            reports = [
                (tenant, audit_verification.verify(tenant.pk, at=clock.now()))
                for tenant in progress.each("Tenants", tenants, total=len(tenants))
            ]
        is_ok = all(report.is_ok for _, report in reports)
        if options["json"]:
            rows = [_as_json(tenant, report) for tenant, report in reports]
            self.stdout.write(json.dumps({"ok": is_ok, "tenants": rows}))
        else:
            for tenant, report in reports:
                self._tell(tenant, report)
        if not is_ok:
            raise CommandError("The audit log is not what was recorded; see docs/security.md.", returncode=1)

    def _tell(self, tenant: Tenant, report: Report) -> None:
        state = "whole" if report.is_ok else "BROKEN"
        self.stdout.write(f"{tenant.slug}  {report.entries} entries, sealed to {report.sealed_to}  {state}")
        for problem in report.problems:
            row = f"row {problem.sequence}" if problem.sequence else "row"
            where = f" ({row}, entry {problem.entry_id})" if problem.entry_id else ""
            self.stdout.write(f"  {problem.kind}: {problem.detail}{where}")


def _tenants(slug: str | None) -> Iterable[Tenant]:
    every = Tenant.objects.using("ops").order_by("slug")
    if slug is None:
        return every
    found = every.filter(slug=slug)
    if not found:
        raise CommandError(f"There is no tenant {slug}.", returncode=2)
    return found


def _as_json(tenant: Tenant, report: Report) -> dict[str, Any]:
    return {
        "tenant": tenant.slug,
        "ok": report.is_ok,
        "entries": report.entries,
        "sealed_to": report.sealed_to,
        "problems": [
            {
                "kind": problem.kind,
                "sequence": problem.sequence,
                "entry_id": str(problem.entry_id) if problem.entry_id else None,
                "detail": problem.detail,
            }
            for problem in report.problems
        ],
    }
