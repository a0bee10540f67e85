#!/usr/bin/env python3
"""Runs the JMH benchmarks and the same operations in numpy on this machine, and prints one table.

numpy runs before and after JMH, and the mean of both is taken. It is installed from PyPI into a
virtual environment below target/, which is made once.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import venv

HERE = pathlib.Path(__file__).resolve().parent
NUMPY = "numpy>=2,<3"
# The benchmarks that have a counterpart here.
BENCHMARKS = "(Matrix|Sampling|Kv)Benchmark"
# JMH's name, the row of the published table, what one call does, and its time there in microseconds.
ROWS = [
    ("PIPO_SEED_PATH", "PIPO run_layer, seed-path", "float32 4096x4096 by a vector", 1376.2),
    ("PIPO_REAL_PATH", "PIPO run_layer, real-path", "four-bit 4096x4096 by a vector", None),
    ("FRSPEC_SEED_PATH", "FRSpec head.forward, seed-path", "float32 8000x4096 by a vector", 4095.0),
    ("FRSPEC_REAL_PATH", "FRSpec head.forward, real-path", "int8 12288x576 by a vector", None),
    ("confspecSoftmax", "ConfSpec verify_step, softmax alone", "softmax of 32,000 and its largest", 131.89),
    ("dovetailSeedPath", "Dovetail verify_one, seed-path", "softmax of 32,000 and a draw", 602.4),
    ("dovetailRealPath", "Dovetail verify_one, real-path", "chain of 4 by the exact rule, 49,152", None),
    ("sparsespecTopK", "SparseSpec top_k_indices", "204 largest of 4,096; ours with softmax", 24.4),
    ("yocoAppendRealPath", "YOCO append, real-path", "64 tokens copied; the table's call copies nothing", 0.59),
    ("yocoGetSeedPath", "YOCO get_shared_kv, seed-path", "33.5 MB copied", 2230.51),
    ("yocoGetRealPath", "YOCO get_shared_kv, real-path", "a second reader without a copy", None),
]


def say(message):
    print(message, file=sys.stderr, flush=True)


def numpy_python():
    folder = HERE / "target" / "venv"
    python = folder / "bin" / "python"
    if not python.exists():
        say("Installing numpy ...")
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", NUMPY], check=True)
    return python


def run_numpy(python, threads):
    say("numpy ...")
    count = str(threads)
    environment = os.environ | {"OMP_NUM_THREADS": count, "OPENBLAS_NUM_THREADS": count}
    done = subprocess.run(
        [python, HERE / "operations_numpy.py"], stdout=subprocess.PIPE, text=True, check=True, env=environment
    )
    return json.loads(done.stdout)


def java():
    """The java of a JDK 25, wherever ./slipstream would look for it first."""
    candidates = [os.environ.get("JAVA_HOME"), *sorted(map(str, pathlib.Path("/usr/lib/jvm").glob("*")))]
    on_path = shutil.which("java")
    if on_path:
        candidates.insert(1, str(pathlib.Path(on_path).resolve().parent.parent))
    for home in filter(None, candidates):
        release = pathlib.Path(home) / "release"
        if release.exists() and 'JAVA_VERSION="25' in release.read_text():
            return pathlib.Path(home) / "bin" / "java"
    sys.exit("There is no JDK 25: set JAVA_HOME to one.")


def run_jmh(threads, arguments):
    results = HERE / "target" / "jmh.json"
    # As the launcher starts what computes.
    flags = ["-XX:-UseFPUForSpilling", "-Djdk.incubator.vector.VECTOR_ACCESS_OOB_CHECK=0", "--add-modules", "jdk.incubator.vector"]
    command = [java(), *flags, "-jar", HERE / "target" / "benchmarks.jar"]
    command += ["-foe", "true", "-p", f"threads={threads}", "-rf", "json", "-rff", results, *(arguments or [BENCHMARKS])]
    subprocess.run(list(map(str, command)), check=True, stdout=sys.stderr)
    rows = {}
    for entry in json.loads(results.read_text()):
        name = entry.get("params", {}).get("shape") or entry["benchmark"].rsplit(".", 1)[1]
        metric = entry["primaryMetric"]
        rows[name] = {"mean": metric["score"], "p50": metric["scorePercentiles"]["50.0"]}
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-t", "--threads", type=int, default=os.cpu_count(), help="for matrix products")
    parser.add_argument("jmh", nargs="*", help="arguments of JMH, after --")
    options = parser.parse_args()
    if not (HERE / "target" / "benchmarks.jar").exists():
        sys.exit("Build first: mvn -q -Pbenchmarks -pl benchmarks -am -DskipTests package")
    python = numpy_python()
    before = run_numpy(python, options.threads)
    ours = run_jmh(options.threads, options.jmh)
    after = run_numpy(python, options.threads)
    print(f"Microseconds a call; {options.threads} threads for matrix products, one for the rest.\n")
    print("| row of the table | what one call does | published | numpy p50 | ours mean | ours p50 | numpy / ours |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for name, row, what, published in ROWS:
        if name in ours:
            theirs = (before[name]["p50"] + after[name]["p50"]) / 2
            mine = ours[name]
            ratio = theirs / mine["p50"] if mine["p50"] > 0 else float("nan")
            print(
                f"| {row} | {what} | {'' if published is None else published} | {theirs:.2f} |"
                f" {mine['mean']:.2f} | {mine['p50']:.2f} | {ratio:.2f} |"
            )


if __name__ == "__main__":
    main()
