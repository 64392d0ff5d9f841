"""The grid against a plain model of it, over generated feeds.

The grid under test is the real one, behind tests/series/grid_driver.c. Run with pytest.
"""

import math
import os
import pathlib
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

ROOT = pathlib.Path(__file__).resolve().parents[2]
DRIVER = os.path.join(os.environ.get("BUILD", "build"), "tests/series/grid_driver")

MEAN, LAST, SUM, MIN, MAX, RATE = range(6)
LINEAR, HOLD, NONE = range(3)
ACCEPTED, LATE, NOT_FINITE, TIME = range(4)
HOLE_LONGEST = 8192


class Grid:
    """The driver, kept running from feed to feed."""

    def __init__(self):
        subprocess.run(["make", "-s", DRIVER], cwd=ROOT, check=True)
        self.process = subprocess.Popen([ROOT / DRIVER], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def run(self, setup, samples):
        """Results of the pushes, and the steps (time, value, filled), flushed at the end."""
        lines = ["grid {step} {aggregate} {lateness} {gap} {longest}".format(**setup)]
        lines += [f"{time} {value!r}" for time, value in samples]
        self.process.stdin.write("\n".join(lines + ["flush", "end", ""]))
        self.process.stdin.flush()
        results, steps = [], []
        while (words := self.process.stdout.readline().split()) != ["end"]:
            assert words, "the driver died"
            if words[0] == "push":
                results.append(int(words[1]))
            else:
                steps.append((int(words[1]), float(words[2]), words[3] == "1"))
        return results, steps


@pytest.fixture(scope="module")
def grid():
    driver = Grid()
    yield driver
    driver.process.stdin.close()
    assert driver.process.wait(10) == 0


def aggregate_of(kind, samples):
    """Of samples in the order of arrival."""
    values = [value for _, value in samples]
    if kind in (LAST, RATE):
        newest = max(time for time, _ in samples)
        return [value for time, value in samples if time == newest][-1]
    if kind == MEAN:
        return math.fsum(values) / len(values)
    return {SUM: math.fsum, MIN: min, MAX: max}[kind](values)


def rates(setup, cells):
    """(label, rate) of the cells, {label: samples}, that have one."""
    found, before = [], None
    for label in sorted(cells):
        time, value = max(time for time, _ in cells[label]), aggregate_of(RATE, cells[label])
        rate = None
        if before and (label - before["label"]) // setup["step"] - 1 <= setup["longest"]:
            seconds = (time - before["time"]) / 1e6
            wrapped = 2**32 - before["value"] + value
            could_wrap = 2**31 <= before["value"] < 2**32 and value >= 0 and before["rate"] is not None
            if value >= before["value"]:
                rate = (value - before["value"]) / seconds
            elif could_wrap and wrapped / seconds <= 2 * before["rate"]:
                rate = wrapped / seconds
            else:
                rate = value / seconds
            found.append((label, rate))
        before = {"label": label, "time": time, "value": value, "rate": rate}
    return found


def filled_in(setup, cells):
    """All steps, from (label, value) of the measured cells in ascending order."""
    steps = []
    for label, value in cells:
        if steps:
            before, old = steps[-1][:2]
            missing = (label - before) // setup["step"] - 1
            for i in range(max(0, missing - HOLE_LONGEST), missing):
                filling = math.nan
                if missing <= min(setup["longest"], HOLE_LONGEST) and setup["gap"] != NONE:
                    share = (i + 1) / (missing + 1) if setup["gap"] == LINEAR else 0
                    filling = old + share * (value - old)
                steps.append((before + (i + 1) * setup["step"], filling, True))
        steps.append((label, value, False))
    return steps


def model(setup, samples):
    """What the grid does, said slowly: no wild times, no clock put back."""
    step, lateness = setup["step"], setup["lateness"]
    cells, results, open_from, newest = {}, [], None, None
    regular, proof, hasty, counted = 0, 3, None, set()

    def count_closed():
        nonlocal regular
        for label in sorted(cells):
            if label < open_from and label not in counted:
                counted.add(label)
                regular = regular + 1 if len(cells[label]) == 1 else 0

    for time, value in samples:
        newest = time if newest is None else max(newest, time)
        passed = (newest - lateness) // step * step
        label = time // step * step
        if open_from is not None and label < open_from:
            results.append(LATE)
            if hasty == label:
                regular, proof, hasty = 0, 2 * proof, None
            continue
        open_from = passed if open_from is None else max(open_from, passed)
        count_closed()
        cells.setdefault(label, []).append((time, value))
        results.append(ACCEPTED)
        hasty = None
        if lateness == 0 and regular >= proof:
            hasty, open_from = label, label + step
            count_closed()
    if setup["aggregate"] == RATE:
        return results, filled_in(setup, rates(setup, cells))
    return results, filled_in(setup, [(label, aggregate_of(setup["aggregate"], cells[label]))
                                      for label in sorted(cells)])


def same(a, b):
    both_holes = math.isnan(a) and math.isnan(b)
    return both_holes or math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-12)


