"""How the text of a file is written is said through every door: the wizard, the API, the command line."""

import json
from dataclasses import dataclass, field

import pytest
from django.core.management import CommandError, call_command

from marketdata.models import BarImport, Series
from marketdata.tests.conftest import load_bars, upload

pytestmark = pytest.mark.django_db(transaction=True)

UPLOADS, IMPORTS = "/api/market-data/uploads/", "/api/market-data/imports/"
NAMES = ("date", "open", "high", "low", "close", "volume")
DAYS = ("2024-01-02", "2024-01-03", "2024-01-04")


def table(delimiter=",", decimal=".", names=NAMES, more=()):
    """Three days that open at 10.5, 11.5 and 12.5; `more` cells at the end of each row."""
    rows = [names] if names else []
    for n, day in enumerate(DAYS):
        prices = (f"{n + price:.2f}".replace(".", decimal) for price in (10.5, 12.25, 9.75, 11.5))
        rows.append((day, *prices, "500", *more))
    return "\n".join(delimiter.join(row) for row in rows) + "\n"


@dataclass(frozen=True)
class Case:
    """A file, and what has to be said of it: as the API takes it, and as the command line does."""

    content: bytes
    said: dict = field(default_factory=dict)
    words: tuple = ()


PRICES = "2024-01-02;1,250;1,260;1,240;1,255\n2024-01-03;1,250;1,260;1,240;1,255\n"
CASES = {
    "latin-1": Case(
        table(names=(*NAMES, "Währung\x9d"), more=("é",)).encode("latin-1"),
        {"encoding": "latin-1"},
        ("--encoding", "latin-1"),
    ),
    "cp1252 with a decimal comma": Case(
        table(";", ",", names=(*NAMES, "Umsätze €"), more=("",)).encode("cp1252"),
        {"encoding": "cp1252", "decimal": ",", "delimiter": ";"},
        ("--encoding", "cp1252", "--decimal", ",", "--delimiter", "semicolon"),
    ),
    "UTF-16": Case(
        table("\t").encode("utf-16"),
        {"encoding": "utf-16", "delimiter": "\t"},
        ("--encoding", "utf-16", "--delimiter", "tab"),
    ),
    "vertical bars": Case(
        table("|", names=(*NAMES, "tags"), more=("a,b,c,d,e,f",)).encode(),
        {"delimiter": "|", "skipped_lines": 0, "header": True},
        ("--delimiter", "vertical-bar", "--skipped-lines", "0", "--header", "yes"),
    ),
    "names nobody knows": Case(
        table(names=("tag", "eins", "zwei", "drei", "vier", "stück")).encode(),
        {"header": True},
        ("--header", "yes"),
    ),
    "no names": Case(table(names=()).encode(), {"header": False}, ("--header", "no")),
}
BROKEN = ("2024-01-01,n/a,n/a,9,11,500\n" + table(names=())).encode()
every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def assert_stored(count=3):
    series = Series.objects.get()
    assert load_bars(series).open.tolist() == [10.5, 11.5, 12.5][:count]


def bring(page, content):
    """Step one of the wizard; returns the address of step two."""
    return page.post("/data/import/", {"file": upload(content, "ABC_1d.csv")})["Location"]


def chosen(page, address, **said):
    """What the form of step two sends after these choices and nothing else."""
    form = page.get(address).context["form"]
    values = {name: form[name].value() for name in form.fields}
    if isinstance(said.get("header"), bool):
        said["header"] = "yes" if said["header"] else "no"
    return {name: value for name, value in (values | said).items() if value not in (None, False)}


