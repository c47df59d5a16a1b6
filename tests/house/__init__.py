"""The house: embedded servers, supervisor, environment."""
