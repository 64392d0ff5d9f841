"""What becomes of samples before they are forecast: counters, limits, thresholds."""

from rollcast import EPOCH




def test_a_counter_is_forecast_as_its_rate(world):
    _, samples, forecasts = world.push_pull(stream={"step": "10s", "aggregate": "rate"})
    counter, values = 2**32 - 5000, []
    for i in range(30):
        counter = 0 if i == 20 else (counter + 500) % 2**32  # overflows, and is reset once
        values.append(counter)
    samples.send_values("bytes_total", values, step=10)
    got = forecasts.receive_until(lambda f: f["time"] == EPOCH + 280)
    assert [f["time"] - EPOCH for f in got] == list(range(10, 290, 10))
    assert {f["last"] for f in got if f["time"] != EPOCH + 200} == {50.0}
    assert [f["last"] for f in got if f["time"] == EPOCH + 200] == [0.0]
