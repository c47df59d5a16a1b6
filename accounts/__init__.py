"""Accounts: who somebody is. Magic links, sessions, tokens, API keys and their mail."""
