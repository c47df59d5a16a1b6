"""Announcements of the metering app, sent after commit."""

from django.dispatch import Signal

# Arguments: crossing (metering.thresholds.Crossing). Once per tenant, meter, period, limit and threshold.
threshold_crossed = Signal()
