"""What people say of themselves."""

from __future__ import annotations

from uuid import UUID

from accounts.models import User
from cutroom.errors import InvalidInput


def rename(*, user_id: UUID, name: str) -> None:
    """Keep the name a person's teams read; empty shows the address. Raises InvalidInput for a longer one."""
    name, longest = " ".join(name.split()), User._meta.get_field("name").max_length
    if longest is not None and len(name) > longest:
        detail = f"Use at most {longest} characters."
        raise InvalidInput(errors=[{"field": "name", "code": "max_length", "detail": detail}])
    User.objects.filter(pk=user_id).update(name=name)
