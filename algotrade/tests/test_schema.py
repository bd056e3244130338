"""The OpenAPI document is whole and true to its own rules; the page that shows it needs no other host."""

import re
from pathlib import Path

import pytest
import yaml
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.urls import reverse

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """Generated the strict way: a warning, an error or an invalid document raises."""
    path = tmp_path_factory.mktemp("schema") / "schema.yml"
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(path))
    return yaml.safe_load(path.read_text())


def operations(schema):
    return [
        (f"{method} {path}", operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    ]


def test_the_document_is_generated_without_a_warning_and_is_valid(schema):
    assert schema["openapi"].startswith("3.")
    assert len(operations(schema)) > 20


def test_every_operation_says_what_it_does_and_how_it_refuses(schema):
    for name, operation in operations(schema):
        assert operation.get("description"), f"{name} has no sentence"
        assert {"400", "401", "429"} <= set(operation["responses"]), name
        refusal = operation["responses"]["401"]["content"]["application/json"]["schema"]
        assert refusal == {"$ref": "#/components/schemas/Error"}, name


def test_tokens_are_described_and_the_doors_need_none(schema):
    assert schema["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    paths = schema["paths"]
    assert {"bearer": []} in paths["/api/strategies/"]["get"]["security"]
    for door in ("register", "login", "refresh", "logout"):
        assert {"bearer": []} not in paths[f"/api/auth/{door}/"]["post"].get("security", [])


def test_no_password_is_ever_in_an_answer(schema):
    for name, component in schema["components"]["schemas"].items():
        if not name.endswith("Request"):
            assert "password" not in component.get("properties", {}), name


@pytest.mark.django_db
def test_the_schema_is_served_to_all(client):
    response = client.get(reverse("api-schema"))
    assert response.status_code == 200
    assert b"openapi: 3" in response.content


@pytest.mark.django_db
def test_the_docs_page_uses_own_files_only_and_no_inline_code(client):
    page = client.get(reverse("api-docs"))
    assert page.status_code == 200
    text = page.content.decode()
    assert "unsafe" not in page["Content-Security-Policy"]
    assert "<style" not in text
    assert 'style="' not in text
    addresses = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert addresses
    for address in addresses:
        assert re.match(r"/(?!/)", address), f"{address} is another host's"
        if address.startswith("/static/"):
            assert Path(finders.find(address.removeprefix("/static/")) or "").is_file(), address
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    script = client.get(reverse("api-docs"), {"script": ""})
    assert script["Content-Type"].startswith("application/javascript")
    assert not re.search(r"https?://", script.content.decode())
