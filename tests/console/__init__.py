"""The operator's console, as Olga uses it."""
