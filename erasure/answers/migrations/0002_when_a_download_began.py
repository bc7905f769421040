from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("answers", "0001_what_is_decided_before_an_answer")]

    operations = [
        migrations.AddField(model_name="link", name="begun_at", field=models.DateTimeField(null=True))
    ]
