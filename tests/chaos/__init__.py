"""Faults against the real stack: PostgreSQL, Redis, worker processes and their media children."""
