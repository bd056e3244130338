"""The database itself refuses to change or remove what was recorded.

On SQLite a migration that alters the table makes it anew, without its triggers: such a migration has to run
`append_only` again. A test tries raw SQL against the migrated table.
"""

from django.db import migrations

SQLITE = (
    """
    CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
    """,
    """
    CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry
    WHEN NOT EXISTS (SELECT 1 FROM audit_permit WHERE before > OLD.at)
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
    """,
    # REPLACE INTO removes the row that is in its way without asking the trigger above.
    """
    CREATE TRIGGER audit_entry_no_replace BEFORE INSERT ON audit_entry
    WHEN EXISTS (SELECT 1 FROM audit_entry WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
    """,
)
POSTGRESQL = (
    """
    CREATE FUNCTION audit_entry_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND EXISTS (SELECT 1 FROM audit_permit WHERE before > OLD.at) THEN
            RETURN OLD;
        END IF;
        IF TG_OP = 'TRUNCATE' AND EXISTS (SELECT 1 FROM audit_permit WHERE before > now()) THEN
            RETURN NULL;
        END IF;
        RAISE EXCEPTION 'the audit log is append-only';
    END $$
    """,
    """
    CREATE TRIGGER audit_entry_keep BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_entry_guard()
    """,
    """
    CREATE TRIGGER audit_entry_keep_all BEFORE TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_guard()
    """,
)
SQLITE_UNDONE = tuple(f"DROP TRIGGER audit_entry_no_{what}" for what in ("update", "delete", "replace"))
POSTGRESQL_UNDONE = (
    "DROP TRIGGER audit_entry_keep ON audit_entry",
    "DROP TRIGGER audit_entry_keep_all ON audit_entry",
    "DROP FUNCTION audit_entry_guard()",
)


def append_only(apps, schema_editor):
    _run(schema_editor, {"sqlite": SQLITE, "postgresql": POSTGRESQL})


def anything_goes(apps, schema_editor):
    _run(schema_editor, {"sqlite": SQLITE_UNDONE, "postgresql": POSTGRESQL_UNDONE})


def _run(schema_editor, statements):
    for statement in statements[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [migrations.RunPython(append_only, anything_goes, elidable=False)]
