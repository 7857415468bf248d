"""The tasks of the bench in Celery, and a loop that does with them what a line says: `tasks 1000`, `chain 200`, `chord 1000`."""

import os
import sys

from celery import Celery, chain, chord

redis = os.environ["BENCH_REDIS"]
app = Celery("celery_side", broker=redis, backend=redis)
app.conf.task_always_eager = "BENCH_EAGER" in os.environ


@app.task
def noop(value):
    return value


@app.task
def count(values):
    return len(values)


def tasks(total):
    for result in [noop.delay(1) for _ in range(total)]:
        result.get(timeout=300)


def chain_of(total):
    assert chain(noop.s(1), *(noop.s() for _ in range(total - 1))).delay().get(timeout=300) == 1


def chord_of(total):
    assert chord((noop.s(1) for _ in range(total)), count.s()).delay().get(timeout=300) == total


if __name__ == "__main__":
    shapes = {"tasks": tasks, "chain": chain_of, "chord": chord_of}
    print("ready", flush=True)
    for line in sys.stdin:
        shape, total = line.split()
        shapes[shape](int(total))
        print("done", flush=True)
