"""The Python side of bench/protocol.ts: requests are lines of JSON on stdin, one answer each goes to stdout."""

import json
import math
import os
import re
import sys
import time

# Libraries print what they like: the answers keep the real stdout for themselves.
_answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

# As in contenders/timing.ts.
SHORTEST_SAMPLE_MS = 1
WARM_UP_MS = 100


def send(**answer):
    _answers.write(json.dumps(answer) + "\n")
    _answers.flush()


class Timer:
    def __init__(self, step):
        self.step = step
        self.in_a_row = 1

    def sample(self, steps):
        begin = time.perf_counter()
        for _ in range(steps):
            self.step()
        return (time.perf_counter() - begin) * 1e3 / steps

    def warm_up(self):
        begin, fastest, runs = time.perf_counter(), math.inf, 0
        while runs < 2 or ((time.perf_counter() - begin) * 1e3 < WARM_UP_MS and runs < 1000):
            fastest = min(fastest, self.sample(1))
            runs += 1
        self.in_a_row = math.ceil(SHORTEST_SAMPLE_MS / fastest)

    def round(self, seconds):
        samples, end = [], time.perf_counter() + seconds
        while not samples or time.perf_counter() < end:
            samples.append(self.sample(self.in_a_row))
        return samples


def resident(name):
    try:
        with open("/proc/self/status") as status:
            return int(re.search(rf"^{name}:\s*(\d+) kB$", status.read(), re.M)[1]) * 1024
    except (OSError, TypeError):
        return None


_before = None


def begin_memory():
    """Lets the growth of resident memory count from here."""
    global _before
    try:
        with open("/proc/self/clear_refs", "w") as refs:
            refs.write("5")
    except OSError:
        pass
    _before = resident("VmRSS")


def grown_memory():
    highest = resident("VmHWM")
    return None if highest is None or _before is None else max(0, highest - _before)


def serve(name, prepare):
    """Answers requests until stdin ends; `prepare(work, threads)` gives the step to time."""
    send(ready=name)
    timer = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "work" in request:
                timer = None  # frees what the last step held
                begin_memory()
                timer = Timer(prepare(request["work"], request["threads"]))
                timer.warm_up()
                send(prepared=True)
            elif "seconds" in request:
                send(samplesMs=timer.round(request["seconds"]))
            else:
                send(peakBytes=grown_memory())
        except Exception as error:  # whatever a library raises is told, and the next case goes on
            send(error=f"{type(error).__name__}: {error}")
