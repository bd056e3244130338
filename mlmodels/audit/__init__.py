"""Whether features and labels look ahead, or do not follow from the bars at all. Light: no learning libraries."""

from mlmodels.audit.features import audit_features
from mlmodels.audit.labels import audit_labels
from mlmodels.audit.result import Audit, Leak, caught

__all__ = ["Audit", "Leak", "audit_features", "audit_labels", "caught"]
