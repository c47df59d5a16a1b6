"""The second step of signing in: authenticator apps, passkeys, recovery codes, and who must have one."""
