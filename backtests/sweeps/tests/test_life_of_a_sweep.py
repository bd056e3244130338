"""From the request to stored columns, with a real snapshot and the real engine, in this process."""

import math
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings

from algotrade.jobs.context import JobContext
from algotrade.jobs.models import Job
from algotrade.jobs.runner import run
from algotrade.jobs.services import requeue
from backtests import ledger
from backtests.engine import BacktestEngine, SimulationConfig
from backtests.models import Sweep, TrialCount
from backtests.sweeps import columns, services, tasks
from backtests.sweeps.one_cell import check_cell, differences, run_cell, save_cell
from backtests.sweeps.services import SweepService
from backtests.tests.conftest import wavy_bars
from strategies.library import MovingAverageCrossoverStrategy
from strategies.services import StrategyService

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]


def files():
    return [path for path in (Path(settings.MEDIA_ROOT) / "sweeps").rglob("*") if path.is_file()]


def work_on(sweep):
    """Let the runner do the sweep's job."""
    job = Job.objects.get(pk=sweep.job_id)
    assert job.claim("test:1")
    run(job)
    return Sweep.objects.get(pk=sweep.pk)


def test_a_sweep_counts_what_can_be_run_and_keeps_its_cells_as_columns(swept):
    # fast 2 4 6 8 10 by slow 6 12 24: 6, 8 and 10 are not below 6.
    assert (swept.status, swept.cell_count, swept.valid_count) == ("succeeded", 15, 12)
    cells = SweepService.cells(swept)
    assert len(cells) == 15
    assert cells.values(0) == {"fast_period": 2, "slow_period": 6}
    assert cells.values(14) == {"fast_period": 10, "slow_period": 24}
    refused = [cells.values(cell) for cell in range(15) if not cells.valid[cell]]
    assert refused == [{"fast_period": fast, "slow_period": 6} for fast in (6, 8, 10)]
    assert all(value is None for value in cells.figures(6).values())
    assert swept.best[0]["metrics"]["sharpe_ratio"] == swept.best_value
    assert swept.duration_ms > 0
    assert swept.engine_version


def test_a_cell_equals_a_backtest_of_its_values(swept):
    cells = SweepService.cells(swept)
    config = SimulationConfig(initial_capital=10_000.0, commission=0.001)
    strategy = MovingAverageCrossoverStrategy(fast_period=4, slow_period=12)
    metrics, _ = BacktestEngine(config).run_backtest(wavy_bars(), strategy, periods_per_year=365)
    figures = cells.figures(4)
    assert cells.values(4) == {"fast_period": 4, "slow_period": 12}
    for name, value in figures.items():
        assert value == pytest.approx(metrics.to_dict()[name], rel=1e-9), name


def test_every_cell_that_was_run_is_a_trial_of_the_ledger(swept):
    row = TrialCount.objects.get(source="sweep")
    assert (row.count, row.strategy_type) == (12, "ma_crossover")
    sharpes = SweepService.cells(swept).metric("sharpe_ratio") / math.sqrt(365)
    known = sharpes[~np.isnan(sharpes)]
    totals = ledger.totals(user=swept.user, series=swept.series)
    assert totals.mean == pytest.approx(known.mean())
    assert totals.variance == pytest.approx(known.var(ddof=1))


def test_any_cell_run_alone_gives_the_same_bytes(swept):
    cells = SweepService.cells(swept)
    for cell in np.flatnonzero(cells.valid).tolist():
        assert differences(swept, cell) == []


def test_a_cell_whose_stored_figure_differs_by_one_bit_is_told(swept):
    stored = dict(columns.read(swept.columns_path, swept.columns_sha256))
    changed = np.array(stored["cagr"])
    changed[4] = np.nextafter(changed[4], 1.0)
    path, sha256 = columns.write(swept.pk, {**stored, "cagr": changed})
    swept.columns_path, swept.columns_sha256 = path, sha256
    (found,) = differences(swept, 4)
    assert found.name == "cagr"
    assert found.stored != found.again


def test_the_check_of_a_cell_is_a_job_that_keeps_its_outcome(swept):
    job = check_cell(swept, 4)
    assert job.claim("test:1")
    run(job)
    job.refresh_from_db()
    assert job.state == "succeeded"
    assert job.payload["outcome"]["identical"] is True
    assert job.payload["outcome"]["differences"] == []


def test_a_repeated_sweep_has_the_same_bytes(swept, compute):
    again = compute(SweepService.rerun(swept))
    assert again.pk != swept.pk
    assert again.columns_sha256 == swept.columns_sha256
    assert len(files()) == 2


