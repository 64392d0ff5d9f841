"""Weights cross to Python and back: the format parsed by hand, the network computed by the formulas.

The library stands behind tests/network/safetensors_driver.c. Run with pytest.
"""

import json
import math
import os
import pathlib
import random
import struct
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DRIVER = os.path.join(os.environ.get("BUILD", "build"), "tests/network/safetensors_driver")
CELLS = ["lstm", "gru", "rnn"]
ACTIVATIONS = ["tanh", "relu"]


@pytest.fixture(scope="module")
def driver():
    subprocess.run(["make", "-s", DRIVER], cwd=ROOT, check=True)

    def run(*words, **options):
        return subprocess.run([ROOT / DRIVER, *map(str, words)], timeout=10, text=True,
                              capture_output=True, **options)

    return run


def read(path):
    """Metadata, and tensors as lists of rows (a bias as one list)."""
    data = path.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    assert length % 8 == 0
    header = json.loads(data[8:8 + length])
    metadata = header.pop("__metadata__")
    tensors, end = {}, 0
    for name, entry in header.items():
        assert entry["dtype"] == "F32"
        first, last = entry["data_offsets"]
        assert first == end, "tensors follow one another"
        end = last
        values = struct.unpack_from(f"<{(last - first) // 4}f", data, 8 + length + first)
        if len(entry["shape"]) == 1:
            tensors[name] = list(values)
        else:
            rows, cols = entry["shape"]
            tensors[name] = [list(values[i * cols:(i + 1) * cols]) for i in range(rows)]
    assert 8 + length + end == len(data)
    return metadata, tensors


def write(path, metadata, tensors):
    """As other programs write: names sorted, spaces in the JSON."""
    header, data = {"__metadata__": metadata}, b""
    for name in sorted(tensors):
        tensor = tensors[name]
        is_matrix = isinstance(tensor[0], list)
        flat = sum(tensor, []) if is_matrix else tensor
        piece = struct.pack(f"<{len(flat)}f", *flat)
        shape = [len(tensor), len(tensor[0])] if is_matrix else [len(tensor)]
        offsets = [len(data), len(data) + len(piece)]
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": offsets}
        data += piece
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def affine(matrix, values, bias):
    return [sum(m * v for m, v in zip(row, values)) + b for row, b in zip(matrix, bias)]


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def step(cell, activate, n, a, b, h, c):
    if cell == "lstm":
        i, f, g, o = (
            [activate(x) if k == 2 else sigmoid(x)
             for x in map(sum, zip(a[k * n:(k + 1) * n], b[k * n:(k + 1) * n]))]
            for k in range(4))
        c = [f[j] * c[j] + i[j] * g[j] for j in range(n)]
        return [o[j] * activate(c[j]) for j in range(n)], c
    if cell == "gru":
        r, z = ([sigmoid(a[k * n + j] + b[k * n + j]) for j in range(n)] for k in range(2))
        new = [activate(a[2 * n + j] + r[j] * b[2 * n + j]) for j in range(n)]
        return [(1 - z[j]) * new[j] + z[j] * h[j] for j in range(n)], c
    return [activate(a[j] + b[j]) for j in range(n)], c


def forecast(metadata, tensors, window, extras):
    n = int(metadata["hidden"])
    activate = math.tanh if metadata["activation"] == "tanh" else lambda x: max(x, 0.0)
    sequence = window
    for layer in range(int(metadata["layers"])):
        h, c, states = [0.0] * n, [0.0] * n, []
        for values in sequence:
            a = affine(tensors[f"weight_ih_l{layer}"], values, tensors[f"bias_ih_l{layer}"])
            b = affine(tensors[f"weight_hh_l{layer}"], h, tensors[f"bias_hh_l{layer}"])
            h, c = step(metadata["cell"], activate, n, a, b, h, c)
            states.append(h)
        sequence = states
    zeros = [0.0] * int(metadata["outputs"])
    parts = [affine(tensors["head.weight"], sequence[-1], tensors["head.bias"]),
             affine(tensors["skip.weight"], sum(window, []), zeros),
             affine(tensors["extras.weight"], extras, zeros)]
    return [sum(values) for values in zip(*parts)]


def check_forecasts(driver, path, metadata, tensors):
    source = random.Random(1)
    for _ in range(5):
        window = [[source.uniform(-1, 1) for _ in range(int(metadata["channels"]))]
                  for _ in range(int(metadata["lookback"]))]
        extras = [source.uniform(-1, 1) for _ in range(int(metadata["extras"]))]
        answer = driver("forecast", path, input=" ".join(map(repr, sum(window, []) + extras)))
        assert answer.returncode == 0
        outputs = [float(word) for word in answer.stdout.split()]
        assert outputs == pytest.approx(forecast(metadata, tensors, window, extras), abs=1e-5)


@pytest.mark.parametrize("activation", range(2))
@pytest.mark.parametrize("cell", range(3))
def test_python_computes_what_the_library_forecasts(driver, tmp_path, cell, activation):
    path = tmp_path / "weights.safetensors"
    assert driver("new", cell, activation, 7, path).returncode == 0
    metadata, tensors = read(path)
    assert metadata["cell"] == CELLS[cell] and metadata["activation"] == ACTIVATIONS[activation]
    assert metadata["title"] == 'a "test"'
    check_forecasts(driver, path, metadata, tensors)


@pytest.mark.parametrize("cell", range(3))
def test_the_library_reads_what_python_writes(driver, tmp_path, cell):
    path = tmp_path / "weights.safetensors"
    assert driver("new", cell, 0, 7, path).returncode == 0
    metadata, tensors = read(path)
    for name, tensor in tensors.items():
        tensors[name] = ([[v / 2 for v in row] for row in tensor] if isinstance(tensor[0], list)
                         else [v / 2 for v in tensor])
    write(path, metadata, tensors)
    check_forecasts(driver, path, metadata, tensors)


def test_pytorch_loads_the_cell_as_it_is(driver, tmp_path):
    torch = pytest.importorskip("torch")
    path = tmp_path / "weights.safetensors"
    assert driver("new", 0, 0, 7, path).returncode == 0
    metadata, tensors = read(path)
    cell = torch.nn.LSTM(int(metadata["channels"]), int(metadata["hidden"]),
                         int(metadata["layers"]), batch_first=True)
    cell.load_state_dict({name: torch.tensor(tensor) for name, tensor in tensors.items()
                          if "_l" in name})
    window = [[0.1 * t, -0.2 * t] for t in range(int(metadata["lookback"]))]
    states, _ = cell(torch.tensor([window]))
    metadata["extras"] = "0"
    for name in ("skip.weight", "extras.weight"):
        tensors[name] = [[0.0] * len(row) for row in tensors[name]]
    ours = forecast(metadata, tensors, window, [0.0] * 3)
    theirs = affine(tensors["head.weight"], states[0, -1].tolist(), tensors["head.bias"])
    assert ours == pytest.approx(theirs, abs=1e-6)
