import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('marketdata', '0003_writing_ahead'),
    ]

    operations = [
        migrations.RenameModel(old_name='Writing', new_name='WriteLease'),
        migrations.AlterModelOptions(
            name='writelease',
            options={'verbose_name': 'write lease', 'verbose_name_plural': 'write leases'},
        ),
        migrations.AlterField(
            model_name='writelease',
            name='series',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='write_lease', to='marketdata.series'),
        ),
    ]
