"""./dev: the environment that mends itself, the server that leaves nothing behind, the words for who is stuck."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from algotrade.tests.e2e.processes import eventually, members

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy"))

from devtools import checks, cli, environment, serving, words  # noqa: E402
from devtools.words import Stop, run_quietly  # noqa: E402

posix = pytest.mark.skipif(os.name != "posix", reason="signals and sessions are POSIX")


@pytest.fixture
def venv(tmp_path, monkeypatch):
    """A folder for an environment; packages are counted instead of installed."""
    folder = tmp_path / "venv"
    installed = []
    monkeypatch.setenv("LAB_VENV", str(folder))
    monkeypatch.setattr(environment, "_install", lambda venv, lock, uv: installed.append(lock))
    return folder, installed


@pytest.fixture(autouse=True)
def no_database_of_its_own(monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)


def test_the_environment_is_made_once_and_then_trusted(venv):
    folder, installed = venv
    python = environment.ensure("requirements.txt")
    assert subprocess.run([python, "-c", "import sys"], check=False).returncode == 0
    environment.ensure("requirements.txt")
    assert installed == ["requirements.txt"]
    assert json.loads((folder / environment.STAMP).read_text())["lock"] == "requirements.txt"


def test_the_development_environment_serves_the_demo_too(venv):
    _, installed = venv
    environment.ensure("requirements-dev.txt")
    environment.ensure("requirements.txt")
    assert installed == ["requirements-dev.txt"]


def test_a_changed_lock_is_installed(venv):
    folder, installed = venv
    environment.ensure("requirements.txt")
    stamp = json.loads((folder / environment.STAMP).read_text())
    (folder / environment.STAMP).write_text(json.dumps(stamp | {"sha256": "of the lock of yesterday"}))
    environment.ensure("requirements.txt")
    assert installed == ["requirements.txt"] * 2


def test_an_interrupted_set_up_is_made_anew(venv, monkeypatch, capsys):
    folder, installed = venv

    def cut_off(venv, lock, uv):
        (venv / "half-a-package").write_text("...")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(environment, "_install", cut_off)
        with pytest.raises(KeyboardInterrupt):
            environment.ensure("requirements.txt")
    assert (folder / environment.MARKER).exists()
    environment.ensure("requirements.txt")
    assert "interrupted" in capsys.readouterr().out
    assert not (folder / "half-a-package").exists()
    assert not (folder / environment.MARKER).exists()
    assert installed == ["requirements.txt"]


def test_a_folder_that_is_no_environment_is_left_alone(venv):
    folder, installed = venv
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    with pytest.raises(Stop, match="not a Python environment"):
        environment.ensure("requirements.txt")
    assert (folder / "thesis.txt").exists()
    assert installed == []


def test_a_python_that_is_too_new_is_refused_in_words(venv, monkeypatch):
    monkeypatch.setattr(environment, "NEWEST", (3, 10))
    with pytest.raises(Stop, match=r"newer than the locked packages support.*3\.11 to 3\.10"):
        environment.ensure("requirements.txt")


def test_a_python_that_is_too_old_is_refused_in_words():
    source = (ROOT / "dev").read_text().replace("OLDEST = (3, 11)", "OLDEST = (9, 0)")
    done = subprocess.run([sys.executable, "-c", source.replace("__file__", "'dev'"), "demo"], capture_output=True,
                          text=True, check=False)  # fmt: skip
    assert done.returncode == 2
    assert "needs Python 3.11 or newer; this is 3." in done.stderr


def test_a_missing_venv_module_names_the_package_to_install(venv, monkeypatch):
    monkeypatch.setenv("LAB_NO_UV", "1")
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Stop, match=r"apt install python3\.\d+-venv"):
        environment.ensure("requirements.txt")


def test_the_newest_python_is_one_that_the_lock_has_wheels_for():
    """Each wheel of numpy in the lock is hashed; a Python without any could only build from source."""
    assert sys.version_info[:2] <= environment.NEWEST
    assert "--hash=sha256:" in (ROOT / "requirements.txt").read_text()


def test_a_failing_command_shows_its_last_lines(tmp_path):
    argv = [sys.executable, "-c", "print('half way'); raise SystemExit('no route to the registry')"]
    with pytest.raises(Stop, match="no route to the registry") as stopped:
        run_quietly(argv, cwd=tmp_path)
    assert "half way" in str(stopped.value)


def test_what_pip_last_installed_is_told_and_not_what_it_clears_up(tmp_path, monkeypatch, capsys):
    said = "Collecting a\\nInstalling collected packages: a, b\\nSuccessfully uninstalled c"
    code = f"import time; print('{said}', flush=True); time.sleep(1)"
    monkeypatch.setattr(words, "QUIET_SECONDS", 0.4)
    run_quietly([sys.executable, "-c", code], cwd=tmp_path)
    told = capsys.readouterr().out
    assert "Installing collected packages" in told
    assert "uninstalled" not in told


def test_a_taken_port_gives_way_to_the_next_free_one():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        assert taken < serving.free_port(taken) <= taken + serving.PORTS_TRIED


def test_reset_deletes_the_labs_own_files_and_nothing_else(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    for name in ("lab.sqlite3", "lab.sqlite3-wal", "demo_logins.json", "secret_key", "notes.txt"):
        (tmp_path / name).write_text("x")
    (tmp_path / "media" / "snapshots").mkdir(parents=True, exist_ok=True)
    serving.reset()
    assert {path.name for path in tmp_path.iterdir()} == {"secret_key", "notes.txt"}
    assert "Deleting" in capsys.readouterr().out


def test_reset_does_not_touch_a_database_of_somebodys_own(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "postgres://lab@127.0.0.1/precious")
    (tmp_path / "media").mkdir(exist_ok=True)
    with pytest.raises(Stop, match="DATABASE_URL"):
        serving.reset()
    assert (tmp_path / "media").exists()


@posix
def test_a_second_server_on_the_same_data_is_refused_with_the_firsts_address(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    with serving.only_server():
        serving.note_address("http://127.0.0.1:8000/")
        with pytest.raises(Stop, match=r"already running: http://127\.0\.0\.1:8000/"), serving.only_server():
            pass
    with serving.only_server():
        pass


def test_unknown_commands_and_bad_options_say_what_is_possible(capsys):
    assert cli.main(["dmeo"]) == 2
    assert "./dev demo" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        cli.main(["demo", "--port", "99999"])
    assert "from 1 to 65535" in capsys.readouterr().err


@posix
@pytest.mark.slow
def test_the_demo_serves_filled_twice_and_leaves_no_process(tmp_path):
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (venv / "bin" / "python").chmod(0o755)
    environment._write_stamp(venv, "requirements-dev.txt")
    env = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    env |= {"LAB_VENV": str(venv), "DATA_DIR": str(tmp_path / "data"), "CI": "true"}
    first = _demo_until_served(env, tmp_path / "first.log")
    assert first.count("succeeded") == 9  # a backtest of each of the eight strategies, and a sweep
    second = _demo_until_served(env, tmp_path / "second.log")
    assert "succeeded" not in second, "the second start repeated the first"
    shown = [line for line in first.splitlines() if "log in as" in line]
    assert shown == [line for line in second.splitlines() if "log in as" in line]
    assert oct((tmp_path / "data" / "demo_logins.json").stat().st_mode)[-3:] == "600"


def _demo_until_served(env, log):
    with log.open("w") as output:
        demo = subprocess.Popen(
            [sys.executable, ROOT / "dev", "demo", "--no-browser", "--port", "18432"],
            env=env, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    eventually(
        lambda: "Ctrl-C stops" in log.read_text() or demo.poll() is not None, seconds=150, what="the demo"
    )
    assert demo.poll() is None, log.read_text()
    listed = subprocess.run(
        ["ps", "-eo", "pid=,ppid=,sess="], capture_output=True, text=True, check=True
    ).stdout
    rows = [tuple(map(int, line.split())) for line in listed.splitlines()]
    sessions = [demo.pid, *(session for _, parent, session in rows if parent == demo.pid)]
    assert len(members(sessions)) >= 2
    demo.terminate()
    assert demo.wait(timeout=30) == 0, log.read_text()
    assert members(sessions) == []
    return log.read_text()


HOLE = {"name": "leaky", "version": "1.0", "vulns": [{"id": "PYSEC-1"}]}


@posix
@pytest.mark.parametrize(
    ("says", "content", "words_said"),
    [
        (
            json.dumps({"dependencies": [{"name": "fine", "version": "1.0", "vulns": []}]}),
            True,
            "passed: 1 packages",
        ),
        (json.dumps({"dependencies": [HOLE]}), False, "leaky 1.0: PYSEC-1"),
        ("", True, "skipped: the list of known holes"),
        ("ERROR: no route to pypi.org", True, "skipped: the list of known holes"),
    ],
    ids=["no-holes", "a-hole", "no-answer", "an-error"],
)
def test_known_holes_fail_the_check_and_being_offline_does_not(tmp_path, capsys, says, content, words_said):
    tool = tmp_path / "pip-audit"
    tool.write_text(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\nexit 1\n")
    tool.chmod(0o755)
    assert checks.audited(tool) is content
    told = capsys.readouterr()
    assert words_said in told.out + told.err
    assert checks.audited(tmp_path / "missing")


@posix
@pytest.mark.parametrize("by", ["command", "settings"])
def test_a_new_folder_of_data_is_its_owners_alone(monkeypatch, tmp_path, by):
    folder = tmp_path / "data"
    monkeypatch.setenv("DATA_DIR", str(folder))
    if by == "command":
        serving.lab_environment()
    else:
        subprocess.run([sys.executable, "-c", "import algotrade.env"], cwd=ROOT, check=True)
    assert folder.stat().st_mode & 0o777 == 0o700
