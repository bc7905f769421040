"""Apache Spark: a session that stays on this machine unless told otherwise, and what its executors do."""
