"""`base` is production; `dev` and `test` only loosen it."""
