"""Benchmarks of the render engine, run by `make bench`; what is measured is told in __main__.py."""
