"""The HTTP API of the rendering app: one module a resource, each view one service call."""
