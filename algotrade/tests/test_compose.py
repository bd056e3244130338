"""docker-compose.yml against the published schema, and against what really exists in this project."""

import importlib.util
import json
import re
import shlex
from pathlib import Path

import jsonschema
import pytest
import yaml
from celery import current_app
from django.core.management import get_commands
from django.urls import resolve

from algotrade.jobs.schedule import declared
from algotrade.tests.settings_read import variables_read

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = Path(__file__).parent / "compose_schema" / "compose-spec.json"
LAB = {"migrate", "web", "worker", "beat"}
WATCHING = {"prometheus", "grafana"}
# Read by Python, numba or the image itself rather than by the settings.
OF_THE_IMAGE = {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "NUMBA_CACHE_DIR"}
INTERPOLATION = re.compile(r"\$\{([A-Z_]+)(?::([-?])([^}]*))?\}")


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


@pytest.fixture(scope="module")
def services(compose):
    return compose["services"]


@pytest.fixture(scope="module")
def dockerfile():
    return (ROOT / "deploy" / "Dockerfile").read_text().replace("\\\n", " ")


def image_environment(dockerfile):
    last_stage = dockerfile.rsplit("\nFROM ", 1)[1]
    words = [word for line in re.findall(r"^ENV (.*)$", last_stage, re.M) for word in shlex.split(line)]
    return dict(word.split("=", 1) for word in words)


def env_example():
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_file_fits_the_compose_specification(compose):
    jsonschema.validate(compose, json.loads(SCHEMA.read_text()))


def test_a_misspelt_key_would_not_fit_the_specification(compose):
    broken = json.loads(json.dumps(compose))
    broken["services"]["web"]["comand"] = "daphne"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, json.loads(SCHEMA.read_text()))


def test_all_six_parts_are_there_and_two_that_watch_them(services):
    assert set(services) == {"postgres", "redis"} | LAB | WATCHING
    for name, service in services.items():
        assert service.get("profiles") == (["observing"] if name in WATCHING else None)


def test_each_dependency_exists_and_its_condition_can_be_met(services):
    for name, service in services.items():
        for needed, how in service.get("depends_on", {}).items():
            assert needed in services, f"{name} waits for {needed}, which is not there"
            if how["condition"] == "service_healthy":
                assert "healthcheck" in services[needed], f"{needed} can never be healthy: it has no check"
            if how["condition"] == "service_completed_successfully":
                assert services[needed]["restart"] == "no", f"{needed} would be restarted for ever"


def test_web_worker_and_beat_wait_for_the_migrations(services):
    for name in LAB - {"migrate"}:
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_each_volume_is_declared_and_each_declared_one_is_used(compose, services):
    used = {volume.split(":")[0] for service in services.values() for volume in service.get("volumes", [])}
    folders = {source for source in used if source.startswith("./")}
    assert used - folders == set(compose["volumes"])
    for folder in folders:
        assert (ROOT / folder).is_dir()


def test_who_reads_and_writes_snapshots_shares_one_folder(services, dockerfile):
    data_dir = image_environment(dockerfile)["DATA_DIR"]
    for name in ("migrate", "web", "worker"):
        assert services[name]["volumes"] == [f"lab-data:{data_dir}"]


def test_each_variable_given_to_the_lab_is_read_by_it(services):
    for name in LAB:
        unknown = set(services[name]["environment"]) - variables_read()
        assert not unknown, f"{name} is given {unknown}, which nothing reads"


def test_each_variable_set_in_the_image_is_read_by_somebody(dockerfile):
    assert set(image_environment(dockerfile)) - OF_THE_IMAGE <= variables_read()


def test_every_interpolated_variable_is_explained_in_the_example_and_nothing_else_is():
    text = (ROOT / "docker-compose.yml").read_text()
    assert {name for name, _, _ in INTERPOLATION.findall(text)} == set(env_example())


def test_the_example_repeats_the_defaults_of_the_file():
    text = (ROOT / "docker-compose.yml").read_text()
    example = env_example()
    for name, kind, default in INTERPOLATION.findall(text):
        if kind == "-":
            assert example[name] == default, name
        else:
            assert example[name] == "", f"{name} is a secret: the example must not hold one"


def test_all_parts_of_the_lab_share_one_database_and_one_broker(services):
    for name in LAB:
        environment = services[name]["environment"]
        assert (
            "@postgres:5432/" + services["postgres"]["environment"]["POSTGRES_DB"]
            in environment["DATABASE_URL"]
        )
        assert environment["DATABASE_URL"].startswith(
            f"postgres://{services['postgres']['environment']['POSTGRES_USER']}:"
        )
        assert environment["REDIS_URL"].startswith("redis://redis:")


