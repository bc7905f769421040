import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Organisation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                (
                    "contact",
                    models.TextField(help_text="Postal address, e-mail and telephone of the controller."),
                ),
                (
                    "representative",
                    models.TextField(blank=True, help_text="Art. 27 representative, where there is one."),
                ),
                (
                    "officer_name",
                    models.CharField(blank=True, max_length=200, verbose_name="data protection officer"),
                ),
                ("officer_contact", models.TextField(blank=True, verbose_name="contact of the officer")),
                (
                    "joint_controllers",
                    models.TextField(blank=True, help_text="Name and contact of each, where there are any."),
                ),
                (
                    "country",
                    models.CharField(
                        default="DE",
                        help_text="Two letters; decides which public holidays move a deadline.",
                        max_length=2,
                    ),
                ),
            ],
            options={
                "db_table": "activities_organisation",
            },
        ),
        migrations.CreateModel(
            name="ProcessingActivity",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=160, unique=True)),
                ("purpose", models.TextField(help_text="Why the data are processed. Art. 30(1)(b).")),
                (
                    "lawful_basis",
                    models.CharField(
                        choices=[
                            ("consent", "Consent, Art. 6(1)(a)"),
                            ("contract", "Contract, Art. 6(1)(b)"),
                            ("legal_obligation", "Legal obligation, Art. 6(1)(c)"),
                            ("vital_interests", "Vital interests, Art. 6(1)(d)"),
                            ("public_task", "Public task, Art. 6(1)(e)"),
                            ("legitimate_interests", "Legitimate interests, Art. 6(1)(f)"),
                        ],
                        max_length=24,
                    ),
                ),
                (
                    "special_condition",
                    models.CharField(
                        blank=True,
                        help_text="For special categories of data: the condition of Art. 9(2) relied on.",
                        max_length=200,
                        verbose_name="Art. 9 condition",
                    ),
                ),
                (
                    "subject_categories",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=80),
                        help_text="Customers, employees, visitors … Art. 30(1)(c).",
                        size=None,
                    ),
                ),
                (
                    "recipients",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=160),
                        blank=True,
                        default=list,
                        help_text="Who receives data. Art. 30(1)(d).",
                        size=None,
                    ),
                ),
                (
                    "transfers",
                    models.TextField(
                        blank=True, help_text="Third countries or international organisations. Art. 30(1)(e)."
                    ),
                ),
                (
                    "safeguards",
                    models.TextField(
                        blank=True, help_text="The safeguards for these transfers. Art. 30(1)(e)."
                    ),
                ),
                (
                    "time_limits",
                    models.TextField(
                        blank=True,
                        help_text="Per category of data where possible. Art. 30(1)(f).",
                        verbose_name="time limits for erasure",
                    ),
                ),
                (
                    "security_measures",
                    models.TextField(blank=True, help_text="In general terms. Art. 30(1)(g), Art. 32(1)."),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("changed_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "verbose_name_plural": "processing activities",
                "db_table": "activities_activity",
                "ordering": ["name"],
            },
        ),
    ]
