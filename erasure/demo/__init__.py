"""The demo estate: a sample company with a shop database, exported files, staff and a record of processing.

Everything here goes through the verbs a person uses in the browser, so the ledger has it like any other work.
"""


class DemoProblem(Exception):
    """The demo cannot be set up here; a sentence with the remedy, no secret in it."""