def looked(page, address, values):
    """What the page looks like after the preview was fetched anew: its form's values then."""
    answer = page.post(f"{address}preview/", values, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    form = answer.context["form"]
    renewed = {name: form[name].value() for name in form.fields}
    return answer, {name: value for name, value in renewed.items() if value not in (None, False)}


@every_case
def test_the_wizard_reads_a_file_as_it_is_said_to_be(page, run_jobs, case):
    address = bring(page, case.content)
    answer, values = looked(page, address, chosen(page, address, **case.said))
    assert "10.50" in answer.content.decode()
    assert page.post(address, values).status_code == 302
    run_jobs()
    assert_stored()


@every_case
def test_the_api_reads_a_file_as_it_is_said_to_be(api, run_jobs, case):
    body = api.post(UPLOADS, {"file": upload(case.content, "ABC_1d.csv")}, format="multipart").json()
    shown = api.post(f"{UPLOADS}{body['id']}/preview/", case.said, format="json").json()
    assert (shown["problems"], shown["refusals"]) == ([], {})
    layout = shown["layout"] | {"header": shown["layout"]["has_header"]}
    assert {name: layout[name] for name in case.said} == case.said
    answer = api.post(IMPORTS, {"upload": body["id"], **case.said}, format="json")
    assert answer.status_code == 202, answer.json()
    run_jobs()
    assert_stored()


@every_case
def test_a_form_with_the_file_says_the_same(api, run_jobs, case):
    answer = api.post(IMPORTS, {"file": upload(case.content, "ABC_1d.csv"), **case.said}, format="multipart")
    assert answer.status_code == 202, answer.json()
    run_jobs()
    assert_stored()


@every_case
@pytest.mark.services
def test_the_command_line_reads_a_file_as_it_is_said_to_be(tmp_path, user, case):
    path = tmp_path / "ABC_1d.csv"
    path.write_bytes(case.content)
    call_command("import_bars", str(path), "--user", "ada", *case.words)
    assert_stored()


def test_what_is_not_said_is_still_recognised_in_a_form_with_the_file(api):
    api.post(IMPORTS, {"file": upload(table().encode(), "ABC_1d.csv")}, format="multipart")
    layout = BarImport.objects.get().settings["layout"]
    assert (layout["has_header"], layout["skipped_lines"], layout["delimiter"]) == (True, 0, ",")


def test_a_broken_first_bar_of_a_file_without_names_is_not_passed_over_when_it_is_said_to_be_one(page, api):
    address = bring(page, BROKEN)
    body = page.get(address).content.decode()
    assert "The first line is passed over" in body
    assert "found: line 2 is a bar" in body
    answer, _values = looked(page, address, chosen(page, address, header="no"))
    (wrong,) = [row for row in answer.context["preview"].rows if row.problem]
    assert (wrong.line, wrong.problem.value) == (1, "n/a")
    said = api.post(IMPORTS, {"file": upload(BROKEN, "ABC_1d.csv"), "header": False}, format="multipart")
    assert said.status_code == 202


def test_signs_that_could_mean_either_are_settled(page, api, run_jobs):
    content = f"date;open;high;low;close\n{PRICES}".encode()
    address = bring(page, content)
    assert "found: comma (1,5)" in page.get(address).content.decode()
    answer, _values = looked(page, address, chosen(page, address, thousands=","))
    body = answer.content.decode()
    assert "1\u202f250.00" in body
    assert "found: point (1.5)" in body
    body = api.post(UPLOADS, {"file": upload(content, "ABC_1d.csv")}, format="multipart").json()
    url = f"{UPLOADS}{body['id']}/preview/"
    shown = api.post(url, {"thousands": ","}, format="json").json()
    assert (shown["layout"]["decimal"], shown["layout"]["thousands"], shown["rows"][0]["open"]) == (
        ".",
        ",",
        1250,
    )
    shown = api.post(url, {"thousands": ",", "decimal": ","}, format="json").json()
    assert shown["refusals"] == {"thousands": ["This is the decimal mark already. Choose another one."]}


WRONG = {
    "encoding": ({"encoding": "utf-16"}, 1, "when read as UTF-16"),
    "delimiter": ({"delimiter": ";"}, 1, "when cut by semicolon"),
    "header": ({"header": False}, 1, "is not a date or time"),
    "lines": ({"skipped_lines": 4}, 4, "nothing is left after 4 skipped lines"),
    "times": ({"time_format": "unix_s"}, 2, "no row shows one in the format unix_s"),
    "decimals": ({"decimal": ","}, 2, "is not a number with a decimal comma"),
}
every_wrong = pytest.mark.parametrize(("said", "line", "words"), WRONG.values(), ids=WRONG)


@every_wrong
def test_a_wrong_choice_is_located_by_the_api(api, run_jobs, said, line, words):
    body = api.post(UPLOADS, {"file": upload(table().encode(), "ABC_1d.csv")}, format="multipart").json()
    problems = api.post(f"{UPLOADS}{body['id']}/preview/", said, format="json").json()["problems"]
    assert problems[0]["line"] == line
    assert words in problems[0]["reason"]
    answer = api.post(IMPORTS, {"upload": body["id"], **said}, format="json")
    if (
        answer.status_code == 202
    ):  # the head of the file says that a row is wrong; the job says which ones are
        run_jobs()
        assert words in BarImport.objects.get().problems[0]["reason"]
    else:
        assert (answer.status_code, answer.json()["code"]) == (400, "file_invalid")
        assert f"Line {line}" in json.dumps(answer.json())
    assert not Series.objects.exists()


@every_wrong
def test_a_wrong_choice_is_located_in_the_wizard_and_taken_back(page, said, line, words):
    address = bring(page, table().encode())
    before = chosen(page, address)
    answer, values = looked(page, address, chosen(page, address, **said))
    body = answer.content.decode()
    assert words in body
    back = dict.fromkeys(said, "")
    answer, values = looked(page, address, values | back)
    assert "10.50" in answer.content.decode()
    assert {name: value for name, value in values.items() if value != "" or name in before} == before


def test_a_wrong_choice_is_located_on_the_command_line(tmp_path, user, capsys):
    path = tmp_path / "ABC_1d.csv"
    path.write_text(table())
    with pytest.raises(CommandError):
        call_command("import_bars", str(path), "--user", "ada", "--delimiter", "semicolon")
    assert "ABC_1d.csv: Line 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"encoding": "klingon"}, "encoding"),
        ({"delimiter": "x"}, "delimiter"),
        ({"skipped_lines": -1}, "skipped_lines"),
        ({"skipped_lines": 10**30}, "skipped_lines"),
        ({"thousands": "x"}, "thousands"),
        ({"header": "perhaps"}, "header"),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(page, api, said, name):
    answer = api.post(IMPORTS, {"file": upload(table().encode(), "ABC_1d.csv"), **said}, format="multipart")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [name])
    address = bring(page, table().encode())
    answer = page.post(address, chosen(page, address, **said))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [name]
    assert looked(page, address, chosen(page, address, **said))[0].status_code == 200


