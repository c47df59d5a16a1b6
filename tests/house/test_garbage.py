"""Python looks for garbage in every process of ours, though not while one starts."""

import gc


def test_it_is_looked_for_once_the_apps_are_there() -> None:
    assert gc.isenabled()
