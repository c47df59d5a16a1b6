"""The queues of Celery: one for each kind of render step, and one for everything else."""

DEFAULT = "default"
STEPS = ("image", "narration", "segment", "sound", "stitch")
ALL = (DEFAULT, *STEPS)
