"""What docs/learning.md shows runs, and the limits it names are those of the code."""

import re
from pathlib import Path

from mlmodels.configuration.checks import LARGEST_TRAINING, MOST_FITS, MOST_SPLITS
from mlmodels.configuration.planning import MIN_TRAINING_ROWS
from mlmodels.evaluation.controls import BAND_ERRORS
from mlmodels.evaluation.curves import MOST_POINTS
from mlmodels.evaluation.importance import FEWEST_ROWS, MOST_ROWS
from mlmodels.training.data import MOST_MISSING
from mlmodels.training.reporting import STABILITY_ROWS
from mlmodels.validation import MIN_NESTED_ROWS

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "learning.md").read_text()


def test_the_notebook_example_runs(capsys):
    (example,) = re.findall(r"```python\n(.*?)```", DOCUMENT, re.S)
    names: dict = {}
    exec(compile(example, "docs/learning.md", "exec"), names)  # noqa: S102
    assert names["report"].trading is not None
    assert len(names["probability"]) == len(names["bars"]) == len(names["features"].values)
    assert "('random_walk', True)" in capsys.readouterr().out


def test_the_limits_are_those_of_the_code():
    plain = " ".join(DOCUMENT.split())
    for said in (
        f"{LARGEST_TRAINING:,} bars, {MOST_FITS:,} fits and {MOST_SPLITS} combinatorial splits",
        f"at least {MIN_TRAINING_ROWS} rows",
        f"four parts of {MIN_NESTED_ROWS} rows",
        f"± {BAND_ERRORS} standard errors",
        f"at most {MOST_POINTS} points",
        f"At most {MOST_ROWS} rows",
        f"at least {FEWEST_ROWS} rows",
        f"more than {MOST_MISSING:.0%}".replace("%", " %"),
        f"at most {STABILITY_ROWS:,} rows",
    ):
        assert said in plain, said
