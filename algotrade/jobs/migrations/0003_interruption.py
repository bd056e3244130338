from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0002_progress_from"),
    ]

    operations = [
        migrations.AddField(
            model_name="job",
            name="interruption",
            field=models.CharField(
                blank=True,
                default="",
                db_default="",
                help_text="Why the attempt before this one came to nothing.",
                max_length=300,
            ),
        ),
    ]
