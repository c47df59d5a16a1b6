"""What can keep an embedded server from running, said in sentences a user can act on."""


class EmbeddedError(RuntimeError):
    """An embedded server cannot be started or reached; the message says why and what to do."""