def assert_same_steps(found, expected):
    assert [step[::2] for step in found] == [step[::2] for step in expected]
    for (time, a, _), (_, b, _) in zip(found, expected):
        assert same(a, b), (time, a, b)


values = st.floats(-1e6, 1e6) | st.integers(-5, 5).map(float)


@st.composite
def setups(draw, lateness=st.integers(0, 25)):
    return {"step": draw(st.sampled_from([1, 3, 10, 1000, 10_000_000])),
            "aggregate": draw(st.integers(0, 5)), "lateness": draw(lateness),
            "gap": draw(st.integers(0, 2)), "longest": draw(st.integers(0, 6))}


@st.composite
def feeds(draw, setup):
    """Samples in the order of time: regular with jitter, gaps, doubles."""
    step = setup["step"]
    time = draw(st.integers(-50 * step, 50 * step))
    samples = []
    for ahead, jitter in draw(st.lists(st.tuples(st.sampled_from([0, 0, 1, 1, 1, 1, 2, 4, 9]),
                                                 st.floats(0, 1)), min_size=1, max_size=40)):
        time += ahead * step
        samples.append((time + int(jitter * step), draw(values)))
    return sorted(samples, key=lambda sample: sample[0])


# The same examples in every run.
QUICK = settings(deadline=None, derandomize=True, database=None,
                 suppress_health_check=list(HealthCheck))


