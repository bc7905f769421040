import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import catalog.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("catalog", "0002_people_and_jobs"),
        ("console", "0001_people_tokens_jobs"),
        ("retention", "0001_legal_holds"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SubjectRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("reference", models.CharField(max_length=20, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("access", "Access, Art. 15"), ("erasure", "Erasure, Art. 17")],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("identity pending", "Identity pending"),
                            ("verified", "Identity verified"),
                            ("searching", "Searching"),
                            ("found", "Data found"),
                            ("planned", "Awaiting approval"),
                            ("approved", "Approved"),
                            ("executing", "Executing"),
                            ("complete", "Complete"),
                            ("residual found", "Residual found"),
                            ("failed", "Failed"),
                            ("rejected", "Rejected"),
                        ],
                        default="received",
                        max_length=20,
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("form", "Public form"),
                            ("officer", "Entered by an officer"),
                            ("api", "API"),
                        ],
                        max_length=10,
                    ),
                ),
                ("regime", models.CharField(default="EU-GDPR", max_length=40)),
                ("received_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("due_on", models.DateField()),
                ("extended", models.BooleanField(default=False)),
                ("extension_reason", models.CharField(blank=True, max_length=300)),
                ("subject", models.CharField(max_length=60)),
                ("verified_at", models.DateTimeField(null=True)),
                ("verified_how", models.CharField(blank=True, max_length=200)),
                ("problem", models.CharField(blank=True, max_length=500)),
                ("searched_at", models.DateTimeField(null=True)),
                ("unsearched", models.JSONField(default=list)),
                ("residue", models.JSONField(default=list)),
                ("outcome", models.CharField(blank=True, max_length=300)),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "handled_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="console.job",
                    ),
                ),
            ],
            options={
                "db_table": "erasure_request",
                "ordering": ["-received_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Plan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.IntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("blocked", "Blocked"),
                            ("proposed", "Awaiting approval"),
                            ("approved", "Approved"),
                            ("executing", "Executing"),
                            ("executed", "Executed"),
                            ("stale", "Overtaken"),
                            ("rejected", "Rejected"),
                            ("stopped", "Stopped"),
                        ],
                        max_length=10,
                    ),
                ),
                ("fingerprint", models.CharField(max_length=64)),
                ("problems", models.JSONField(default=list)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decision_reason", models.CharField(blank=True, max_length=300)),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="plans",
                        to="erasure.subjectrequest",
                    ),
                ),
            ],
            options={
                "db_table": "erasure_plan",
                "ordering": ["-number"],
            },
        ),
        migrations.CreateModel(
            name="Package",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("size", models.BigIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("rows", models.BigIntegerField()),
                ("link_digest", models.CharField(max_length=64, unique=True)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("expires_at", models.DateTimeField()),
                ("downloads", models.IntegerField(default=0)),
                (
                    "request",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="package",
                        to="erasure.subjectrequest",
                    ),
                ),
            ],
            options={
                "db_table": "erasure_package",
            },
        ),
        migrations.CreateModel(
            name="IdentityCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("sent_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="identity_checks",
                        to="erasure.subjectrequest",
                    ),
                ),
            ],
            options={
                "db_table": "erasure_identity_check",
                "ordering": ["-sent_at"],
            },
        ),
        migrations.CreateModel(
            name="Identifier",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("category", models.CharField(choices=catalog.models.categories, max_length=60)),
                ("lookup", models.BinaryField(max_length=32)),
                ("sealed", models.BinaryField(null=True)),
                ("verified", models.BooleanField(default=False)),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="identifiers",
                        to="erasure.subjectrequest",
                    ),
                ),
            ],
            options={
                "db_table": "erasure_identifier",
            },
        ),
        migrations.CreateModel(
            name="Hit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("depth", models.IntegerField()),
                ("rows", models.BigIntegerField()),
                (
                    "routes",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None),
                ),
                ("sealed_keys", models.BinaryField(null=True)),
                ("found_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "data_set",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.dataset"
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hits",
                        to="erasure.subjectrequest",
                    ),
                ),
            ],
            options={
                "db_table": "erasure_hit",
                "ordering": ["depth", "data_set__system__name", "data_set__name"],
            },
        ),
        migrations.CreateModel(
            name="PackagePart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.IntegerField()),
                ("sealed", models.BinaryField()),
                (
                    "package",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="erasure.package",
                    ),
                ),
            ],
            options={
                "db_table": "erasure_package_part",
                "ordering": ["number"],
                "constraints": [models.UniqueConstraint(fields=("package", "number"), name="part_once")],
            },
        ),
        migrations.CreateModel(
            name="Step",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.IntegerField()),
                ("method", models.CharField(max_length=20)),
                ("identity", models.BooleanField(default=False)),
                ("replacements", models.JSONField(default=dict)),
                ("written", models.JSONField(default=list)),
                ("kept", models.JSONField(default=list)),
                ("reason", models.CharField(blank=True, max_length=400)),
                ("schema_digest", models.CharField(max_length=64)),
                ("keys_digest", models.CharField(max_length=64)),
                ("rows_before", models.BigIntegerField()),
                ("rows_after", models.BigIntegerField(null=True)),
                ("cursor", models.BigIntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("problem", models.CharField(blank=True, max_length=500)),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "data_set",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.dataset"
                    ),
                ),
                (
                    "hit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="erasure.hit"
                    ),
                ),
                (
                    "hold",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="retention.hold",
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="erasure.plan"
                    ),
                ),
            ],
            options={
                "db_table": "erasure_step",
                "ordering": ["position"],
                "constraints": [
                    models.UniqueConstraint(fields=("plan", "position"), name="step_position_once")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="subjectrequest",
            index=models.Index(fields=["state", "due_on"], name="request_by_state"),
        ),
        migrations.AddIndex(
            model_name="subjectrequest",
            index=models.Index(fields=["subject"], name="request_by_subject"),
        ),
        migrations.AddConstraint(
            model_name="plan",
            constraint=models.UniqueConstraint(fields=("request", "number"), name="plan_number_once"),
        ),
        migrations.AddConstraint(
            model_name="plan",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["proposed", "approved", "executing"])),
                fields=("request",),
                name="one_plan_in_force",
            ),
        ),
        migrations.AddIndex(
            model_name="identifier",
            index=models.Index(fields=["lookup"], name="identifier_by_lookup"),
        ),
        migrations.AddConstraint(
            model_name="identifier",
            constraint=models.UniqueConstraint(
                fields=("request", "category", "lookup"), name="identifier_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="hit",
            constraint=models.UniqueConstraint(fields=("request", "data_set"), name="hit_once_per_request"),
        ),
    ]
