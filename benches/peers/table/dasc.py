"""dasc, in a process of its own that holds the data and runs when it is told."""
import json
import pathlib
import subprocess

import numpy as np

WORK = None  # the program, set by __main__
FOLDER = None


class Process:
    def __init__(self, *args):
        self.process = subprocess.Popen([str(WORK), *map(str, args)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, line=""):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"dasc ended: {self.process.args}")
        return json.loads(answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


class Dasc(Process):
    """A script over an array with some number of threads."""

    def __init__(self, path, row, threads):
        super().__init__("run", path, row.rate, row.spacing, threads, row.steps)

    def run(self, stage=None):
        """Seconds of a run, or of the last stage of its last pass, and bytes that this stage moves."""
        answer = self.ask()
        seconds, moved = answer["stages"][-1][-1]
        return (seconds if stage == "last" else answer["seconds"]), moved

    def result(self):
        path = pathlib.Path(FOLDER) / "result.npy"
        self.ask(str(path))
        return np.load(path)


class Copies(Process):
    def __init__(self, threads):
        super().__init__("copy", threads)


def compile_seconds(steps):
    answer = subprocess.run([str(WORK), "compile", steps], check=True, capture_output=True, text=True).stdout
    return json.loads(answer)