@given(data=st.data())
@settings(QUICK, max_examples=700)
def test_any_admissible_order_gives_the_same_steps(grid, data):
    setup = data.draw(setups())
    samples = data.draw(feeds(setup))
    setup["lateness"] *= max(1, setup["step"] // 4)
    delays = data.draw(st.lists(st.integers(0, setup["lateness"]),
                                min_size=len(samples), max_size=len(samples)))
    if not setup["lateness"]:
        return
    arrivals = [sample for _, sample in sorted(zip(delays, samples), key=lambda x: x[1][0] + x[0])]
    if setup["aggregate"] in (LAST, RATE):  # equal times are told apart by arrival: one value each
        arrivals = [(time, float(time)) for time, _ in arrivals]
        samples = [(time, float(time)) for time, _ in samples]

    results, steps = grid.run(setup, arrivals)
    assert set(results) == {ACCEPTED}
    sorted_results, sorted_steps = grid.run(setup, samples)
    assert set(sorted_results) == {ACCEPTED}
    assert_same_steps(steps, sorted_steps)
    assert_same_steps(steps, model(setup, samples)[1])


@given(data=st.data())
@settings(QUICK, max_examples=700)
def test_late_samples_haste_and_gaps_are_as_in_the_model(grid, data):
    setup = data.draw(setups(lateness=st.sampled_from([0, 0, 1, 7, 20])))
    samples = data.draw(feeds(setup))
    step = setup["step"]
    # Some come late, never in a run that would restart the grid: those go back one after the other.
    stragglers = st.tuples(st.integers(0, len(samples)), st.integers(0, 60))
    for place, back in sorted(data.draw(st.lists(stragglers, max_size=12)), key=lambda x: -x[1]):
        time = samples[min(place, len(samples) - 1)][0]
        samples.insert(place, (time - back * step // 4, data.draw(values)))
    results, steps = grid.run(setup, samples)
    expected_results, expected_steps = model(setup, samples)
    assert results == expected_results
    assert_same_steps(steps, expected_steps)


@given(data=st.data())
@settings(QUICK, max_examples=500)
def test_rates_add_up_to_what_was_counted_across_resets_and_overflows(grid, data):
    """A counter with a sample a step: each rate is the true increase, but for what a reset hides."""
    step = data.draw(st.sampled_from([1, 1000, 10_000_000]))
    bits = data.draw(st.sampled_from([32, 64]))
    pace = data.draw(st.integers(10, 1_000_000))
    counter = data.draw(st.integers(0, 2**32 - 1))
    samples, true = [(0, float(counter))], []
    for i, reset in enumerate(data.draw(st.lists(st.booleans(), max_size=30)), 1):
        increase = pace + data.draw(st.integers(-pace // 4, pace // 4))
        if reset and data.draw(st.integers(0, 3)) == 0:
            counter = increase
        else:
            counter += increase
        if bits == 32 and counter >= 2**32:
            counter -= 2**32
        samples.append((i * step, float(counter)))
        true.append(increase)
    setup = {"step": step, "aggregate": RATE, "lateness": 0, "gap": LINEAR, "longest": 3}
    _, steps = grid.run(setup, samples)
    assert [time for time, _, _ in steps] == [i * step for i in range(1, len(samples))]
    rates_ = [value for _, value, _ in steps]
    assert all(rate >= 0 for rate in rates_)
    for (_, before), (_, after), rate, increase in zip(samples, samples[1:], rates_, true):
        seconds = step / 1e6
        if after >= before or after == increase:  # grew, or began again at zero
            assert math.isclose(rate, (after - before if after >= before else after) / seconds)
        else:  # an overflow, seen as one unless it is the very first increase
            assert math.isclose(rate, increase / seconds) or rate is rates_[0]


@given(data=st.data())
@settings(QUICK, max_examples=300)
def test_no_accepted_sample_is_lost_whatever_the_clocks_do(grid, data):
    """Counts samples by summing ones; times jump forth and back, steps restart."""
    setup = data.draw(setups(lateness=st.sampled_from([0, 0, 1, 40])))
    setup["aggregate"], step = SUM, setup["step"]
    time, times = 0, []
    for jump, count in data.draw(st.lists(st.tuples(st.integers(-4000, 4000), st.integers(1, 30)),
                                          min_size=1, max_size=8)):
        time += jump * step
        times += [time + i * step + i % 3 for i in range(count)]
        time = times[-1]
    results, steps = grid.run(setup, [(time, 1.0) for time in times])
    assert sum(value for _, value, filled in steps if not filled) == results.count(ACCEPTED)
    assert set(results) <= {ACCEPTED, LATE}
    for (before, _, _), (after, value, filled) in zip(steps, steps[1:]):
        assert after == before + step or (filled and math.isnan(value))
    backwards = [after for before, after in zip(steps, steps[1:]) if after[0] <= before[0]]
    assert all(filled and math.isnan(value) for _, value, filled in backwards)
    assert len(backwards) <= results.count(LATE) // 16


@given(data=st.data())
@settings(QUICK, max_examples=300)
def test_auto_gives_one_step_per_sample_of_a_jittering_stream(grid, data):
    step = data.draw(st.sampled_from([1_000_000, 7_000_000, 10_000_000, 60_000_000, 3600_000_000]))
    phase = data.draw(st.integers(0, step - 1))
    jitter = data.draw(st.sampled_from([0, step // 100, step // 25]))
    offsets = data.draw(st.lists(st.integers(-jitter, jitter), min_size=12, max_size=40))
    start = 1000 * step + phase
    samples = [(start + i * step + offset, float(i)) for i, offset in enumerate(offsets)]
    setup = {"step": 0, "aggregate": MEAN, "lateness": 0, "gap": LINEAR, "longest": 3}
    results, steps = grid.run(setup, samples)
    assert set(results) == {ACCEPTED}
    assert [step[1:] for step in steps] == [(float(i), False) for i in range(len(samples))]
    spacings = {after[0] - before[0] for before, after in zip(steps, steps[1:])}
    assert len(spacings) == 1 and math.isclose(spacings.pop(), step, rel_tol=0.02)
    for (label, _, _), (time, _) in zip(steps, samples):
        assert abs(label - time) <= step // 2


@given(data=st.data())
@settings(QUICK, max_examples=200)
def test_auto_follows_a_rate_that_changes_for_good_and_loses_no_sample_of_the_new_one(grid, data):
    """To any other rate, with jitter: in the end there is a step per sample, at its time."""
    rates = st.sampled_from([1_000_000, 2_000_000, 5_000_000, 10_000_000, 15_000_000, 60_000_000])
    before, after = data.draw(rates), data.draw(rates)
    jitter = data.draw(st.sampled_from([0, 100, 25]))
    offsets = data.draw(st.lists(st.floats(-1, 1), min_size=30, max_size=30))

    def off(i, rate):
        return int(offsets[i % 30] * rate / jitter) if jitter else 0

    count = 80 + 20 * before // after
    samples = [(i * before + off(i, before), 0.0) for i in range(30)]
    start = 30 * before + after
    samples += [(start + i * after + off(i, after), float(i + 1)) for i in range(count)]
    setup = {"step": 0, "aggregate": MEAN, "lateness": 0, "gap": LINEAR, "longest": 3}
    _, steps = grid.run(setup, samples)
    last = steps[-8:]
    assert [step[1:] for step in last] == [(float(i), False) for i in range(count - 7, count + 1)]
    spacings = {b[0] - a[0] for a, b in zip(last, last[1:])}
    assert len(spacings) == 1 and math.isclose(spacings.pop(), after, rel_tol=0.02)
    for (label, _, _), (time, _) in zip(last, samples[-8:]):
        assert abs(label - time) <= after // 2
