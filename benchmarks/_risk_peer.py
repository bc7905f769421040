"""What `benchmarks/risk.py --peer-python` runs in another Python: anjana and pycanon, whichever is there.

Arguments: folder of Adult, quasi-identifiers to generalize, those to measure. Prints name, tab, seconds.
"""

import importlib
import sys
import time
from pathlib import Path


def main() -> None:
    folder, generalize, measure = Path(sys.argv[1]), sys.argv[2].split(","), sys.argv[3].split(",")
    pandas = importlib.import_module("pandas")
    data = pandas.read_csv(folder / "adult.csv", sep=";", dtype=str)
    for name, work in (("anjana", anonymize), ("pycanon", report)):
        try:
            module = importlib.import_module("anjana.anonymity" if name == "anjana" else "pycanon.anonymity")
        except ImportError:
            continue
        print(f"{name}\t{work(module, pandas, data, folder, generalize if name == 'anjana' else measure)}")


def anonymize(module, pandas, data, folder, quasi) -> float:
    hierarchies = {}
    for name in quasi:
        lines = pandas.read_csv(
            folder / f"hierarchies/adult_hierarchy_{name}.csv", sep=";", header=None, dtype=str
        )
        hierarchies[name] = {level: lines[level].to_numpy() for level in lines}
    started = time.perf_counter()
    module.k_anonymity(data, [], quasi, 5, 2, hierarchies)
    return time.perf_counter() - started


def report(module, pandas, data, folder, quasi) -> float:
    started = time.perf_counter()
    module.k_anonymity(data, quasi)
    module.l_diversity(data, quasi, ["salary-class"])
    module.t_closeness(data, quasi, ["salary-class"])
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
