"""One training from bars to the final model and its report."""

from __future__ import annotations

from hashlib import sha256
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from algotrade.checkpoints import NOWHERE, Checkpoints, fingerprint_of
from marketdata.bars import Bars
from mlmodels import estimators
from mlmodels.audit import Audit, audit_features, audit_labels
from mlmodels.configuration import TrainingConfiguration
from mlmodels.draws import fingerprint
from mlmodels.errors import TrainingError
from mlmodels.evaluation.controls import Control
from mlmodels.evaluation.scoring import score
from mlmodels.labels import Labels
from mlmodels.search import SearchResult
from mlmodels.trading import Simulator, Traded, Trading, margin_sweep, targets_of, traded_rows
from mlmodels.training.controlling import buy_and_hold_control, majority_control, trained_controls
from mlmodels.training.data import TrainingData
from mlmodels.training.fitting import fit_rows, search_rows
from mlmodels.training.progress import Part, Progress, counted, rising
from mlmodels.training.provenance import library_versions
from mlmodels.training.report import PathReport, TrainingReport
from mlmodels.training.reporting import Findings, report_of
from mlmodels.training.resuming import Units
from mlmodels.training.validating import OutOfFold, effort, validate

Floats: TypeAlias = NDArray[np.float64]

PREPARING, AUDITING, TRADING = 0.01, 0.02, 0.02
"""Shares of the progress bar; fitting has the rest."""


