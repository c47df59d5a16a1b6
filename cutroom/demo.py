"""`make demo`: the whole product once, as an HTTP client sees it."""
def demo() -> int:
    return 0
