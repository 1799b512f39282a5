"""The page."""
import importlib.metadata
import os
import pathlib
import platform
import re
import subprocess

from .measure import SMALL, THREADS


def machine():
    """Lines about the machine."""
    info = pathlib.Path("/proc/cpuinfo").read_text()
    named = re.search(r"^model name\s*:\s*(.*)$", info, re.M)
    flags = re.search(r"^flags\s*:\s*(.*)$", info, re.M)
    flags = flags.group(1).split() if flags else []
    width = "AVX-512" if "avx512f" in flags else "AVX2 with FMA" if {"avx2", "fma"} <= set(flags) else "128 bits"
    caches = []
    for index in sorted(pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        read = lambda name: (index / name).read_text().strip()
        if read("type") != "Instruction":
            caches.append(f"L{read('level')} {read('size')}")
    memory = re.search(r"MemTotal:\s*(\d+) kB", pathlib.Path("/proc/meminfo").read_text())
    return [
        f"- {named.group(1) if named else platform.machine()}, {THREADS} threads, {width}, {', '.join(caches)}",
        f"- {int(memory.group(1)) / 2**20:.0f} GiB of memory; {platform.system()} {platform.release().split('-')[0]}",
    ]


def load():
    """Whether the machine was quiet, before anything is measured."""
    others = os.getloadavg()[0]
    if others < 0.3 * THREADS:
        return f"- nobody else at work (load {others:.1f} before the run)"
    return f"- **load {others:.1f} before the run: others were at work on these {THREADS} threads, and the figures are worth little**"


def versions():
    found = []
    for package in ("numpy", "scipy", "numba", "dascore", "obspy", "jax"):
        try:
            found.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"{package} not installed")
    compiler = subprocess.run(["cc", "--version"], capture_output=True, text=True).stdout.split("\n")[0]
    return f"- Python {platform.python_version()}, {', '.join(found)}; {compiler}"


def digits(value):
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}".replace(",", " ")


def seconds(value):
    return f"{digits(value)} s" if value >= 1 else f"{digits(value * 1e3)} ms" if value >= 1e-3 else f"{digits(value * 1e6)} µs"


def reached(row, figures):
    """For every goal what it is, what was reached, and whether that is enough."""
    lines = []
    for name, factor in row.goals:
        named = [f for f in figures if f.name.startswith(name) and (f.name != "dasc")]
        if name == "limit":
            named = [f for f in figures if f.name == "copying, non-temporal" and f.threads == THREADS]
        elif name == "others":
            # The fastest of all that did the same.
            named = [f for f in figures if f.name != "dasc" and f.all is not None]
            named = sorted(named, key=lambda f: f.all)[:1]
        if not named:
            lines.append((name, factor, None, False))
            continue
        if row.same_threads and any(f.same is not None for f in named):
            best = min(f.same for f in named if f.same is not None)
        else:
            best = min(f.all for f in named if f.all is not None)
        lines.append((named[0].name if name == "others" else name, factor, best, best >= factor))
    return lines


def goal_text(name, factor, best, enough):
    what = f"≥ {factor * 100:.0f} % of memory's limit" if name == "limit" else f"≥ {factor:g} × {name}"
    if best is None:
        return f"{what}: not measured"
    got = f"{best * 100:.0f} %" if name == "limit" else f"{best:.3g} ×"
    return f"{what}: **{got}** {'✓' if enough else '✗'}"


def table(row, figures):
    lines = ["| | threads | time | Gsample/s | dasc is faster, with as many threads | with all |", "|---|---|---|---|---|---|"]
    for f in figures:
        ratio = lambda value: "" if value is None else f"{digits(value)} ×"
        if f.name.startswith("copying"):
            ratio = lambda value: "" if value is None else f"{value * 100:.0f} % of it"
        name = f"**{f.name}**" if f.name == "dasc" else f.name
        lines.append(f"| {name} | {f.threads} | {seconds(f.seconds)} | {digits(f.samples / f.seconds / 1e9)} | {ratio(f.same)} | {ratio(f.all)} |")
    return lines


def section(row, figures, failures):
    size = f"{row.shape[0]} × {row.shape[1]} {row.dtype}"
    what = ", the last kernel alone, whose mean is known" if row.stage == "last" else ""
    lines = [f"### {row.title}", "", f"`{row.steps}` over {size} at {row.rate:g} Hz{what}", ""]
    lines += table(row, figures)
    lines += ["", *(f"- {goal_text(*goal)}" for goal in reached(row, figures)), *(f"- {failure}" for failure in failures)]
    return [*lines, ""]


def page(done, extras, copies, quiet):
    lines = [
        "# dasc beside others",
        "",
        "Made by `benches/peers/run`; [performance.md](performance.md) says how a single script is measured."
        + (" **Little data: these figures only show that it works.**" if SMALL else ""),
        "",
        *machine(),
        versions(),
        quiet,
        "- copying two arrays of 256 MiB, read and written: "
        + "; ".join(
            f"{t} thread{'s' if t > 1 else ''} {c['plain'] / 1e9:.1f} GB/s, non-temporal {c['streaming'] / 1e9:.1f} GB/s" for t, c in copies.items()
        ),
        "",
        "Everyone works in one process of their own on the same array in memory, time-major as files have it. Every result is compared with a reference before a figure is taken. "
        "Repetitions are taken by turns; ratios are medians of the ratios within a repetition. Whoever has one thread only is compared with dasc on one thread "
        "and on all. Some slow peers work on a part of the channels; their ratios are of the time for a sample.",
        "",
        "| Work | Goal and what was reached |",
        "|---|---|",
    ]
    for row, figures, _ in done:
        goals = [goal_text(*goal) for goal in reached(row, figures)]
        if goals:
            lines.append(f"| {row.title} | {'; '.join(goals)} |")
    lines += [f"| {title} | {text} |" for title, text in extras]
    lines.append("")
    for row, figures, failures in done:
        lines += section(row, figures, failures)
    return "\n".join(lines).rstrip() + "\n"
