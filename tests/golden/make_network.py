"""Golden numbers for tests/network/test_golden.c: PyTorch trains small networks in double precision.

    python3 tests/golden/make_network.py > tests/golden/network.h

Weights and batches come from SplitMix64 on both sides, so that only losses and final weights need
to be kept. Weights are written in the order of the library's block: every matrix transposed.
"""

import torch

HIDDEN, LAYERS, CHANNELS, LOOKBACK, OUTPUTS = 3, 2, 2, 5, 2
STEPS, BATCHES, ROWS = 50, 4, 6
WEIGHTS = 188  # of the largest network, the LSTM
CLIP, DECAY = 0.5, 0.01

CELLS = {
    ("LSTM", "TANH"): torch.nn.LSTM,
    ("GRU", "TANH"): torch.nn.GRU,
    ("RNN", "TANH"): torch.nn.RNN,
    ("RNN", "RELU"): torch.nn.RNN,
}
LOSSES = {
    "MAE": torch.nn.L1Loss(),
    "MSE": torch.nn.MSELoss(),
    "HUBER": torch.nn.HuberLoss(delta=0.25),
}
OPTIMIZERS = {
    "ADAM": lambda p: torch.optim.Adam(p, lr=0.01, weight_decay=DECAY),
    "ADAMW": lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=DECAY),
    "RMSPROP": lambda p: torch.optim.RMSprop(p, lr=0.002, weight_decay=DECAY, momentum=0.5),
    "SGD": lambda p: torch.optim.SGD(p, lr=0.05, weight_decay=DECAY, momentum=0.5),
}


class Random:
    """SplitMix64, as in lib/network/random.h."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        mask = (1 << 64) - 1
        self.state = (self.state + 0x9E3779B97F4A7C15) & mask
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return z ^ (z >> 31)

    def tensor(self, *shape):
        """Uniform in [-1, 1), in steps a float holds exactly."""
        count = torch.Size(shape).numel()
        values = [(self.next() >> 40) * 2.0**-23 - 1 for _ in range(count)]
        return torch.tensor(values, dtype=torch.float64).reshape(shape)


class Network(torch.nn.Module):
    def __init__(self, cell, activation):
        super().__init__()
        words = {"nonlinearity": activation.lower()} if cell == "RNN" else {}
        self.cell = CELLS[cell, activation](CHANNELS, HIDDEN, LAYERS, batch_first=True, **words)
        self.head = torch.nn.Linear(HIDDEN, OUTPUTS)
        self.double()

    def tensors(self):
        """In the order of the block."""
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        for layer in range(LAYERS):
            for name in names:
                yield getattr(self.cell, f"{name}_l{layer}")
        yield self.head.weight
        yield self.head.bias

    def fill(self, random):
        for tensor in self.tensors():
            transposed = tensor.detach().t()
            transposed.copy_(random.tensor(*transposed.shape) * 0.5)

    def block(self):
        return torch.cat([tensor.detach().t().flatten() for tensor in self.tensors()])

    def forward(self, inputs):
        states, _ = self.cell(inputs)
        return self.head(states[:, -1])


def train(cell, activation, loss, optimizer):
    network = Network(cell, activation)
    network.fill(Random(1))
    random = Random(2)
    batches = [
        (random.tensor(ROWS, LOOKBACK, CHANNELS), random.tensor(ROWS, OUTPUTS))
        for _ in range(BATCHES)
    ]
    update = OPTIMIZERS[optimizer](network.parameters())
    losses = []
    for step in range(STEPS):
        inputs, targets = batches[step % BATCHES]
        update.zero_grad()
        value = LOSSES[loss](network(inputs), targets)
        value.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP)
        update.step()
        losses.append(value.item())
    return losses, network.block().tolist()


def braces(values):
    lines, line = [], ""
    for value in values:
        word = f"{value:.7g},"
        if len(line) + len(word) > 90:
            lines.append("\t\t" + line)
            line = ""
        line += word
    return "{\n" + "\n".join([*lines, "\t\t" + line]) + "\n\t}"


def main():
    print("/* Made by tests/golden/make_network.py with PyTorch; not to be edited. */")
    print("/* clang-format off */")
    constants = (
        "HIDDEN LAYERS CHANNELS LOOKBACK OUTPUTS STEPS BATCHES ROWS WEIGHTS".split()
    )
    print("enum {")
    for name in constants:
        print(f"\tGOLDEN_{name} = {globals()[name]},")
    print("};")
    print("static const struct golden {")
    print("\tenum rollcast_cell cell;\n\tenum rollcast_activation activation;")
    print("\tenum rollcast_loss loss;\n\tenum rollcast_optimizer optimizer;")
    print("\tfloat losses[GOLDEN_STEPS], weights[GOLDEN_WEIGHTS];\n} goldens[] = {")
    for cell, activation in CELLS:
        for loss in LOSSES:
            for optimizer in OPTIMIZERS:
                losses, weights = train(cell, activation, loss, optimizer)
                print(f"\t{{ROLLCAST_CELL_{cell}, ROLLCAST_ACTIVATION_{activation},")
                print(f"\t ROLLCAST_LOSS_{loss}, ROLLCAST_OPTIMIZER_{optimizer},")
                print(f"\t{braces(losses)},\n\t{braces(weights)}}},")
    print("};\n/* clang-format on */")


if __name__ == "__main__":
    main()
