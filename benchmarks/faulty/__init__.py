"""What `benchmarks.faults` is made of: an estate, a worker that can be struck at a named moment, and the checks."""
