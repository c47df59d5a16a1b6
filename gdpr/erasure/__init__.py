"""Erasure: asked for, undone or purged, proved, and repeated after a restore. Start at `ledger`."""
