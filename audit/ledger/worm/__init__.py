"""The log on storage that nobody can rewrite, for whoever trusts neither us nor our database."""
