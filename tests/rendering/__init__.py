"""Tests of the rendering app."""
