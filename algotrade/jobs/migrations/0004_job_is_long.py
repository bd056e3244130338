from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0003_interruption"),
    ]

    operations = [
        migrations.AddField(
            model_name="job",
            name="is_long",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
