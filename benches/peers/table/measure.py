"""Repetitions by turns, checks before figures, medians of ratios."""
import dataclasses
import os
import pathlib
import statistics
import time
from collections.abc import Callable

import numpy as np

from . import dasc

THREADS = len(os.sched_getaffinity(0))
SMALL = os.environ.get("PEERS_SMALL") == "1"


@dataclasses.dataclass
class Peer:
    """Someone else at the same work. `make(x, row)` prepares and answers with what is timed, a function of nothing; what that
    returns is brought into dasc's layout by `view`. It must agree with the row's reference, or with its own."""

    name: str
    make: Callable
    threads: int = 1
    view: Callable = lambda y: y
    tolerance: float = 1e-4
    reference: Callable | None = None
    # Seconds are told for so many samples of the row's: slow peers get a part of the channels.
    share: int = 1


@dataclasses.dataclass
class Row:
    title: str
    steps: str
    shape: tuple
    peers: list
    # (name of a peer, factor): dasc is to be so many times as fast. `limit` and `copy` are memory's.
    goals: list
    dtype: str = "float32"
    rate: float = 1000.0
    spacing: float = 1.0
    stage: str | None = None
    # Bytes a sample that have to be moved, where memory is a goal.
    floor: float | None = None
    reference: Callable | None = None
    tolerance: float = 1e-4
    # Compare with peers on as many threads as they have, where they can have several.
    same_threads: bool = False

    @property
    def samples(self):
        return self.shape[0] * self.shape[1]


@dataclasses.dataclass
class Figure:
    name: str
    threads: int
    seconds: float
    samples: float
    # By how much dasc is faster, with as many threads and with all.
    same: float | None = None
    all: float | None = None
    note: str = ""


def data(row):
    """Noise about an offset, the same for the same shape and type."""
    path = pathlib.Path(dasc.FOLDER) / f"input-{row.shape[0]}x{row.shape[1]}-{row.dtype}.npy"
    if not path.exists():
        rng = np.random.default_rng(1)
        x = rng.standard_normal(row.shape, dtype=np.float32)
        np.save(path, np.round(1000 * x).astype(np.int16) if row.dtype == "int16" else x + np.float32(0.25))
    return path, np.load(path)


def disagreement(a, b):
    """The largest difference as a share of the largest number."""
    if a.shape != b.shape:
        return np.inf
    largest = np.nanmax(np.abs(b))
    return float(np.nanmax(np.abs(a - b)) / (largest if largest > 0 else 1.0))


def timed(work):
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def channels(row, share):
    return max(1, row.shape[1] // share)


def measure(row, repeat, tell):
    """Figures of a row, dasc's first."""
    path, x = data(row)
    figures, failures = [], []
    processes = {threads: dasc.Dasc(path, row, threads) for threads in sorted({1, THREADS})}
    copies = {threads: dasc.Copies(threads) for threads in processes} if row.floor else {}
    try:
        ours = processes[1].result()
        if disagreement(processes[THREADS].result(), ours) != 0.0:
            raise RuntimeError("dasc differs between numbers of threads")
        if row.reference is not None:
            off = disagreement(ours, row.reference(x, row))
            if not off <= row.tolerance:
                raise RuntimeError(f"dasc is off its reference by {off:.1e}")
        rivals = []
        for peer in row.peers:
            part = np.ascontiguousarray(x[:, : channels(row, peer.share)])
            try:
                work = peer.make(part, row)
                first, result = timed(work)
                expected = peer.reference(part, row) if peer.reference else ours[..., : part.shape[1]]
                off = disagreement(peer.view(result), expected)
                del result, expected
                if not off <= peer.tolerance:
                    failures.append(f"{peer.name} is off by {off:.1e}, no figure is taken")
                    continue
                if first > 1.0:  # What compiles on its first call is timed again.
                    first, _ = timed(work)
                rivals.append((peer, work, part, 1 if first > 6 else min(repeat, 3) if first > 1 else repeat))
            except ImportError as why:
                failures.append(f"SKIPPED {peer.name}: {why}")
        laps = {("dasc", threads): [] for threads in processes}
        speeds = {threads: [] for threads in copies}
        moved = {}
        for lap in range(repeat):
            for threads, process in copies.items():
                speeds[threads].append(process.ask())
            for threads, process in processes.items():
                if lap == 0:
                    process.run()
                seconds, moved[threads] = process.run(row.stage)
                laps["dasc", threads].append(seconds)
            for peer, work, _, laps_wanted in rivals:
                if lap < laps_wanted:
                    laps.setdefault((peer.name, peer.threads), []).append(timed(work)[0])
        for threads in processes:
            figures.append(Figure("dasc", threads, statistics.median(laps["dasc", threads]), row.samples))
        for peer, _, part, _ in rivals:
            mine = laps[peer.name, peer.threads]
            scale = row.samples / part.size
            ratio = lambda threads: statistics.median(
                theirs * scale / ours for theirs, ours in zip(mine, laps["dasc", threads])
            )
            figures.append(Figure(peer.name, peer.threads, statistics.median(mine), part.size, ratio(peer.threads) if peer.threads in processes else None, ratio(THREADS)))
        for threads in copies:
            for name, how in (("copying", "plain"), ("copying, non-temporal", "streaming")):
                each = [row.floor * row.samples / speed[how] for speed in speeds[threads] if speed[how] > 0]
                if each:
                    shares = statistics.median(floor / ours for floor, ours in zip(each, laps["dasc", threads]))
                    figures.append(Figure(name, threads, statistics.median(each), row.samples, shares, shares if threads == THREADS else None))
    finally:
        for process in [*processes.values(), *copies.values()]:
            process.__exit__()
    for failure in failures:
        tell(f"  {failure}")
    return figures, failures
