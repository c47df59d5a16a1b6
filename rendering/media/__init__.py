"""Pixels and sound. No Django, no database: plain specs in, files out, always in a child process."""
