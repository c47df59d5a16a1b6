"""What can be measured by itself: the names that `--only` takes."""

RENDERING = ("encoder", "ffmpeg", "quality", "moviepy", "edit", "4k", "cached", "queries")
SERVICE = ("signed-in", "moves", "look-ups", "export", "growth", "console", "memory")
