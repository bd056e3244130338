"""The steps of the import wizard, for tests."""

from marketdata.models import BarImport
from marketdata.tests.bars import HEADER
from marketdata.tests.conftest import upload

BROKEN = f"{HEADER}\n2024-01-02,10,12,9,11,500\n2024-01-03,x,13,10,12,600\n2024-01-04,11,13,10,12,600\n"


def text_of(answer):
    return answer.content.decode()


def bring(page, file=None, query=""):
    """Step one; returns the address of step two."""
    answer = page.post(f"/data/import/{query}", {"file": file or upload(name="ABC_1d.csv")})
    assert answer.status_code == 302, text_of(answer)
    return answer["Location"]


def fields(page, address, **changes):
    """What the form of step two would send if nothing else was touched."""
    form = page.get(address).context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in (values | changes).items() if value not in (None, False)}


def ask(page, address, **changes):
    """Step two; returns the import."""
    answer = page.post(address, fields(page, address, **changes))
    assert answer.status_code == 302, text_of(answer)
    assert answer["Location"].startswith("/data/imports/")
    return BarImport.objects.latest("pk")
