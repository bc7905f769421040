import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("activities", "0001_record_of_processing"),
        ("catalog", "0001_systems_and_columns"),
        ("console", "0001_people_tokens_jobs"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="change",
            name="job",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="console.job"
            ),
        ),
        migrations.AddField(
            model_name="column",
            name="reviewed_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="dataset",
            name="activities",
            field=models.ManyToManyField(
                blank=True, related_name="data_sets", to="activities.processingactivity"
            ),
        ),
        migrations.AddField(
            model_name="column",
            name="data_set",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="columns", to="catalog.dataset"
            ),
        ),
        migrations.AddField(
            model_name="change",
            name="data_set",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="changes", to="catalog.dataset"
            ),
        ),
        migrations.AddField(
            model_name="label",
            name="column",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="labels", to="catalog.column"
            ),
        ),
        migrations.AddField(
            model_name="label",
            name="made_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="link",
            name="decided_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="link",
            name="source",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="links_out", to="catalog.dataset"
            ),
        ),
        migrations.AddField(
            model_name="link",
            name="target",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="links_in", to="catalog.dataset"
            ),
        ),
        migrations.AddField(
            model_name="system",
            name="custodian",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="systems",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="dataset",
            name="system",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="data_sets", to="catalog.system"
            ),
        ),
        migrations.AddIndex(
            model_name="column",
            index=models.Index(fields=["data_set", "position"], name="column_by_place"),
        ),
        migrations.AddIndex(
            model_name="column",
            index=models.Index(fields=["category"], name="column_by_category"),
        ),
        migrations.AddIndex(
            model_name="column",
            index=models.Index(fields=["state", "-confidence"], name="column_by_review"),
        ),
        migrations.AddConstraint(
            model_name="column",
            constraint=models.UniqueConstraint(fields=("data_set", "name"), name="column_once_in_data_set"),
        ),
        migrations.AddConstraint(
            model_name="link",
            constraint=models.UniqueConstraint(
                fields=("source", "target", "source_columns", "target_columns"), name="link_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="link",
            constraint=models.CheckConstraint(
                condition=models.Q(("source_columns__len", models.F("target_columns__len"))),
                name="link_columns_pair_up",
            ),
        ),
        migrations.AddConstraint(
            model_name="dataset",
            constraint=models.UniqueConstraint(fields=("system", "name"), name="data_set_once_in_system"),
        ),
    ]
