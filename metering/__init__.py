"""Metering: what a tenant used, holds and may still use. Start with services.py."""
