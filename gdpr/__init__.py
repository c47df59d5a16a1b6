"""Privacy: export, erasure, retention and backups, all generated from what each app declares."""
