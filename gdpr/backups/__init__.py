"""Backups: made, verified, kept, restored. Start at `making`; the manual is docs/backups.md."""
