from django.db import migrations

BATCH = 200


def copy_verdicts(apps, schema_editor):
    """Lists show the verdict now, and never read whole reports for it."""
    models = apps.get_model("mlmodels", "MLModel").objects.filter(status="succeeded", verdict="")
    for model in models.only("pk", "metrics").iterator(BATCH):
        verdict = str((model.metrics.get("overall") or {}).get("verdict", ""))[:20]
        if verdict:
            models.filter(pk=model.pk).update(verdict=verdict)


class Migration(migrations.Migration):

    dependencies = [
        ('mlmodels', '0002_registry'),
    ]

    operations = [
        migrations.RunPython(copy_verdicts, migrations.RunPython.noop, elidable=True),
    ]