class TrainingRun:
    """Steps of one training, over data that they share."""

    def __init__(
        self,
        configuration: TrainingConfiguration,
        bars: Bars,
        *,
        labels: Labels | None,
        progress: Progress,
        simulate: Simulator | None,
        periods_per_year: float,
        audit: bool,
        checkpoints: Checkpoints,
    ) -> None:
        self.configuration, self._audited = configuration, audit
        self._simulate, self._periods_per_year = simulate, periods_per_year
        preparing, self._auditing, self._fitting, self._trading = rising(progress).divided(
            [PREPARING, AUDITING, 1.0 - PREPARING - AUDITING - TRADING, TRADING]
        )
        preparing.tell(0.0, "Preparing features")
        self.data = TrainingData.of(configuration, bars, labels)
        self._units = Units.of(checkpoints, "" if checkpoints is NOWHERE else self._name())

    def run(self) -> tuple[TrainingReport, estimators.Classifier]:
        """Audit, validate, train the controls and the final model, trade, report."""
        audit = self._audit() if self._audited else None
        self.data.check_features(self.configuration.warmup)
        folds, controlling, final = self._fitting.divided(self._weights())
        found = validate(self.configuration, self.data, folds, self._units)
        controls = [majority_control(self.data, found)]
        if self.configuration.controls:
            controls += trained_controls(self.configuration, self.data, self._trade, controlling, self._units)
        search, classifier = self._final(final)
        self._trading.tell(0.0, "Trading the predictions")
        trading, paths = self._traded(found), self._paths(found)
        controls += self._held(found, trading)
        report = report_of(
            self.configuration,
            self.data,
            Findings(found, tuple(controls), audit, trading, paths, search, classifier.impurity_importance()),
        )
        self._trading.tell(1.0, "Storing the model")
        return report, classifier

    def _name(self) -> str:
        """A digest of all that a fit here depends on but the code."""
        data, digest = self.data, sha256()
        for column in (data.values, data.labels.returns, data.labels.up, data.labels.end):
            digest.update(column.tobytes())
        return fingerprint_of(
            configuration=self.configuration.to_dict(),
            bars=fingerprint(data.bars),
            learned=digest.hexdigest(),
            versions=library_versions(),
        )

    def _weights(self) -> list[float]:
        asked, data = self.configuration, self.data
        trained = [fold.train.size for fold in data.folds]
        return [
            sum(effort(asked, rows, searching=True) for rows in trained),
            2.0 * sum(trained) if asked.controls else 0.0,
            effort(asked, data.usable.size, searching=True),
        ]

    def _audit(self) -> Audit:
        message = "Looking for features that know the future"
        self._auditing.tell(0.0, message)
        asked = self.configuration
        audit = audit_features(
            self.data.bars,
            asked.features,
            asked.strategy_features,
            table=self.data.table,
            seed=asked.seed,
            tick=self._auditing.ticks(message),
        )
        audit.require_passed()
        self._audit_labels()
        return audit

    def _audit_labels(self) -> None:
        """Purging trusts the bar at which an outcome says it is known, so that is looked at, too."""
        leaks = audit_labels(self.data.bars, self.configuration.labels)
        if leaks:
            message = (
                f"The label {self.configuration.label} of bar {leaks[0].bar:,} ({leaks[0].time}) changes when bars "
                f"after {leaks[0].after:,} change, although it says that it is known there. Choose another label, or "
                "correct its end."
            )
            raise TrainingError(message, fields={"label": [message]})

    def _final(self, part: Part) -> tuple[SearchResult | None, estimators.Classifier]:
        asked, data = self.configuration, self.data
        searched = asked.search != "none"
        looking, fitting = part.divided([asked.search_trials if searched else 0.0, 1.0])
        search = None
        if searched:
            search = search_rows(
                asked,
                data.values,
                data.labels,
                data.usable,
                part=looking,
                where="Final model",
                units=self._units.within("final"),
            )
        message = f"Training the final model on {counted(data.usable.size)} bars"
        fitting.tell(0.0, message)
        classifier = fit_rows(
            asked,
            data.values,
            data.labels,
            data.usable,
            hyperparameters=None if search is None else search.best,
            where="the whole period",
            tick=fitting.ticks(message),
        )
        return search, classifier

    def _trade(self, bars: Bars, probability: Floats) -> Traded | None:
        rows = traded_rows(probability)
        if self._simulate is None or rows is None:
            return None
        short = self.configuration.short_trades
        return self._simulated(bars.slice(bars.time[rows.start]), targets_of(probability[rows], 0.0, short))

    def _simulated(self, bars: Bars, target: Floats) -> Traded:
        assert self._simulate is not None
        (traded,) = self._simulate(
            bars,
            [target],
            cost_rate=self.configuration.cost_rate,
            short_trades=self.configuration.short_trades,
            periods_per_year=self._periods_per_year,
        )
        return traded

    def _traded(self, found: OutOfFold) -> Trading | None:
        if self._simulate is None or not self.configuration.causal:
            return None
        return margin_sweep(
            self._simulate,
            self.data.bars,
            found.probability,
            cost_rate=self.configuration.cost_rate,
            short_trades=self.configuration.short_trades,
            periods_per_year=self._periods_per_year,
        )

    def _held(self, found: OutOfFold, trading: Trading | None) -> list[Control]:
        if trading is not None:
            held = trading.buy_and_hold
        else:
            rows = traded_rows(found.probability)
            if self._simulate is None or rows is None:
                return []
            bars = self.data.bars.slice(self.data.bars.time[rows.start])
            held = self._simulated(bars, np.ones(len(bars)))
        return [buy_and_hold_control(self.data.bars, found.probability, held, self.configuration.cost_rate)]

    def _paths(self, found: OutOfFold) -> tuple[PathReport, ...] | None:
        if self.configuration.causal:
            return None
        rows = found.scored(self.data)
        up, effective = self.data.labels.up[rows], self.data.effective_rows(rows)
        reports = []
        for number, path in enumerate(found.paths, start=1):
            scored, traded = (
                score(path[rows], up, effective_rows=effective),
                self._trade(self.data.bars, path),
            )
            reports.append(
                PathReport(
                    number=number,
                    accuracy=scored.accuracy,
                    log_loss=scored.log_loss,
                    auc=scored.auc,
                    net_return=None if traded is None else traded.net_return,
                    sharpe=None if traded is None else traded.sharpe,
                )
            )
        return tuple(reports)
