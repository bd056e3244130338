"""What the documents say is what the project does."""

import ast
import re
import textwrap
from pathlib import Path

from algotrade.tests.settings_read import variables_read

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")


def read(name):
    return (ROOT / name).read_text()


def code_blocks(name, language):
    return re.findall(rf"```{language}\n(.*?)```", read(name), re.S)


def documents():
    return [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + list(
        ROOT.glob("docs/*.md")
    )


def test_the_settings_table_lists_exactly_what_is_read():
    listed = re.findall(r"^\| `([A-Z_]+)` \|", read("docs/operations.md"), re.M)
    assert len(listed) == len(set(listed))
    assert set(listed) == variables_read()


def test_each_link_between_documents_leads_somewhere():
    for document in documents():
        for target in LINK.findall(document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_no_document_is_missing_from_the_readme():
    readme = read("README.md")
    for document in ROOT.glob("docs/*.md"):
        assert f"docs/{document.name}" in readme


def test_the_readme_stays_short():
    assert len(read("README.md").split()) < 700


def test_the_recipes_are_the_ones_that_tests_try():
    strategies = read("strategies/tests/test_contributing_recipes.py")
    provider = read("marketdata/tests/test_contributing_recipe.py")
    tried = {"RisingCloses": _string_constant(strategies, "STRATEGY_FILE"),
             "momentum": strategies, "MoonPhaseProvider": provider}  # fmt: skip
    blocks = code_blocks("CONTRIBUTING.md", "python")
    assert len(blocks) == len(tried)
    for block, (name, source) in zip(blocks, tried.items(), strict=True):
        assert _definition(block, name) == _definition(source, name)


def test_the_recipes_name_tests_that_exist():
    for path in re.findall(r"`([\w/]+\.py)`", read("CONTRIBUTING.md")):
        places = (ROOT / path, ROOT / "strategies/indicators" / path)
        assert any(place.exists() for place in places), path


def test_the_commands_that_documents_name_exist():
    manual = read("deploy/devtools/cli.py")
    for document in documents():
        for command in re.findall(r"\./dev (\w+)", document.read_text()):
            assert f'"{command}":' in manual, f"{document.name}: ./dev {command}"


def _string_constant(source, name):
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == name:
            return node.value.value
    raise AssertionError(name)


def _definition(source, name):
    """The class or function of this name as a syntax tree, so that only its meaning is compared."""
    for node in ast.walk(ast.parse(textwrap.dedent(source))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            return ast.dump(node)
    raise AssertionError(f"{name} is not defined")
