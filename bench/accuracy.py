#!/usr/bin/python3
"""How good forecasts are on suites of real series: `rollcast backtest`, scored by an independent script.

    accuracy.py --data DIR --score score.py [--rollcast build/rollcast] [--suite p1,p2] [-- OPTION...]

DIR has suite.csv (suite, stream, file, season, season2, horizon, warmup, stride, refit, window, limit,
all in steps) and the files it names (ts, value). For each suite a settings file is written and the
streams are played through `rollcast backtest`; what follows `--` is handed on to it.
"""
import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time

# What a change must not fall behind: rBest and the share of streams better than naive.
BARS = {"p1": 0.66, "p2": 0.83, "p3": 0.84}
MODEL = {"cell": "lstm", "hidden": 32, "lookback": 48, "steps": "{first: 400, refit: 180}"}


def read_suites(path):
    suites = {}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            suites.setdefault(row["suite"], []).append(row)
    return suites


def write_settings(path, row, season):
    seasons = [s for s in (row["season"], row["season2"]) if int(s) > 1]
    with open(path, "w") as file:
        file.write(f"""inputs: [{{name: samples, type: pull, bind: tcp://127.0.0.1:5556}}]
outputs: [{{name: forecasts, bind: tcp://127.0.0.1:5557}}]
models:
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
    settings = os.path.join(directory, "suite.yaml")
    forecasts = os.path.join(directory, f"{name}.csv")
    write_settings(settings, rows[0], args.season)
    files = []
    for row in rows:
        files.append(os.path.join(directory, row["stream"] + ".csv"))
        copy_rows(os.path.join(args.data, row["file"]), files[-1], int(row["limit"]))
    started = time.monotonic()
    subprocess.run([args.rollcast, "backtest", "--config", settings, "--out", forecasts,
                    "--start", str(int(rows[0]["warmup"]) - 1), "--stride", rows[0]["stride"],
                    *options, *files], check=True)
    print(f"{name}: {time.monotonic() - started:.1f} s", flush=True)
    return forecasts


def score(args, name, forecasts):
    line = [sys.executable, args.score, "--suite-file", os.path.join(args.data, "suite.csv"),
            "--data", args.data, "--suite", name, forecasts]
    print(subprocess.run(line + (["--per-stream"] if args.per_stream else []), check=True,
                         text=True, capture_output=True).stdout)
    print(f"{name}: rBest must be at most {BARS.get(name, 1):.2f}, win 1, cover 0.94 to 0.96\n",
          flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--score", required=True)
    parser.add_argument("--rollcast", default="build/rollcast")
    parser.add_argument("--suite", help="names, separated by commas; default: all")
    parser.add_argument("--season", help="the season of all streams, such as `auto`")
    parser.add_argument("--per-stream", action="store_true")
    arguments = sys.argv[1:]
    options = []
    if "--" in arguments:
        at = arguments.index("--")
        arguments, options = arguments[:at], arguments[at + 1:]
    args = parser.parse_args(arguments)
    suites = read_suites(os.path.join(args.data, "suite.csv"))
    for name in args.suite.split(",") if args.suite else suites:
        with tempfile.TemporaryDirectory() as directory:
            score(args, name, play(args, name, suites[name], directory, options))


if __name__ == "__main__":
    main()
