"""The whole product under many people at once: `make load`."""
