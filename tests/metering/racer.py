"""A worker process of the race: sixteen clients that reserve and settle each key of a list, in any order.

Run as `python -m tests.metering.racer <tenant id> <keys>`; says "up" once it can begin.
"""

from __future__ import annotations

import os
import random
import sys
from datetime import UTC, datetime
from uuid import UUID

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")

import django

django.setup()

from metering import services  # noqa: E402  # models can be imported only now
from metering.errors import QuotaExceeded  # noqa: E402
from metering.meters import Meter  # noqa: E402
from tenants.context import tenant_context  # noqa: E402
from tests.threads import at_once  # noqa: E402

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
CLIENTS = 16
AMOUNTS = {Meter.IMAGES: 5, Meter.RENDER: 5 * 60_000, Meter.UPLOADS: 10}


def render(tenant_id: UUID, key: str) -> None:
    """Hold three meters and, where that was admitted, settle all but one unit of each."""
    try:
        with tenant_context(tenant_id):
            services.reserve(tenant_id=tenant_id, key=key, amounts=AMOUNTS, at=AT)
    except QuotaExceeded:
        return
    with tenant_context(tenant_id):
        for meter, amount in sorted(AMOUNTS.items()):
            services.settle(
                tenant_id=tenant_id,
                reservation_key=key,
                event_key=f"{key}:{meter.value}",
                meter=meter,
                amount=amount - 1,
                subject=key,
                at=AT,
            )


def main() -> None:
    """Race through the keys in an order of this process's own."""
    tenant_id, keys = UUID(sys.argv[1]), [f"render:{number}" for number in range(int(sys.argv[2]))]
    random.shuffle(keys)
    print("up", flush=True)
    sys.stdin.readline()
    at_once(lambda number: render(tenant_id, keys[number]), count=len(keys), threads=CLIENTS)


if __name__ == "__main__":
    main()
