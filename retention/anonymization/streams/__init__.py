"""Anonymizing a Kafka topic into another, message by message, each exactly once.

How it holds through any crash, with any broker that keeps order and nothing but acknowledged writes:

1. A stream owns its output topic and its dead-letter topic. Partition n of the source goes to partition n of both, in
   order, and each record carries the offset it was made from (`marks`).
2. One process at a time owns a partition: it holds a lock in PostgreSQL (`owning`) that ends with the process.
3. A batch is written in two steps, each acknowledged as a whole before the next: the dead letters, then the output
   (`delivering`). Only then the offsets are committed.
4. Who takes a partition over reads the end of both topics (`resuming`): everything up to the last offset in the
   output is done, and so are the dead letters behind it. It goes on from there, whatever was committed.
"""
