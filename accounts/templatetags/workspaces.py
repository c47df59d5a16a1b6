"""The menu of workspaces in the header of every signed-in page."""

from __future__ import annotations

from typing import Any

from django import template

from accounts import workspaces

register = template.Library()


@register.inclusion_tag("accounts/_workspaces.html", takes_context=True)
def workspace_menu(context: dict[str, Any]) -> dict[str, Any]:
    """Where the person works now; with more than one workspace, a menu to switch. Costs one query."""
    principal = context.get("principal")
    if principal is None or principal.user_id is None:
        return {"principal": principal, "others": []}
    mine = workspaces.of(principal.user_id)
    others = [each for each in mine if each.tenant_id != principal.tenant_id]
    return {"principal": principal, "others": others, "csrf_token": context.get("csrf_token")}
