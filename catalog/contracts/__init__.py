"""What was agreed about data sets, as documents: read, compared, checked against what is there, put in force.

Everything here but `activating` and `standing` works without a database, so that a pipeline can check a contract.
"""
