"""Signing in and staying in: the numbers in test names are lines of docs/security.md."""
