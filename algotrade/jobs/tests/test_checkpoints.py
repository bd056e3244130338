"""Units of a job: its own, of one fingerprint and one release, and gone when it has ended."""

import uuid

from algotrade.jobs import checkpoints

JOB = uuid.UUID("11111111-2222-3333-4444-555555555555")


def test_units_are_those_of_one_job_and_one_fingerprint():
    kept = checkpoints.of_job(JOB, "data and parameters")
    kept.keep("unit", b"one")
    assert checkpoints.of_job(str(JOB), "data and parameters").load("unit") == b"one"
    assert checkpoints.of_job(JOB, "other data").load("unit") is None
    assert checkpoints.of_job(uuid.uuid4(), "data and parameters").load("unit") is None


def test_another_release_meets_no_units(monkeypatch):
    checkpoints.of_job(JOB, "same").keep("unit", b"one")
    monkeypatch.setattr(checkpoints, "code_version", lambda: "next release")
    assert checkpoints.of_job(JOB, "same").load("unit") is None


def test_a_change_of_a_source_or_a_library_is_another_release(monkeypatch, tmp_path):
    version = checkpoints.code_version.__wrapped__
    before = version()
    assert version() == before
    monkeypatch.setattr(checkpoints, "_version_of", lambda name: "99")
    other_library = version()
    monkeypatch.undo()
    source = tmp_path / "plugin.py"
    source.write_text("pass")
    monkeypatch.setattr(checkpoints, "_sources", lambda: [source])
    other_source = version()
    source.write_text("pass  # again")
    assert len({before, other_library, other_source, version()}) == 4


def test_a_change_anywhere_in_a_plug_in_that_is_a_package_is_another_release(monkeypatch, settings, tmp_path):
    inner = tmp_path / "lab_plugin_of_parts" / "inner"
    inner.mkdir(parents=True)
    for folder in (inner.parent, inner):
        (folder / "__init__.py").write_text("")
    (inner / "signals.py").write_text("LENGTH = 14")
    monkeypatch.syspath_prepend(str(tmp_path))
    settings.PLUGINS = ["lab_plugin_of_parts"]
    before = checkpoints.code_version.__wrapped__()
    (inner / "signals.py").write_text("LENGTH = 15")
    assert checkpoints.code_version.__wrapped__() != before


def test_what_a_job_kept_is_discarded_whole_and_twice_without_harm(settings):
    checkpoints.of_job(JOB, "one").keep("unit", b"one")
    checkpoints.of_job(JOB, "two").keep("unit", b"two")
    (settings.CHECKPOINT_ROOT / "something else").mkdir()
    assert checkpoints.job_ids() == [JOB]
    checkpoints.discard(JOB)
    checkpoints.discard(JOB)
    assert checkpoints.job_ids() == []
