"""Registers the jobs of this app."""
