"""The learning algorithms by name, with their typed hyper-parameters. Light: fitting lives in `mlmodels.estimators`.

To add one: describe it in a file here and name it in the list below; write its fitting class, an `Estimator` with the
same key, in a file of the same name in `mlmodels/estimators`, and import that there. A plug-in calls
`register_algorithm` and `register_estimator` itself. Forms, the API, searches and stored models follow from the two.
"""

from mlmodels.algorithms.histogram_boosting import HISTOGRAM_BOOSTING
from mlmodels.algorithms.logistic_regression import LOGISTIC_REGRESSION
from mlmodels.algorithms.random_forest import RANDOM_FOREST
from mlmodels.algorithms.registry import (
    ALGORITHMS,
    Algorithm,
    get_algorithm,
    register_algorithm,
    temporarily,
)
from mlmodels.algorithms.xgboost import XGBOOST

__all__ = ["ALGORITHMS", "Algorithm", "get_algorithm", "register_algorithm", "temporarily"]

# In the order in which forms list them: simplest first.
for _algorithm in (LOGISTIC_REGRESSION, RANDOM_FOREST, XGBOOST, HISTOGRAM_BOOSTING):
    register_algorithm(_algorithm)
