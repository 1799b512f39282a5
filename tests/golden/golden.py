"""A set of golden cases: what a script beside a manifest needs. README.md explains the manifest."""

import json
import pathlib
import sys
import warnings

import numpy as np

HERE = pathlib.Path(__file__).parent
TIME, CHANNEL, SPECTRUM = ["time", "channel"], ["channel"], ["time", "frequency", "channel"]


class Set:
    """Cases of the folder of `script`; `versions` are those of the libraries, besides NumPy's, that the references come from."""

    def __init__(self, script, **versions):
        self.folder = pathlib.Path(script).parent
        self.versions = {"numpy": np.__version__, **versions}
        self.cases, self.expected, self.inputs = [], [], {}
        self.rates = {"quake_100hz": 100.0, "slow_10khz": 10000.0}

    def input(self, name, values, fs=1000.0):
        """An input of this set's own, time x channel."""
        self.inputs[name], self.rates[name] = np.asarray(values, dtype=np.float32), fs

    def add(self, dql, source, reference, stated, *, rows=None, channels=None, axes=TIME, dx=2.0, **more):
        """One case: the first `rows` rows of an input (of this set, else of the main one) through `reference(x, fs)` in f64."""
        fs = self.rates.get(source, 1000.0)
        if channels is not None:
            # Inputs are read by rows, so fewer channels are an input of their own.
            narrow = f"{source}_{channels}"
            self.input(narrow, self.values(source)[:, :channels], fs)
            source = narrow
        x = self.values(source)[:rows]
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            y = np.asarray(reference(x.astype(np.float64), fs))
        assert y.ndim == len(axes), (dql, y.shape, axes)
        flat = np.ascontiguousarray(y).view(np.float64).ravel() if np.iscomplexobj(y) else y.astype(np.float64).ravel()
        file = f"{source}.npy" if source in self.inputs else f"../inputs/{source}.npy"
        operator = more.get("operator", dql.rsplit("|")[-1].split()[0].lower())
        self.cases.append({
            "name": f"{operator}_{1 + sum(c['name'].rsplit('_', 1)[0] == operator for c in self.cases):02}", "dql": dql, "reference": stated,
            "input": {"file": file, "shape": list(x.shape), "fs": fs, "dx": dx},
            "expected": {"file": "expected.npy", "offset": sum(map(len, self.expected)), "shape": list(y.shape), "axes": axes, "complex": bool(np.iscomplexobj(y))},
            **more,
        })
        self.expected.append(flat)

    def values(self, source):
        return self.inputs[source] if source in self.inputs else np.load(HERE / "inputs" / f"{source}.npy")

    def write(self):
        """Writes the files, or with `--check` compares them to 1e-9, which other versions may miss in the last bits."""
        files = {f"{name}.npy": values for name, values in self.inputs.items()} | {"expected.npy": np.concatenate(self.expected)}
        manifest = self.folder / "manifest.json"
        if sys.argv[1:] == ["--check"]:
            for path, values in files.items():
                stored = np.load(self.folder / path)
                assert stored.shape == values.shape and np.allclose(stored, values, rtol=1e-9, atol=1e-9, equal_nan=True), path
            assert [c["dql"] for c in json.loads(manifest.read_text())["cases"]] == [c["dql"] for c in self.cases]
        else:
            for path, values in files.items():
                np.save(self.folder / path, values)
            cases = ",\n".join("  " + json.dumps(c) for c in self.cases)
            manifest.write_text(f'{{\n "versions": {json.dumps(self.versions)},\n "cases": [\n{cases}\n ]\n}}\n')
        print(f"{self.folder.name}: {len(self.cases)} cases")
