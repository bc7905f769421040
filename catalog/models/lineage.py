"""Where data flow: names by which producers know data sets, their jobs and runs, and the edges between columns."""

from django.db import models

from catalog.models.inventory import Column, DataSet


class DataSetName(models.Model):
    """One name of a data set by OpenLineage's naming specification. Symlinks give a data set several."""

    namespace = models.CharField(max_length=400)
    name = models.CharField(max_length=400)
    data_set = models.ForeignKey(DataSet, on_delete=models.CASCADE, related_name="lineage_names")
    first_seen_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "catalog_data_set_name"
        ordering = ["namespace", "name"]
        constraints = [models.UniqueConstraint(fields=["namespace", "name"], name="data_set_name_once")]

    def __str__(self) -> str:
        return f"{self.namespace} {self.name}"


class LineageJob(models.Model):
    """A job as its producer names it; its latest facets."""

    namespace = models.CharField(max_length=400)
    name = models.CharField(max_length=400)
    kind = models.CharField(max_length=80, blank=True)
    description = models.TextField(blank=True)
    sql = models.TextField(blank=True)
    problem = models.CharField(max_length=500, blank=True)  # why its SQL says nothing, where it does not
    parent = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="children")
    facets = models.JSONField(default=dict)
    first_seen_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField()

    class Meta:
        db_table = "catalog_lineage_job"
        ordering = ["namespace", "name"]
        constraints = [models.UniqueConstraint(fields=["namespace", "name"], name="lineage_job_once")]

    def __str__(self) -> str:
        return f"{self.namespace} / {self.name}"


class LineageRun(models.Model):
    """One execution of a job. `state` is its latest event type."""

    run_id = models.UUIDField(unique=True)
    job = models.ForeignKey(LineageJob, on_delete=models.CASCADE, related_name="runs")
    state = models.CharField(max_length=10)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    last_event_at = models.DateTimeField()
    parent_run_id = models.UUIDField(null=True)

    class Meta:
        db_table = "catalog_lineage_run"
        ordering = ["-last_event_at"]

    def __str__(self) -> str:
        return f"{self.job} {self.run_id}"


class LineageEvent(models.Model):
    """An event as it was received, once: `digest` is SHA-256 over its canonical form."""

    class Kind(models.TextChoices):
        RUN = "run", "Run"
        DATA_SET = "data_set", "Data set"
        JOB = "job", "Job"

    digest = models.BinaryField(max_length=32, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    event_type = models.CharField(max_length=10, blank=True)
    event_time = models.DateTimeField()
    job = models.ForeignKey(LineageJob, on_delete=models.CASCADE, null=True, related_name="events")
    run = models.ForeignKey(LineageRun, on_delete=models.CASCADE, null=True, related_name="events")
    payload = models.JSONField()
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "catalog_lineage_event"
        ordering = ["-event_time", "-pk"]
        indexes = [models.Index(fields=["-event_time"], name="lineage_event_by_time")]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_type} {self.event_time:%Y-%m-%d %H:%M}"


class Edge(models.Model):
    """Content of the source gets into the target. Without columns it is known between the data sets only.

    DIRECT: the value comes from it. INDIRECT: it decides which or how many (join, filter, group by, sort, window,
    condition). With `masking` the value cannot be told from the result: hash, count, constant replacement.
    """

    class Kind(models.TextChoices):
        DIRECT = "direct", "Direct"
        INDIRECT = "indirect", "Indirect"

    class Origin(models.TextChoices):
        EVENT = "event", "OpenLineage event"
        SQL = "sql", "Parsed SQL"
        VIEW = "view", "View of the store"
        DECLARED = "declared", "Declared"

    # By source alone it is found through `edge_once`; few edges are gone, so that live ones need no index of their own.
    source = models.ForeignKey(DataSet, on_delete=models.CASCADE, related_name="edges_out", db_index=False)
    source_column = models.ForeignKey(Column, on_delete=models.CASCADE, null=True, related_name="edges_out")
    target = models.ForeignKey(DataSet, on_delete=models.CASCADE, related_name="edges_in")
    target_column = models.ForeignKey(Column, on_delete=models.CASCADE, null=True, related_name="edges_in")
    job = models.ForeignKey(LineageJob, on_delete=models.CASCADE, null=True, related_name="edges")
    run = models.ForeignKey(LineageRun, on_delete=models.SET_NULL, null=True, related_name="edges")
    origin = models.CharField(max_length=10, choices=Origin.choices)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    subtype = models.CharField(
        max_length=40, blank=True
    )  # IDENTITY, TRANSFORMATION, AGGREGATION, JOIN, FILTER ...
    masking = models.BooleanField(default=False)
    evidence = models.CharField(max_length=500, blank=True)  # the expression or the facet it was read from
    confidence = models.FloatField(default=1)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "catalog_edge"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "source",
                    "source_column",
                    "target",
                    "target_column",
                    "job",
                    "origin",
                    "kind",
                    "subtype",
                    "masking",
                ],
                name="edge_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        source, target = self.source_column or self.source, self.target_column or self.target
        return f"{source} → {target}"

    def ledger_name(self) -> str:
        return str(self)
