"""Ground floor: errors, problem documents, dispatch, clock, embedded services and `run`. No models."""

VERSION = "1.0.0.dev0"
