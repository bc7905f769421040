"""The answer to a request for a copy: read in batches, without what is others', sealed as it is written."""
