"""What can be measured by itself: the names that `--only` takes."""

RENDERING = ("encoder", "ffmpeg", "quality", "moviepy", "edit", "draft", "4k", "cached", "queries", "crowd")
SERVICE = ("signed-in", "moves", "look-ups", "export", "growth", "console", "memory")
