"""The answer to a request for access or portability: read in batches, withheld where it is others', sealed as it goes."""
