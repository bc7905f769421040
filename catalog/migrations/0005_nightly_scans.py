from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0004_search_by_parts_of_names")]

    operations = [
        migrations.AddField(
            "system",
            "nightly",
            models.BooleanField(
                "scan every night", default=False, help_text="At two o'clock, one system after the other."
            ),
        ),
    ]
