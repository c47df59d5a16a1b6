"""Export: everything of a workspace or a person as one ZIP, and back. Start at `services`."""
