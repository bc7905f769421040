import django.contrib.postgres.fields
from django.db import migrations, models

import catalog.models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Change",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("column_name", models.CharField(blank=True, max_length=400)),
                (
                    "sort",
                    models.CharField(
                        choices=[
                            ("data_set_added", "Data set added"),
                            ("data_set_gone", "Data set gone"),
                            ("data_set_back", "Data set back"),
                            ("column_added", "Column added"),
                            ("column_gone", "Column gone"),
                            ("column_back", "Column back"),
                            ("column_renamed", "Column renamed"),
                            ("column_changed", "Column changed"),
                        ],
                        max_length=16,
                    ),
                ),
                ("detail", models.CharField(blank=True, max_length=500)),
                ("seen_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "db_table": "catalog_change",
                "ordering": ["-seen_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Column",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=400)),
                ("position", models.IntegerField()),
                ("data_type", models.CharField(max_length=200)),
                ("kind", models.CharField(max_length=12)),
                ("nullable", models.BooleanField(default=True)),
                ("max_length", models.IntegerField(null=True)),
                ("unique", models.BooleanField(default=False)),
                ("generated", models.BooleanField(default=False)),
                ("category", models.CharField(blank=True, choices=catalog.models.categories, max_length=60)),
                (
                    "sensitivity",
                    models.CharField(blank=True, choices=catalog.models.sensitivities, max_length=12),
                ),
                ("confidence", models.FloatField(default=0)),
                (
                    "contains",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60), default=list, size=None
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("unreviewed", "Unreviewed"), ("confirmed", "Confirmed")],
                        default="unreviewed",
                        max_length=12,
                    ),
                ),
                ("reviewed_at", models.DateTimeField(null=True)),
                ("questioned", models.BooleanField(default=False)),
                ("sampled", models.IntegerField(null=True)),
                ("distinct", models.IntegerField(null=True)),
                ("first_seen_at", models.DateTimeField(auto_now_add=True)),
                ("gone_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "catalog_column",
                "ordering": ["data_set__system__name", "data_set__name", "position"],
            },
        ),
        migrations.CreateModel(
            name="DataSet",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=400)),
                ("kind", models.CharField(max_length=20)),
                (
                    "primary_key",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=list, size=None
                    ),
                ),
                ("row_estimate", models.BigIntegerField(null=True)),
                ("problem", models.CharField(blank=True, max_length=500)),
                ("first_seen_at", models.DateTimeField(auto_now_add=True)),
                ("gone_at", models.DateTimeField(null=True)),
                ("scanned_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "catalog_data_set",
                "ordering": ["system__name", "name"],
            },
        ),
        migrations.CreateModel(
            name="Label",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("origin", models.CharField(choices=[("scan", "Scan"), ("person", "Person")], max_length=12)),
                ("contained", models.BooleanField(default=False)),
                ("category", models.CharField(choices=catalog.models.categories, max_length=60)),
                ("sensitivity", models.CharField(choices=catalog.models.sensitivities, max_length=12)),
                ("confidence", models.FloatField()),
                ("evidence", models.JSONField(default=list)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("suggested", "Suggested"),
                            ("confirmed", "Confirmed"),
                            ("rejected", "Rejected"),
                            ("superseded", "Superseded"),
                        ],
                        max_length=12,
                    ),
                ),
                ("detector", models.CharField(blank=True, max_length=20)),
                ("made_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "db_table": "catalog_label",
                "ordering": ["-made_at", "-confidence"],
            },
        ),
        migrations.CreateModel(
            name="Link",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "source_columns",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None),
                ),
                (
                    "target_columns",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None),
                ),
                (
                    "origin",
                    models.CharField(
                        choices=[("foreign_key", "Foreign key"), ("declared", "Declared")], max_length=12
                    ),
                ),
                (
                    "follow",
                    models.CharField(
                        choices=[
                            ("owned", "Belongs to the person"),
                            ("reference", "Only refers to the person"),
                        ],
                        default="owned",
                        max_length=10,
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                ("gone_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "catalog_link",
                "ordering": ["source__name", "target__name"],
            },
        ),
        migrations.CreateModel(
            name="System",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, unique=True)),
                ("kind", models.CharField(choices=catalog.models.system_kinds, max_length=40)),
                (
                    "region",
                    models.CharField(
                        blank=True, help_text="Where the data lie: DE, us-east-1, EU.", max_length=40
                    ),
                ),
                ("settings", models.JSONField(default=dict)),
                ("secrets", models.BinaryField(null=True)),
                ("added_at", models.DateTimeField(auto_now_add=True)),
                ("crawled_at", models.DateTimeField(null=True)),
                ("scanned_at", models.DateTimeField(null=True)),
                ("problem", models.CharField(blank=True, max_length=500)),
            ],
            options={
                "db_table": "catalog_system",
                "ordering": ["name"],
            },
        ),
    ]
