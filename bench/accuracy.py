#!/usr/bin/python3
"""How good forecasts are on suites of real series: `rollcast backtest`, scored by an independent script.

    accuracy.py --data DIR --score score.py [--rollcast build/rollcast] [--suite p1,p2,m4] [-- OPTION...]
    accuracy.py --m4-train FILE --m4-test FILE --score score.py [--rollcast build/rollcast] [-- OPTION...]

DIR has suite.csv (suite, stream, file, season, season2, horizon, warmup, stride, refit, window, limit,
all in steps) and the files it names (ts, value). For each suite a settings file is written and the
streams are played through `rollcast backtest`, once as they are and once without networks to show what those
gain; what follows `--` is handed on to it. M4 Hourly follows if DIR/m4 has it.

The second form is M4 Hourly alone: wide files, a series per row. All series are one group, end at the same
time and are forecast once, from their last value; some experts that would take long are left out.
"""
import argparse
import csv
import json
import math
import os
import subprocess
import sys
import tempfile
import time

# What a change must not fall behind: rBest and the share of streams better than naive.
BARS = {"p1": 0.66, "p2": 0.83, "p3": 0.84}
MODEL = {"cell": "lstm", "hidden": 32, "lookback": 48, "steps": "{first: 400, refit: 180}"}
NETWORKS = ("lstm", "lstm_seasonal")


M4_MODEL = {"scope": "group", "cell": "lstm", "hidden": 32, "lookback": 168, "patch": 24, "batch": 64,
            "optimizer": {"rate": 0.004}, "steps": {"first": 4000, "refit": 1000}}
M4_HORIZON = 48
M4_SEASONS = [24, 168]
# Robust regressions on 168 lags for 48 steps take longer than all the rest together.
M4_WITHOUT = "regression,regression_seasonal,regression_median"
M4_END = 1_500_000_000 // 3600 * 3600
M4_BARS = {"OWA": 0.417, "MASE": 0.79}
# Beside DIR/suite.csv.
M4_FILES = ("m4/Hourly-train-dev.csv", "m4/Hourly-test-dev.csv")


def read_suites(path):
    suites = {}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            suites.setdefault(row["suite"], []).append(row)
    return suites


def write_settings(path, row, season):
    seasons = [s for s in (row["season"], row["season2"]) if int(s) > 1]
    with open(path, "w") as file:
        file.write(f"""models:
  default: {{{", ".join(f"{k}: {v}" for k, v in MODEL.items())}}}
streams:
  - match: '*'
    window: {row["window"]}
    horizon: {row["horizon"]}
    season: {season if season else "[" + ", ".join(seasons) + "]"}
    retrain: {{every: {row["refit"]}}}
    intervals: [0.8, 0.95]
""")


