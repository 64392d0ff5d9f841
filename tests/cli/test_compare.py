"""rollcast compare, from outside: figures that can be worked out again, and no look ahead."""

import json
import math
import os
import pathlib
import struct
import subprocess
import xml.etree.ElementTree

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROLLCAST = ROOT / os.environ.get("BUILD", "build") / "rollcast"
AIRLINE = ROOT / "tests/data/airline-passengers.csv"
QUICK = ("--hidden", 8, "--epochs", 5, "--seeds", 2)


def run(*arguments, status=0):
    done = subprocess.run([ROLLCAST, "compare", *map(str, arguments)], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == status, done.stderr
    return done.stdout if status == 0 else done.stderr


def compare(*arguments):
    return json.loads(run(*arguments, "--json"))


def passengers():
    return [float(line.split(",")[1]) for line in AIRLINE.read_text().splitlines()[1:]]


def rmse(actual, forecasts):
    return math.sqrt(sum((a - f) ** 2 for a, f in zip(actual, forecasts)) / len(actual))


def without_seconds(result):
    result = json.loads(json.dumps(result))
    for cell in result["cells"]:
        del cell["seconds"]
        for run_ in cell["runs"]:
            del run_["seconds"]
    return result


def test_the_airline_is_split_as_the_tutorial_does():
    result = compare(AIRLINE, *QUICK)
    assert result["windows"] == {"train": 107, "test": 27}
    assert (result["first"], result["last"], result["season"]) == ("1949-01", "1960-12", 12)
    assert result["test"]["times"][0] == "1958-10"
    assert result["test"]["actual"] == passengers()[117:]
    assert [cell["cell"] for cell in result["cells"]] == ["lstm", "gru", "rnn"]


def test_naive_forecasts_and_mase_are_what_their_definitions_say():
    result, y = compare(AIRLINE, *QUICK), passengers()
    assert result["naive"]["rmse"] == pytest.approx(rmse(y[117:], y[116:-1]))
    assert result["seasonal_naive"]["rmse"] == pytest.approx(rmse(y[117:], y[105:-12]))
    unit = sum(abs(y[i] - y[i - 12]) for i in range(12, 117)) / 105
    assert result["naive"]["mase"] == pytest.approx(result["naive"]["mae"] / unit)


def test_errors_are_those_of_the_forecasts():
    result = compare(AIRLINE, *QUICK)
    for cell in result["cells"]:
        for run_ in cell["runs"]:
            assert run_["rmse"] == pytest.approx(rmse(result["test"]["actual"], run_["forecasts"]))
        errors = [run_["rmse"] for run_ in cell["runs"]]
        assert cell["rmse"]["low"] == pytest.approx(min(errors))
        assert cell["rmse"]["median"] == pytest.approx(sum(errors) / 2)


def test_threads_change_nothing_and_seeds_do():
    one = compare(AIRLINE, *QUICK, "--threads", 1)
    three = compare(AIRLINE, *QUICK, "--threads", 3)
    assert without_seconds(one) == without_seconds(three)
    runs = one["cells"][0]["runs"]
    assert runs[0]["forecasts"] != runs[1]["forecasts"]
    shifted = compare(AIRLINE, *QUICK, "--seed", 2)["cells"][0]["runs"]
    assert shifted[0]["forecasts"] == runs[1]["forecasts"]


def test_forecasts_do_not_see_what_comes(tmp_path):
    """The last value changes: no forecast does, unless scaling looks at all values."""
    other = tmp_path / "other.csv"
    other.write_text(AIRLINE.read_text().replace('"1960-12",432', '"1960-12",900'))
    for scale_on, same in (("train", True), ("all", False)):
        ours = compare(AIRLINE, *QUICK, "--scale-on", scale_on)
        theirs = compare(other, *QUICK, "--scale-on", scale_on)
        for mine, yours in zip(ours["cells"], theirs["cells"]):
            assert (mine["runs"][0]["forecasts"] == yours["runs"][0]["forecasts"]) == same


def test_scaling_is_fitted_on_the_part_that_is_asked_for():
    assert compare(AIRLINE, *QUICK)["scaling"] == {"shift": 104, "scale": 401}
    assert compare(AIRLINE, *QUICK, "--scale-on", "all")["scaling"] == {"shift": 104, "scale": 518}
    assert compare(AIRLINE, *QUICK, "--scale", "none")["scaling"] == {"shift": 0, "scale": 1}


def test_every_cell_learns_a_sine(tmp_path):
    sine = tmp_path / "sine.csv"
    sine.write_text("".join(f"{math.sin(i / 3)}\n" for i in range(300)))
    result = compare(sine, "--hidden", 16, "--epochs", 60, "--rate", 0.01, "--seeds", 2,
                     "--activation", "tanh")
    assert result["seasonal_naive"] is None
    for cell in result["cells"]:
        assert cell["rmse"]["high"] < result["naive"]["rmse"] / 3, cell["cell"]


def test_a_constant_series_gives_no_nonsense(tmp_path):
    flat = tmp_path / "flat.csv"
    flat.write_text("5\n" * 60)
    result = compare(flat, *QUICK)
    assert result["naive"]["rmse"] == 0 and result["naive"]["mase"] is None
    assert all(cell["rmse"]["median"] < 1 for cell in result["cells"])


def test_a_season_can_be_given_or_none():
    assert compare(AIRLINE, *QUICK, "--season", 6)["season"] == 6
    assert compare(AIRLINE, *QUICK, "--season", 1)["seasonal_naive"] is None


def test_people_get_a_table():
    text = run(AIRLINE, *QUICK, "--cells", "rnn,lstm")
    lines = [line.split()[0] for line in text.splitlines() if line and line[0] in "rlns"]
    assert lines[:5] == ["scale", "rnn", "lstm", "naive", "seasonal"]
    assert "107 to train, 27 to test from 1958-10 on" in text
    assert "Of the cells" in text and "of 2 seeds" in text


def test_the_plot_is_svg_or_png_with_dates_and_legend(tmp_path):
    svg, png = tmp_path / "a.svg", tmp_path / "a.png"
    run(AIRLINE, *QUICK, "--plot", svg)
    texts = " ".join(xml.etree.ElementTree.parse(svg).getroot().itertext())
    for word in ("Passengers", "actual", "lstm, RMSE", "gru, RMSE", "rnn, RMSE",
                 "seasonal naive, RMSE 47.19", "1960", "Jul"):
        assert word in texts
    run(AIRLINE, *QUICK, "--plot", png)
    head = png.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">II", head[16:]) == (1350, 720)


