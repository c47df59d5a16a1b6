"""Tenants: who owns a row, the walls between them, their storage keys and their audit log."""
