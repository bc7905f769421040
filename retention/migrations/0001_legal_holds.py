import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("catalog", "0001_systems_and_columns"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Hold",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "keep_columns",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(),
                        help_text="What the reason requires to be kept.",
                        size=None,
                    ),
                ),
                (
                    "exemption",
                    models.CharField(
                        choices=[
                            ("a", "Freedom of expression and information, Art. 17(3)(a)"),
                            ("b", "Legal obligation or public task, Art. 17(3)(b)"),
                            ("c", "Public health, Art. 17(3)(c)"),
                            ("d", "Archiving, research or statistics, Art. 17(3)(d)"),
                            ("e", "Legal claims, Art. 17(3)(e)"),
                        ],
                        max_length=1,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        help_text="The law or claim, and why it covers these rows.", max_length=300
                    ),
                ),
                (
                    "until",
                    models.DateField(
                        blank=True, help_text="The last day; empty until somebody releases it.", null=True
                    ),
                ),
                ("placed_at", models.DateTimeField(auto_now_add=True)),
                ("released_at", models.DateTimeField(null=True)),
                (
                    "data_set",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="holds",
                        to="catalog.dataset",
                    ),
                ),
                (
                    "placed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "released_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "retention_hold",
                "ordering": ["data_set__name", "-placed_at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("released_at", None)),
                        fields=("data_set",),
                        name="one_hold_in_force_per_data_set",
                    )
                ],
            },
        ),
    ]
