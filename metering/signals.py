"""Announcements of the metering app."""

from django.dispatch import Signal

# Arguments: notice (metering.models.Notice). Sent for each notice once it is due, after the deed has
# committed and inside the transaction that marks the notice as announced: what a receiver writes commits
# with the mark, and a receiver that raises is asked again. Receivers must not call other services.
usage_notice = Signal()
