"""What the suite prints."""

from collections import Counter
from collections.abc import Collection, Sequence

from benchmarks.faults.injecting import FAULTS
from benchmarks.faults.invariant import Violation
from benchmarks.faults.trial import Outcome

SHOWN = 25
KINDS = ("lost", "duplicated", "wrong", "stuck", "unseen", "quota")


def tell(outcomes: Sequence[Outcome], seconds: float) -> int:
    """Print the figures of all labs; 0 when nothing contradicts the invariant, else 1."""
    faults: Counter[str] = Counter()
    for outcome in outcomes:
        faults += outcome.faults
    print(f"\nFaults: {sum(faults.values())} of {len(faults)} kinds")
    for name in FAULTS:
        if name in faults:
            shares = ", ".join(f"{outcome.title} {outcome.faults[name]}" for outcome in outcomes)
            print(f"  {faults[name]:4d}  {FAULTS[name].words} ({shares})")
    for outcome in outcomes:
        _tell_one(outcome)
    found = [violation for outcome in outcomes for violation in outcome.violations]
    kinds = Counter(violation.kind for violation in found)
    jobs = sum(outcome.jobs for outcome in outcomes)
    counts = ", ".join(f"{kind} {kinds[kind]}" for kind in KINDS)
    print(f"\n{jobs} jobs, {sum(faults.values())} faults: {counts}; {seconds:.0f} s")
    for violation in found[:SHOWN]:
        print(f"  {violation.kind}: {violation.rule}: {violation.detail}")
    if len(found) > SHOWN:
        print(f"  and {len(found) - SHOWN} more")
    return 1 if found else 0


def _tell_one(outcome: Outcome) -> None:
    ends = ", ".join(f"{end} {count}" for end, count in sorted(outcome.by_end.items()))
    print(f"\n{outcome.title}: {outcome.jobs} jobs in {outcome.seconds:.0f} s: {ends}")
    print(f"  {outcome.compared} results equal to those without faults, or listed below")
    print(f"  recovery (a run submitted after the fault has succeeded): {_spread(outcome.recovery)}")
    said = f"{outcome.sockets} sockets of jobs, opened again {outcome.reopened} times"
    print(f"  {said}; the end was told after {_spread(outcome.told)}")
    answers = ", ".join(f"{status or 'none'}: {count}" for status, count in sorted(outcome.answers.items()))
    print(f"  answers to submissions by status: {answers}; processes started again: {outcome.restarts}")
    if outcome.broker:
        longest = max(seconds for _taken, seconds in outcome.broker)
        taken = sum(taken for taken, _seconds in outcome.broker)
        print(f"  without a broker {taken} of {len(outcome.broker)} accepted, the slowest in {longest:.2f} s")
    if outcome.beside_many:
        print(f"  another user's run beside many began after {_spread(outcome.beside_many)}")
    for words, count in sorted(outcome.tracebacks.items(), key=lambda item: -item[1])[:12]:
        print(f"  log: {count} x {words}")


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "nothing"
    ordered = sorted(values)
    middle, late = ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return f"p50 {middle:.2f} s, p95 {late:.2f} s, at most {ordered[-1]:.2f} s ({len(ordered)})"


def tell_planted(name: str, words: str, found: Sequence[Violation], rules: Collection[str]) -> bool:
    """One line for a planted defect: whether it was found, and by which of the rules that must find it.

    Without rules, of a lab without a defect, nothing may be found.
    """
    telling = [violation for violation in found if violation.rule in rules]
    right = bool(telling) if rules else not found
    others = ", ".join(sorted({violation.rule for violation in found} - set(rules)))
    shown = f": {telling[0].rule}: {telling[0].detail[:100]}" if telling else ""
    also = f" (also: {others})" if others else ""
    print(f"{'ok  ' if right else 'FAIL'} {name}, {words}{shown}{also}", flush=True)
    return right
