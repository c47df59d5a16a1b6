"""The test suite; the cast is in cast.py, the database harness in conftest.py."""
