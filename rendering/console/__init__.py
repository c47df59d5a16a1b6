"""The operator's side of rendering: what home says of it, the lists and pages of jobs, and deeds on jobs."""

from rendering.console import deeds, facts, job_pages

__all__ = ["deeds", "facts", "job_pages"]
