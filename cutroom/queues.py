"""The queues of Celery: one for each kind of render step, and four for everything else."""

DEFAULT = "default"
# Somebody waits for a sign-in link: nothing else may stand before it.
MAIL = "mail"
# Backups, exports, erasures: hours rather than seconds.
LONG = "long"
# Uploads to other sites: minutes of waiting for a slow line.
PUBLISH = "publish"
STEPS = ("image", "narration", "segment", "sound", "stitch")
OTHERS = (MAIL, DEFAULT, LONG, PUBLISH)
ALL = (*OTHERS, *STEPS)

_LONG_TASKS = ("back_up", "erase", "make_exports", "purge", "rehearse", "tidy_storage")
ROUTES = {
    "accounts.deliver_mail": {"queue": MAIL},
    **{f"gdpr.{task}": {"queue": LONG} for task in _LONG_TASKS},
}
"""Where the tasks go that are not rung with a queue of their own; the rest goes to `default`."""
