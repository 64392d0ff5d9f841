"""PyTorch's times for the works that bench/network asks for, one line of words in, one number out.

train CELL HIDDEN LOOKBACK BATCH OUTPUTS STEPS    seconds for STEPS training steps
job CELL HIDDEN LOOKBACK WINDOWS BATCH EPOCHS     seconds for the tutorial's job
forecast CELL HIDDEN LOOKBACK COUNT OUTPUTS CALLS seconds for CALLS forecasts of COUNT windows

Seconds of this process's CPU, one thread, after a warm-up.
"""

import sys
import time

import torch

CELLS = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}


class Network(torch.nn.Module):
    def __init__(self, cell, hidden, outputs):
        super().__init__()
        self.cell = CELLS[cell](1, hidden, batch_first=True)
        self.head = torch.nn.Linear(hidden, outputs)

    def forward(self, windows):
        states, _ = self.cell(windows)
        return self.head(states[:, -1])


def timed(run, times):
    run()
    start = time.process_time()
    for _ in range(times):
        run()
    return time.process_time() - start


def stepper(network):
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)

    def step(inputs, targets):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(network(inputs), targets)
        loss.backward()
        optimizer.step()

    return step


def train(cell, hidden, lookback, batch, outputs, steps):
    step = stepper(Network(cell, int(hidden), int(outputs)))
    inputs = torch.randn(int(batch), int(lookback), 1)
    targets = torch.randn(int(batch), int(outputs))
    return timed(lambda: step(inputs, targets), int(steps))


def job(cell, hidden, lookback, windows, batch, epochs):
    step = stepper(Network(cell, int(hidden), 1))
    inputs = torch.randn(int(windows), int(lookback), 1)
    targets = torch.randn(int(windows), 1)

    def epoch():
        order = torch.randperm(int(windows))
        for some in order.split(int(batch)):
            step(inputs[some], targets[some])

    return timed(epoch, int(epochs))


def forecast(cell, hidden, lookback, count, outputs, calls):
    network = Network(cell, int(hidden), int(outputs))
    inputs = torch.randn(int(count), int(lookback), 1)
    with torch.no_grad():
        return timed(lambda: network(inputs), int(calls))


def main():
    torch.set_num_threads(1)
    works = {"train": train, "job": job, "forecast": forecast}
    print(torch.__version__, flush=True)
    for line in sys.stdin:
        name, *words = line.split()
        print(works[name](*words), flush=True)


if __name__ == "__main__":
    main()
