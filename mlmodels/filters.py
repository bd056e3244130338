"""Which of the user's models the list shows. Anything odd in the address is ignored, not refused."""

from dataclasses import dataclass
from typing import Any, Self

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict

from algotrade.jobs.models import Job
from mlmodels.algorithms import ALGORITHMS
from mlmodels.models import MLModel

LONGEST = 100


@dataclass(frozen=True, slots=True)
class ModelFilter:
    """Words, stage, status and algorithm. Without a narrower wish a name is shown once, by the versions that count."""

    text: str = ""
    status: str = ""
    algorithm: str = ""
    stage: str = ""
    versions: str = ""
    sort: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> Self:
        """What an address wishes for."""

        def among(name: str, known: Any) -> str:
            value = str(query.get(name, ""))
            return value if value in known else ""

        return cls(
            text=str(query.get("q", ""))[:LONGEST].strip(),
            status=among("status", Job.State.values),
            algorithm=among("algorithm", ALGORITHMS),
            stage=among("stage", MLModel.Stage.values),
            versions=among("versions", ("all",)),
            sort=str(query.get("sort", "")),
        )

    @property
    def is_narrowed(self) -> bool:
        return bool(self.text or self.status or self.algorithm or self.stage)

    def apply(self, rows: QuerySet[MLModel]) -> QuerySet[MLModel]:
        """Narrow the models down. Versions overtaken by a trained one are shown when asked for."""
        if self.text:
            rows = rows.filter(Q(name__icontains=self.text) | Q(symbol__icontains=self.text))
        for field in ("status", "algorithm", "stage"):
            if value := getattr(self, field):
                rows = rows.filter(**{field: value})
        if not self.versions and not self.is_narrowed:
            newer = MLModel.objects.succeeded().filter(
                user=OuterRef("user"), name=OuterRef("name"), version__gt=OuterRef("version")
            )
            rows = rows.filter(~Exists(newer) | Q(stage=MLModel.Stage.PROMOTED))
        return rows