def test_a_title_cannot_break_the_plot(tmp_path):
    file, svg = tmp_path / "a.csv", tmp_path / "a.svg"
    title = "it's <b> $data 'x' `date` @y \\n"
    file.write_text(f'time,"{title}"\n' + "".join(f"{i},{i % 7}\n" for i in range(60)))
    run(file, *QUICK, "--plot", svg)
    assert title.split("\\")[0] in " ".join(xml.etree.ElementTree.parse(svg).getroot().itertext())


@pytest.mark.parametrize("arguments, status, said", [
    ([], 2, "one file is needed"),
    (["a.csv", "b.csv"], 2, "one file is needed"),
    (["a.csv", "--cells", "lstm,cnn"], 2, "some of lstm, gru, rnn"),
    (["a.csv", "--plot", "x.gif"], 2, "neither in .svg nor in .png"),
    (["a.csv", "--train", "1"], 2, "--train"),
    (["none.csv"], 1, "none.csv: No such file or directory"),
])
def test_refuses_wrong_usage(arguments, status, said):
    assert said in run(*arguments, status=status)


def test_says_that_a_series_is_too_short(tmp_path):
    short = tmp_path / "short.csv"
    short.write_text("1\n" * 11)
    assert "11 values are too few for windows of 10" in run(short, status=1)


def test_a_file_with_problems_is_not_guessed_at(tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text("v\n" + "1\n" * 50 + "oops\n")
    assert 'bad.csv:52:1: v: "oops" is no number' in run(bad, status=1)


def test_a_plot_that_cannot_be_written_fails(tmp_path):
    assert "No such file or directory" in run(AIRLINE, *QUICK, "--plot", tmp_path / "no/a.svg",
                                              status=1)
