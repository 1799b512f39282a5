"""Measures every row and writes the page; see `../run`."""
import pathlib
import statistics
import sys

from . import dasc, report
from .measure import THREADS, measure
from .rows import ROWS, TEN

work, folder, output, repeat, only = sys.argv[1:6]
dasc.WORK, dasc.FOLDER, repeat = work, folder, int(repeat)


def say(text):
    print(text, flush=True)


def main():
    quiet, copies = report.load(), {}
    for threads in sorted({1, THREADS}):
        with dasc.Copies(threads) as process:
            answers = [process.ask() for _ in range(3)]
            copies[threads] = {how: statistics.median(a[how] for a in answers) for how in ("plain", "streaming")}
    done, extras = [], []
    for row in ROWS:
        if only.lower() not in row.title.lower():
            continue
        say(row.title)
        try:
            figures, failures = measure(row, repeat, say)
        except RuntimeError as why:
            say(f"  no figures: {why}")
            figures, failures = [], [f"no figures: {why}"]
        done.append((row, figures, failures))
        for line in report.table(row, figures)[2:]:
            say(f"  {line}")
        for goal in report.reached(row, figures):
            say(f"  {report.goal_text(*goal)}")
        if row.title.startswith("Yardstick, whole run") and THREADS > 1:
            one, all_ = (next(f.seconds for f in figures if f.name == "dasc" and f.threads == t) for t in (1, THREADS))
            wanted = 0.9 * THREADS
            mark = "✓" if one / all_ >= wanted else "✗"
            extras.append((f"{THREADS} threads over one, whole run", f"≥ {wanted:g} ×: **{one / all_:.3g} ×** {mark}"))
    if only.lower() in "compile":
        seconds = dasc.compile_seconds(TEN)
        for what, limit in (("cold", 5e-3), ("cached", 1e-3)):
            mark = "✓" if seconds[what] <= limit else "✗"
            extras.append((f"Ten operators from text to machine code, {what}", f"≤ {limit * 1e3:g} ms: **{seconds[what] * 1e3:.3g} ms** {mark}"))
    for title, text in extras:
        say(f"{title}: {text}")
    if output != "-":
        pathlib.Path(output).write_text(report.page(done, extras, copies, quiet))
        say(f"wrote {output}")


main()
