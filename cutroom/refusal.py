"""Why a start was refused."""


class StartRefused(RuntimeError):
    """The stack cannot start as asked; the message is one sentence for the user."""
