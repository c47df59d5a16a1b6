"""The operator's side of rendering: what home says of it, the lists and pages of jobs, files, deeds."""

from rendering.console import deeds, facts, files, job_pages

__all__ = ["deeds", "facts", "files", "job_pages"]
