"""Tests of privacy and backups."""
