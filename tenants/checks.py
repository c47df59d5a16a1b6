"""Start-up checks of the tenants app."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from django.db.utils import DatabaseError
from django.utils.module_loading import import_string

from tenants import conf

TOO_STRONG = """
SELECT rolsuper, rolbypassrls, EXISTS (
    SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relowner = r.oid AND n.nspname = 'public' AND c.relkind IN ('r', 'p'))
FROM pg_roles r WHERE rolname = current_user
"""


@register(Tags.security)
def resolvers_exist(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Every path in TENANTS_RESOLVERS can be imported."""
    problems: list[CheckMessage] = []
    for path in conf.resolvers():
        try:
            import_string(path)
        except ImportError as error:
            problems.append(Error(f"TENANTS_RESOLVERS names {path}: {error}", id="tenants.E001"))
    return problems


@register(Tags.database)
def app_role_is_weak(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """The role of `default` must not be able to step over row security."""
    if not databases or "default" not in databases:
        return []
    reasons = strong_reasons()
    if not reasons:
        return []
    hint = "Use a role with NOSUPERUSER NOBYPASSRLS that owns no table; see docs/deployment.md."
    return [Error(f"DATABASE_URL's role {' and '.join(reasons)}.", hint=hint, id="tenants.E002")]


def strong_reasons() -> list[str]:
    """Why the app role could bypass row security; empty when it cannot, or nobody answers."""
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute(TOO_STRONG)
            flags = cursor.fetchone()
    except DatabaseError:
        return []
    names = ("is a superuser", "has BYPASSRLS", "owns tables")
    return [name for name, is_set in zip(names, flags, strict=True) if is_set]
