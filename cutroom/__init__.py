"""Ground floor: errors, problem documents, dispatch, clock, embedded services and `run`. No models."""
