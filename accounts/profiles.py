"""What people say of themselves."""

from __future__ import annotations

from uuid import UUID

from accounts.models import User
from cutroom.errors import InvalidInput
from tenants import team


def rename(*, user_id: UUID, name: str) -> None:
    """Keep the name a person's teams read; empty shows the address.

    Raises InvalidInput for one that is too long, or has characters that cannot be seen.
    """
    name, longest = " ".join(name.split()), User._meta.get_field("name").max_length
    if longest is not None and len(name) > longest:
        detail = f"Use at most {longest} characters."
        raise InvalidInput(errors=[{"field": "name", "code": "max_length", "detail": detail}])
    if team.has_unseen_marks(name):
        detail = "The name has characters that cannot be seen. Type it anew."
        raise InvalidInput(errors=[{"field": "name", "code": "invalid", "detail": detail}])
    User.objects.filter(pk=user_id).update(name=name)