def test_choices_that_change_the_columns_are_looked_at_before_anything_is_imported(page):
    address = bring(page, CASES["names nobody knows"].content)
    answer = page.post(address, chosen(page, address, header="yes"))
    assert answer.status_code == 422
    assert "Look once more, then import" in answer.content.decode()
    form = answer.context["form"]
    assert [field.label for field, _found in form.role_fields][1] == "eins"
    assert not BarImport.objects.exists()


def test_a_value_that_was_typed_stays_when_another_is_recognised(page):
    text = "ticker,date,open,high,low,close\nXYZ,2024-01-02,10,12,9,11\nXYZ,2024-01-03,10,12,9,11\n"
    address = bring(page, text.encode())
    values = chosen(page, address)
    assert (values["symbol"], values["timeframe"]) == ("XYZ", "1d")
    answer, renewed = looked(page, address, values | {"header": "no", "timeframe": "1w"})
    assert (renewed["symbol"], renewed["timeframe"]) == ("ABC", "1w")  # from the file's name; as chosen
    assert 'id="series-fields" hx-swap-oob="true"' in answer.content.decode()


def test_another_meaning_of_a_column_shows_what_had_been_found(page):
    address = bring(page, table().encode())
    answer, _values = looked(page, address, chosen(page, address, role_5="ignore"))
    body = answer.content.decode()
    assert 'id="found-role_5" hx-swap-oob="true">found: volume<' in body
    assert 'id="found-role_1" hx-swap-oob="true"><' in body


def test_columns_that_are_not_recognised_are_said_in_the_wizard(page, run_jobs):
    rows = "2024-01-02,10,9,8,9.5\n2024-01-03,9,10,8,9.5\n2024-01-04,10,9,12,9.5\n"
    address = bring(page, rows.encode())
    assert "no open, high, low and close" in page.get(address).content.decode()
    roles = dict(
        zip(("role_1", "role_2", "role_3", "role_4"), ("high", "ignore", "low", "close"), strict=True)
    )
    answer, _values = looked(page, address, chosen(page, address, role_0="time", **roles))
    assert "No column holds open" in answer.content.decode()


def test_an_import_asked_for_again_begins_with_what_was_said(page, run_jobs):
    address = bring(page, BROKEN)
    _answer, values = looked(page, address, chosen(page, address, header="no"))
    assert page.post(address, values).status_code == 302
    run_jobs()
    failed = BarImport.objects.get()
    assert failed.error_code == "file_invalid"
    form = page.get(f"{address}?again={failed.pk}").context["form"]
    assert (form["header"].value(), form.says_of_text) == ("no", True)


def test_a_parquet_file_says_this_itself(page, api, tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet as parquet

    columns = {"date": list(DAYS), **{name: [10.0, 11.0, 12.0] for name in NAMES[1:]}}
    parquet.write_table(pyarrow.table(columns), tmp_path / "bars.parquet")
    content = (tmp_path / "bars.parquet").read_bytes()
    answer = page.post("/data/import/", {"file": upload(content, "ABC_1d.parquet")})
    fields = page.get(answer["Location"]).context["form"].fields
    assert not {"encoding", "delimiter", "header", "skipped_lines"} & set(fields)
    assert {"decimal", "time_format"} <= set(fields)
    answer = api.post(
        IMPORTS, {"file": upload(content, "ABC_1d.parquet"), "header": False}, format="multipart"
    )
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["header"])
