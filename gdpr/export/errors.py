"""Why an export ends without an archive, and why an archive is not loaded."""


class Superseded(Exception):
    """Another process makes this export now, or nobody wants it any more."""


class NotMade(Exception):
    """The export cannot be made, and trying again would not help."""


class NotImportable(Exception):
    """The archive is not what it says, or this installation has no room for what is in it."""