def test_a_random_sample_is_the_same_for_the_same_seed(sweep_of, compute):
    drawn = [compute(sweep_of(method="random", samples=6, seed=seed)) for seed in (3, 3, 4)]
    shas = [sweep.columns_sha256 for sweep in drawn]
    assert shas[0] == shas[1] != shas[2]
    cells = SweepService.cells(drawn[0])
    assert len({tuple(cells.values(cell).values()) for cell in range(6)}) == 6
    assert SweepService.cells(compute(SweepService.rerun(drawn[2]))).values(0) == SweepService.cells(
        drawn[2]
    ).values(0)


def test_a_cell_becomes_a_full_backtest_with_the_same_figures(swept, finish):
    result = finish(run_cell(swept, 4))
    assert result.parameters == {"fast_period": 4, "slow_period": 12, "ma_type": "sma"}
    assert result.snapshot_sha256 == swept.snapshot_sha256
    assert result.configuration["commission"] == 0.001
    assert result.total_return == pytest.approx(
        SweepService.cells(swept).figures(4)["total_return"], rel=1e-9
    )


def test_a_cell_of_a_varied_setting_runs_with_that_setting(sweep_of, compute, finish):
    axes = [{"name": "configuration.stop_loss", "values": [None, 0.02]}]
    sweep = compute(sweep_of(axes=axes))
    cells = SweepService.cells(sweep)
    assert [cells.values(cell)["configuration.stop_loss"] for cell in (0, 1)] == [None, 0.02]
    assert finish(run_cell(sweep, 1)).configuration["stop_loss"] == 0.02
    assert differences(sweep, 0) == differences(sweep, 1) == []


def test_a_cell_is_saved_as_a_strategy_of_its_own(swept):
    saved = save_cell(swept, 4)
    assert saved.parameters == {"fast_period": 4, "slow_period": 12, "ma_type": "sma"}
    assert (saved.name, saved.symbol, saved.user) == ("Crossing, tuned", "WAVE", swept.user)
    assert save_cell(swept, 4).name == "Crossing, tuned 2"


def test_deleting_a_sweep_removes_its_file(swept):
    assert len(files()) == 1
    SweepService.delete([swept])
    assert files() == []


def test_deleting_a_user_removes_the_files_of_their_sweeps(swept, user):
    user.delete()
    assert not Sweep.objects.exists()
    assert files() == []


def test_a_sweep_outlives_its_strategy(swept, strategy):
    StrategyService.delete(strategy)
    swept.refresh_from_db()
    assert swept.strategy is None
    assert SweepService.cells(swept).valid_count == 12


def test_a_failure_while_storing_leaves_no_file(sweep_of, monkeypatch):
    def fail(**kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr(tasks.ledger, "record", fail)
    sweep = work_on(sweep_of())
    assert (sweep.status, sweep.columns_path, sweep.best) == ("failed", "", [])
    assert files() == []
    assert not TrialCount.objects.exists()


def test_a_failed_sweep_can_be_tried_again_in_place(sweep_of, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(tasks.columns, "write", lambda *args: 1 / 0)
        sweep = work_on(sweep_of())
    assert sweep.status == "failed"
    requeue(sweep.job)
    assert work_on(sweep).status == "succeeded"


def test_a_cancel_stops_a_running_sweep_and_leaves_nothing(sweep_of, monkeypatch):
    def slow(*args, progress, **kwargs):
        Job.objects.get(kind="backtests.sweep").request_cancel()
        for done in range(400):
            progress(done, 400)
            tasks.time.sleep(0.01)

    monkeypatch.setattr(services.optimize, "run_sweep", slow)
    sweep = work_on(sweep_of())
    assert (sweep.status, sweep.columns_path) == ("cancelled", "")
    assert files() == []


def test_progress_says_how_many_how_fast(sweep_of):
    sweep = sweep_of()
    job = Job.objects.get(pk=sweep.job_id)
    assert job.claim("test:1")
    context = JobContext(job)
    context.progress = lambda fraction, words="": told.append((fraction, words))
    told: list[tuple[float, str]] = []
    tasks.run_sweep(context)
    fraction, words = told[-2]
    assert fraction == pytest.approx(0.95)
    assert words.startswith("15 of 15 combinations, ")
    assert words.endswith(" a second")


def test_a_sweep_deleted_while_it_is_computed_leaves_nothing_behind(sweep_of, monkeypatch):
    sweep = sweep_of()
    write = columns.write

    def write_and_delete(*args):
        written = write(*args)
        Sweep.objects.filter(pk=sweep.pk).delete()
        return written

    monkeypatch.setattr(tasks.columns, "write", write_and_delete)
    job = Job.objects.get(pk=sweep.job_id)
    assert job.claim("test:1")
    run(job)
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert files() == []
    assert not TrialCount.objects.exists()
