"""Videos on a tenant's own YouTube channel: connect it, publish to it, leave it. Start at `services`."""
