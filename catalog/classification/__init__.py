"""What a column holds: judged from its name and its values, without a database and without Django models.

`classify` in `scoring` is the way in; `vocabulary` has the words it answers with.
"""
