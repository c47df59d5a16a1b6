"""Shares by project and member, overrides, credits, requests, notices and proofs."""

import django.db.models.deletion
import django.db.models.manager
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('metering', '0004_tenant_index'),
        ('tenants', '0006_audit_links'),
    ]

    operations = [
        migrations.CreateModel(
            name='AlertChoice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('percents', models.JSONField(default=list)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'everywhere',
                'default_manager_name': 'objects',
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('everywhere', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='CreditDraw',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('meter', models.CharField(choices=[('images_count', 'images'), ('tts_minutes', 'narration minutes'), ('render_minutes', 'render minutes'), ('storage_gb', 'storage'), ('uploads_count', 'uploads')], max_length=16)),
                ('period_start', models.DateField()),
                ('amount', models.BigIntegerField()),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'everywhere',
                'default_manager_name': 'objects',
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('everywhere', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='CreditLot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=200)),
                ('meter', models.CharField(choices=[('images_count', 'images'), ('tts_minutes', 'narration minutes'), ('render_minutes', 'render minutes'), ('storage_gb', 'storage'), ('uploads_count', 'uploads')], max_length=16)),
                ('amount', models.BigIntegerField()),
                ('remaining', models.BigIntegerField()),
                ('expires_at', models.DateTimeField(null=True)),
                ('reason', models.CharField(max_length=500)),
                ('author_id', models.UUIDField(null=True)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'everywhere',
                'default_manager_name': 'objects',
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('everywhere', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='LimitOverride',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('meter', models.CharField(choices=[('images_count', 'images'), ('tts_minutes', 'narration minutes'), ('render_minutes', 'render minutes'), ('storage_gb', 'storage'), ('uploads_count', 'uploads')], max_length=16)),
                ('kind', models.CharField(choices=[('at_least', 'at least'), ('exactly', 'exactly')], max_length=8)),
                ('limit_amount', models.BigIntegerField(null=True)),
                ('slack_percent', models.SmallIntegerField(null=True)),
                ('reason', models.CharField(max_length=500)),
                ('author_id', models.UUIDField(null=True)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'everywhere',
                'default_manager_name': 'objects',
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('everywhere', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='LimitRequest',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('meter', models.CharField(choices=[('images_count', 'images'), ('tts_minutes', 'narration minutes'), ('render_minutes', 'render minutes'), ('storage_gb', 'storage'), ('uploads_count', 'uploads')], max_length=16)),
                ('wanted_amount', models.BigIntegerField()),
                ('limit_amount', models.BigIntegerField(null=True)),
                ('note', models.CharField(max_length=1000)),
                ('asked_by', models.UUIDField(null=True)),
                ('created_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('open', 'open'), ('granted', 'granted'), ('declined', 'declined')], default='open', max_length=8)),
                ('decided_at', models.DateTimeField(null=True)),
                ('decided_by', models.UUIDField(null=True)),
                ('answer', models.CharField(blank=True, max_length=500)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'everywhere',
                'default_manager_name': 'objects',
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('everywhere', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=200)),
                ('kind', models.CharField(choices=[('threshold', 'threshold reached'), ('reset', 'starts again'), ('granted', 'request granted'), ('declined', 'request declined')], max_length=16)),
                ('meter', models.CharField(choices=[('images_count', 'images'), ('tts_minutes', 'narration minutes'), ('render_minutes', 'render minutes'), ('storage_gb', 'storage'), ('uploads_count', 'uploads')], max_length=16)),
                ('detail', models.JSONField(default=dict)),
                ('user_id', models.UUIDField(null=True)),
                ('created_at', models.DateTimeField()),
                ('due_at', models.DateTimeField()),
                ('announced_at', models.DateTimeField(null=True)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'everywhere',
                'default_manager_name': 'objects',
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('everywhere', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='SimulatedRefusal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=200)),
                ('meter', models.CharField(choices=[('images_count', 'images'), ('tts_minutes', 'narration minutes'), ('render_minutes', 'render minutes'), ('storage_gb', 'storage'), ('uploads_count', 'uploads')], max_length=16)),
                ('period_start', models.DateField()),
                ('requested', models.BigIntegerField()),
                ('taken', models.BigIntegerField()),
                ('limit_amount', models.BigIntegerField()),
                ('at', models.DateTimeField()),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'everywhere',
                'default_manager_name': 'objects',
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('everywhere', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='StorageCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('stored_bytes', models.BigIntegerField()),
                ('level_bytes', models.BigIntegerField()),
                ('corrected_bytes', models.BigIntegerField(default=0)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'everywhere',
                'default_manager_name': 'objects',
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('everywhere', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='UsageSegment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.DateField()),
                ('part', models.PositiveSmallIntegerField()),
                ('storage_key', models.CharField(max_length=200)),
                ('lines', models.BigIntegerField()),
                ('last_id', models.BigIntegerField()),
                ('totals', models.JSONField(default=dict)),
                ('sha256', models.CharField(max_length=64)),
                ('sealed_at', models.DateTimeField()),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'everywhere',
                'default_manager_name': 'objects',
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('everywhere', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='UsageShare',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('meter', models.CharField(choices=[('images_count', 'images'), ('tts_minutes', 'narration minutes'), ('render_minutes', 'render minutes'), ('storage_gb', 'storage'), ('uploads_count', 'uploads')], max_length=16)),
                ('period_start', models.DateField()),
                ('kind', models.CharField(choices=[('project', 'project'), ('member', 'member')], max_length=8)),
                ('sharer_id', models.UUIDField(null=True)),
                ('amount', models.BigIntegerField()),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'everywhere',
                'default_manager_name': 'objects',
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('everywhere', django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddField(
            model_name='quotacounter',
            name='credited',
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AlterField(
            model_name='quotacounter',
            name='tenant',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant'),
        ),
        migrations.AlterField(
            model_name='reservation',
            name='tenant',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant'),
        ),
        migrations.AlterField(
            model_name='usagedaily',
            name='tenant',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant'),
        ),
        migrations.AlterField(
            model_name='usageevent',
            name='tenant',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant'),
        ),
        migrations.AddConstraint(
            model_name='quotacounter',
            constraint=models.CheckConstraint(condition=models.Q(('credited__gte', 0)), name='quota_counter_credited'),
        ),
        migrations.AddField(
            model_name='alertchoice',
            name='tenant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant'),
        ),
        migrations.AddField(
            model_name='creditdraw',
            name='tenant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant'),
        ),
        migrations.AddField(
            model_name='creditlot',
            name='tenant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant'),
        ),
        migrations.AddField(
            model_name='creditdraw',
            name='lot',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='draws', to='metering.creditlot'),
        ),
        migrations.AddField(
            model_name='limitoverride',
            name='tenant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant'),
        ),
        migrations.AddField(
            model_name='limitrequest',
            name='override',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='metering.limitoverride'),
        ),
        migrations.AddField(
            model_name='limitrequest',
            name='tenant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant'),
        ),
        migrations.AddField(
            model_name='notice',
            name='tenant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant'),
        ),
        migrations.AddField(
            model_name='simulatedrefusal',
            name='tenant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant'),
        ),
        migrations.AddField(
            model_name='storagecount',
            name='tenant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant'),
        ),
        migrations.AddField(
            model_name='usagesegment',
            name='tenant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant'),
        ),
        migrations.AddField(
            model_name='usageshare',
            name='tenant',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant'),
        ),
        migrations.AddConstraint(
            model_name='alertchoice',
            constraint=models.UniqueConstraint(fields=('tenant',), name='alert_choice_once'),
        ),
        migrations.AddIndex(
            model_name='creditlot',
            index=models.Index(condition=models.Q(('remaining__gt', 0)), fields=['tenant', 'meter', 'expires_at', 'id'], name='credit_lot_left'),
        ),
        migrations.AddConstraint(
            model_name='creditlot',
            constraint=models.UniqueConstraint(fields=('tenant', 'key'), name='credit_lot_once'),
        ),
        migrations.AddConstraint(
            model_name='creditlot',
            constraint=models.CheckConstraint(condition=models.Q(('remaining__gte', 0), ('remaining__lte', models.F('amount'))), name='credit_lot_remaining'),
        ),
        migrations.AddConstraint(
            model_name='creditdraw',
            constraint=models.UniqueConstraint(fields=('tenant', 'meter', 'period_start', 'lot'), name='credit_draw_once'),
        ),
        migrations.AddConstraint(
            model_name='creditdraw',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gte', 0)), name='credit_draw_amount'),
        ),
        migrations.AddConstraint(
            model_name='limitoverride',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('tenant', 'meter'), name='limit_override_open'),
        ),
        migrations.AddConstraint(
            model_name='limitoverride',
            constraint=models.CheckConstraint(condition=models.Q(('limit_amount__gte', 0), ('limit_amount', None), _connector='OR'), name='limit_override_amount'),
        ),
        migrations.AddIndex(
            model_name='limitrequest',
            index=models.Index(fields=['tenant', '-created_at', '-id'], name='limit_request_by_age'),
        ),
        migrations.AddIndex(
            model_name='limitrequest',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['created_at'], name='limit_request_queue'),
        ),
        migrations.AddConstraint(
            model_name='limitrequest',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('tenant', 'meter'), name='limit_request_open'),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(condition=models.Q(('announced_at', None)), fields=['due_at'], name='usage_notice_due'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.UniqueConstraint(fields=('tenant', 'key'), name='usage_notice_once'),
        ),
        migrations.AddConstraint(
            model_name='simulatedrefusal',
            constraint=models.UniqueConstraint(fields=('tenant', 'key', 'meter'), name='simulated_refusal_once'),
        ),
        migrations.AddIndex(
            model_name='storagecount',
            index=models.Index(fields=['tenant', '-at'], name='storage_count_by_time'),
        ),
        migrations.AddConstraint(
            model_name='usagesegment',
            constraint=models.UniqueConstraint(fields=('tenant', 'month', 'part'), name='usage_segment_once'),
        ),
        migrations.AddConstraint(
            model_name='usageshare',
            constraint=models.UniqueConstraint(fields=('tenant', 'meter', 'period_start', 'kind', 'sharer_id'), name='usage_share_once', nulls_distinct=False),
        ),
    ]