def test_the_commands_name_programs_modules_and_tasks_that_exist(services):
    assert services["web"]["command"][0] == "daphne"
    module, _, attribute = services["web"]["command"][-1].partition(":")
    assert callable(getattr(importlib.import_module(module), attribute))
    for name in ("worker", "beat"):
        program, _, app, verb = services[name]["command"][:4]
        assert (program, verb) == ("celery", name)
        assert importlib.import_module(f"{app}.celery").app.main == app
    for program in ("daphne", "celery"):
        assert importlib.util.find_spec(program)
    for command in re.findall(r"manage\.py (\w+)", services["migrate"]["command"][-1]):
        assert command in get_commands(), command


def test_beat_reads_its_schedule_from_the_database_and_sends_tasks_that_workers_know(services, settings):
    command = services["beat"]["command"]
    scheduler = command[command.index("-S") + 1]
    assert scheduler == settings.CELERY_BEAT_SCHEDULER
    module, _, attribute = scheduler.partition(":")
    assert hasattr(importlib.import_module(module), attribute)
    current_app.loader.import_default_modules()
    assert not current_app.conf.beat_schedule, "beat would write it over what staff changed"
    for periodic in declared():
        assert periodic.task in current_app.tasks


def test_there_is_exactly_one_beat(services):
    assert "deploy" not in services["beat"]
    assert "scale" not in services["beat"]


def test_the_published_port_is_the_one_the_server_listens_on(services, dockerfile):
    command = services["web"]["command"]
    port = command[command.index("-p") + 1]
    published = services["web"]["ports"][0]
    assert published.endswith(f":{port}")
    assert published.startswith("127.0.0.1:"), "without TLS, only this machine may connect"
    assert f"EXPOSE {port}" in dockerfile
    assert services["web"]["healthcheck"]["test"][-1] == port


def test_the_health_check_asks_a_route_that_exists(services):
    script = ROOT / services["web"]["healthcheck"]["test"][2]
    path = re.search(r"\}(/[a-z/]+)\"", script.read_text())[1]
    assert resolve(path).url_name == "health"


def test_the_worker_is_asked_under_the_name_it_takes(services):
    # Celery's default node name is celery@ and the host name, which in a container is $HOSTNAME.
    assert "-n" not in services["worker"]["command"]
    assert services["worker"]["healthcheck"]["test"][1].endswith("celery@$$HOSTNAME")


def test_the_image_takes_files_that_exist_and_runs_without_root(dockerfile, services):
    for source in re.findall(r"^COPY (?!--from)(\S+) ", dockerfile, re.M):
        assert (ROOT / source).exists()
    assert re.findall(r"^USER (\S+)$", dockerfile, re.M) == ["lab"]
    assert "--require-hashes" in dockerfile
    for name in LAB:
        assert "user" not in services[name]
        assert (ROOT / services[name]["build"]["dockerfile"]).exists()


def test_what_the_image_builds_with_exists(dockerfile):
    commands = re.findall(r"manage\.py (\w+)", dockerfile)
    assert {"collectstatic", "warm_up"} <= set(commands) <= set(get_commands())


def test_nothing_that_the_lab_needs_is_kept_out_of_the_image():
    left_out = (ROOT / ".dockerignore").read_text().split()
    for needed in ("deploy", "templates", "static", "manage.py", "requirements.txt", "marketdata", "locale"):
        assert needed not in left_out
    for secret in (".env", "var", ".git"):
        assert secret in left_out


def test_prometheus_finds_web_and_workers_where_they_serve_their_figures(services):
    asked = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
    jobs = {job["job_name"]: job for job in asked["scrape_configs"]}
    command = services["web"]["command"]
    assert jobs["web"]["static_configs"] == [{"targets": [f"web:{command[command.index('-p') + 1]}"]}]
    (found,) = jobs["worker"]["dns_sd_configs"]
    worker = services["worker"]["environment"]
    assert (found["names"], found["port"]) == (["worker"], worker["WORKER_METRICS_PORT"])
    assert worker["WORKER_METRICS_ADDRESS"] == "0.0.0.0"
    assert "ports" not in services["worker"]
    shell = services["prometheus"]["entrypoint"][2]
    (written,) = re.findall(r'printf %s "\$\$METRICS_TOKEN" >(\S+)', shell)
    for job in jobs.values():
        assert job["authorization"] == {"credentials_file": written}
        assert job.get("metrics_path", "/metrics") == "/metrics"


def test_only_this_machine_reaches_grafana(services):
    (published,) = services["grafana"]["ports"]
    assert published.startswith("127.0.0.1:")
    assert "ports" not in services["prometheus"]
