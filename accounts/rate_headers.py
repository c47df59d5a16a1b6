"""Tells callers how many requests they have left: RateLimit and RateLimit-Policy.

Fields as in draft-ietf-httpapi-ratelimit-headers-10: `RateLimit-Policy: "tenant";q=1200;w=60` is the rule,
`RateLimit: "tenant";r=1187;t=42` what is left of it, and for how long.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from accounts import limits


class RateLimitHeadersMiddleware:
    """Adds the headers to every answer whose request was counted. Outside the middleware that counts."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with the headers, if anything was counted."""
        levels: list[limits.Level] = []
        token = limits.seen.set(levels)
        try:
            response = self.get_response(request)
        finally:
            limits.seen.reset(token)
        if levels:
            response["RateLimit-Policy"] = ", ".join(
                f'"{each.limit.policy}";q={each.limit.count};w={each.limit.seconds}' for each in levels
            )
            response["RateLimit"] = ", ".join(
                f'"{each.limit.policy}";r={each.left};t={each.resets_in}' for each in levels
            )
        return response
