"""Whole journeys over HTTP against the running stack, as `make run` starts it."""
