"""`manage.py reset_quotas`: a fresh allowance, by an audited line of the ledger."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cutroom import clock, progress
from cutroom.errors import InvalidInput
from metering import corrections
from metering.meters import Meter
from tenants.context import tenant_context
from tenants.models import Tenant


class Command(BaseCommand):
    """Exit code 0 also when there was nothing to give back, 1 for an unknown tenant or no reason."""

    help = (
        "Give tenants a fresh allowance for the running period. No history is deleted: a new line in the "
        "ledger takes back what was used, and the audit log keeps the reason. Months begin by themselves; "
        "this is for making good. Storage is a level and is never reset."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which tenants and meters, and why."""
        parser.add_argument("--tenant", metavar="SLUG", help="only this tenant; all of them unless given")
        parser.add_argument("--meter", choices=[m.value for m in Meter if not m.is_level], help="only this")
        parser.add_argument("--reason", required=True, help="why, in ten characters or more; kept for ever")
        parser.add_argument("--dry-run", action="store_true", help="show it and write nothing")
        parser.add_argument("--json", action="store_true", help="one JSON document instead of sentences")

    def handle(self, *args: Any, **options: Any) -> None:
        """Reset tenant by tenant, each in its own transaction."""
        tenants = _tenants(options["tenant"])
        with progress.shown(is_wanted=not options["json"]):
            given = [
                {"tenant": tenant.slug, "meter": reset.meter.value, "amount": reset.meter.shown(reset.amount)}
                for tenant in progress.each("Tenants", tenants, total=len(tenants))
                for reset in _reset(tenant, options)
            ]
        if options["json"]:
            self.stdout.write(json.dumps({"is_dry_run": options["dry_run"], "resets": given}))
            return
        verb = "would be given back" if options["dry_run"] else "given back"
        for each in given:
            self.stdout.write(f"{each['tenant']}: {each['amount']} of {each['meter']} {verb}.")
        self.stdout.write(f"{len(given)} resets.")


def _tenants(slug: str | None) -> list[Tenant]:
    tenants = Tenant.objects.using("ops").order_by("slug")
    if slug is None:
        return list(tenants)
    found = list(tenants.filter(slug=slug))
    if not found:
        raise CommandError(f"There is no tenant {slug}.", returncode=1)
    return found


def _reset(tenant: Tenant, options: dict[str, Any]) -> list[corrections.Reset]:
    meter = Meter(options["meter"]) if options["meter"] else None
    at = clock.now()
    try:
        with tenant_context(tenant.pk):
            if options["dry_run"]:
                return corrections.resets(at=at, meter=meter)
            return corrections.reset(at=at, reason=options["reason"], author_id=None, meter=meter)
    except InvalidInput as error:
        raise CommandError(error.detail, returncode=1) from error
