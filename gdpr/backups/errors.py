"""Why a backup, a verification or a restore did not happen. `exit_code` is that of the command."""


class BackupError(Exception):
    """It failed; the message says what and what to do. Nothing that was good before is worse now."""

    exit_code = 1


class Locked(BackupError):
    """Another backup runs on this database."""

    exit_code = 11


class Damaged(BackupError):
    """Stored bytes are not what the manifest promises, or the manifest is not ours."""


class Refused(BackupError):
    """What was asked for would do harm; the message says what to ask for instead."""


class DamagedObject(Damaged):
    """One stored object of the media is not what it was; `name` says which."""

    def __init__(self, name: str, trouble: Damaged) -> None:
        super().__init__(str(trouble))
        self.name = name
