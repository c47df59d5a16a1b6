"""Files people bring: received in pieces (`receiving`), then looked at and kept clean (`taking`)."""