def copy_rows(source, target, limit):
    """The rows of the first `limit` steps."""
    with open(source, newline="") as file, open(target, "w") as out:
        rows = list(csv.DictReader(file))
        times = [int(float(row["ts"])) for row in rows]
        gaps = sorted(b - a for a, b in zip(times, times[1:]))
        step = gaps[len(gaps) // 2]
        out.write("ts,value\n")
        for t, row in zip(times, rows):
            if (t - times[0]) // step < limit:
                out.write(f"{t},{row['value']}\n")


def play(args, name, rows, directory, options):
    """Forecasts of a suite, with all experts and, unless `options` leave some out, without networks."""
    settings = os.path.join(directory, "suite.yaml")
    write_settings(settings, rows[0], args.season)
    files = []
    for row in rows:
        files.append(os.path.join(directory, row["stream"] + ".csv"))
        copy_rows(os.path.join(args.data, row["file"]), files[-1], int(row["limit"]))
    runs = {name: options}
    if not {"--expert", "--without"} & set(options):
        runs["pool"] = [*options, "--without", ",".join(NETWORKS)]
    for run, more in runs.items():
        started = time.monotonic()
        subprocess.run([args.rollcast, "backtest", "--config", settings,
                        "--out", os.path.join(directory, f"{run}.csv"),
                        "--start", str(int(rows[0]["warmup"]) - 1), "--stride", rows[0]["stride"],
                        *more, *files], check=True, stdout=None if run == name else subprocess.DEVNULL)
        print(f"{run}: {time.monotonic() - started:.1f} s", flush=True)
    return [os.path.join(directory, f"{run}.csv") for run in runs]


def score(args, name, forecasts):
    line = [args.python, args.score, "--suite-file", os.path.join(args.data, "suite.csv"),
            "--data", args.data, "--suite", name, *forecasts]
    out = subprocess.run(line + (["--per-stream"] if args.per_stream else []), check=True,
                         text=True, capture_output=True).stdout
    print(out)
    ratios = {words[0]: float(words[at]) for at, words in rows_of(out, "rBest")}
    if "pool" in ratios:
        print(f"{name}: networks take {1 - ratios[name] / ratios['pool']:.1%} off the error of the pool")
    print(f"{name}: rBest must be at most {BARS.get(name, 1):.2f}, win 1, cover 0.94 to 0.96\n",
          flush=True)


def rows_of(table, column):
    """Where the column is, and the words of each row, of the last table of a text that has it."""
    lines = [line.split() for line in table.splitlines()]
    head = [i for i, words in enumerate(lines) if column in words][-1]
    return [(lines[head].index(column) + 1, words) for words in lines[head + 1:] if words]


def read_m4(path):
    with open(path, newline="") as file:
        return {row[0]: [value for value in row[1:] if value] for row in list(csv.reader(file))[1:]}


def write_m4_settings(path):
    with open(path, "w") as file:
        json.dump({"models": {"default": M4_MODEL},
                   "streams": [{"match": "*", "step": "1h", "window": 2016, "horizon": M4_HORIZON,
                                "season": M4_SEASONS, "retrain": {"every": 48},
                                "intervals": [0.8, 0.95]}]}, file)


def write_m4_samples(path, series):
    """Long, in the order of time."""
    rows = [(M4_END - 3600 * (len(values) - 1 - i), name, value)
            for name, values in series.items() for i, value in enumerate(values)]
    rows.sort(key=lambda row: row[0])
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([("ts", "stream", "value"), *rows])


def play_m4(args, series, directory, options):
    """Returns wide files of mean, lower and upper bounds."""
    settings, samples, forecasts = (os.path.join(directory, name)
                                    for name in ("m4.yaml", "m4.csv", "long.csv"))
    write_m4_settings(settings)
    write_m4_samples(samples, series)
    # --start and --stride count from each series' first step: the last steps of all are among these.
    lengths = sorted({len(values) for values in series.values()})
    stride = math.gcd(*(length - lengths[0] for length in lengths)) or 1
    subprocess.run([args.rollcast, "backtest", "--config", settings, "--out", forecasts, "--start",
                    str(lengths[0] - 1), "--stride", str(stride), "--without", M4_WITHOUT, *options, samples],
                   stdout=subprocess.DEVNULL, check=True)
    last = {}
    with open(forecasts, newline="") as file:
        for row in csv.DictReader(file):
            if float(row["origin_ts"]) == M4_END:
                last.setdefault(row["stream"], []).append(row)
    files = [os.path.join(directory, name + ".csv") for name in ("rollcast", "lower", "upper")]
    for path, column in zip(files, ("mean", "lower", "upper")):
        with open(path, "w", newline="") as file:
            csv.writer(file).writerows([["id", *(f"F{h + 1}" for h in range(M4_HORIZON))],
                                        *([name, *(row[column] for row in rows)]
                                          for name, rows in last.items())])
    return files


def run_m4(args, options):
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        mean, lower, upper = play_m4(args, read_m4(args.m4_train), directory, options)
        print(f"m4: {time.monotonic() - started:.1f} s", flush=True)
        subprocess.run([args.python, args.score, "--m4-train", args.m4_train, "--m4-test",
                        args.m4_test, "--season", str(M4_SEASONS[0]), mean, "--lower", lower,
                        "--upper", upper], check=True)
    print("m4: must be at most " + ", ".join(f"{name} {bar}" for name, bar in M4_BARS.items()))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data")
    parser.add_argument("--m4-train")
    parser.add_argument("--m4-test")
    parser.add_argument("--score", required=True)
    parser.add_argument("--python", default=sys.executable, help="that runs the scorer")
    parser.add_argument("--rollcast", default="build/rollcast")
    parser.add_argument("--suite", help="names, separated by commas, of suite.csv or m4; default: all")
    parser.add_argument("--season", help="the season of all streams, such as `auto`")
    parser.add_argument("--per-stream", action="store_true")
    arguments = sys.argv[1:]
    options = []
    if "--" in arguments:
        at = arguments.index("--")
        arguments, options = arguments[:at], arguments[at + 1:]
    args = parser.parse_args(arguments)
    if args.m4_train and args.m4_test:
        run_m4(args, options)
        return
    if not args.data:
        parser.error("give --data, or --m4-train and --m4-test")
    suites = read_suites(os.path.join(args.data, "suite.csv"))
    for name in args.suite.split(",") if args.suite else suites:
        if name == "m4":
            continue
        with tempfile.TemporaryDirectory() as directory:
            score(args, name, play(args, name, suites[name], directory, options))
    if not args.suite or "m4" in args.suite.split(","):
        args.m4_train, args.m4_test = (os.path.join(args.data, file) for file in M4_FILES)
        if os.path.exists(args.m4_train) and os.path.exists(args.m4_test):
            run_m4(args, options)
        else:
            print(f"m4: there is no {args.m4_train}")


if __name__ == "__main__":
    main()
