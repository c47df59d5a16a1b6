"""The operator's console under /admin: its site, and the seams by which each app adds what it knows.

Each app's module `console` declares its part: facts of the home page (`board`), pages and entries of the
navigation (`pages`), and what the search finds (`search`). Nothing here knows any app.
"""
