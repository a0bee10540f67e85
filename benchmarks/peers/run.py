#!/usr/bin/env python3
"""Runs llama.cpp and Slipstream in alternation on one model file and prints the ratios.

llama.cpp comes as prebuilt libraries from npm (node-llama-cpp), with a small driver that is
compiled here. Needs node's npm, git and a C compiler; everything goes to one cache folder.
"""

import argparse
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys

VERSION = "3.22.1"
PACKAGES = [f"node-llama-cpp@{VERSION}", f"@node-llama-cpp/linux-x64@{VERSION}"]
HERE = pathlib.Path(__file__).resolve().parent
LAUNCHER = HERE.parent.parent / "slipstream"
# What each comparison runs: a name, the only CPU library allowed (or any), Java options for ours.
LIBRARIES = {
    "best": (None, ""),
    "avx2": ("libggml-cpu-haswell.so", "-XX:UseAVX=2"),
}


def say(message):
    print(message, file=sys.stderr, flush=True)


def call(command, **options):
    done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"{command[0]} ended with {done.returncode}")
    return done.stdout


def cache_folder():
    home = os.environ.get("SLIPSTREAM_HOME")
    if not home:
        base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
        home = pathlib.Path(base) / "slipstream"
    return pathlib.Path(home) / "peers"


def install(cache):
    """Fetches llama.cpp's libraries and headers; returns the folder of each."""
    cache.mkdir(parents=True, exist_ok=True)
    package = cache / "node_modules" / "node-llama-cpp"
    if not package.exists():
        say(f"Installing {' '.join(PACKAGES)} ...")
        # Without the optional packages, which are the same libraries for other systems and GPUs.
        flags = ["--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund"]
        call(["npm", "install", "--prefix", cache, *flags, *PACKAGES])
    libraries = cache / "node_modules" / "@node-llama-cpp" / "linux-x64" / "bins" / "linux-x64"
    headers = cache / "llama.cpp"
    if not headers.exists():
        say("Unpacking llama.cpp's headers ...")
        call(["git", "clone", "--quiet", package / "llama" / "gitRelease.bundle", headers])
    return libraries, headers


def build_driver(cache, libraries, headers):
    source = HERE / "llama_driver.c"
    driver = cache / "llama_driver"
    if driver.exists() and driver.stat().st_mtime > source.stat().st_mtime:
        return driver
    say("Compiling the driver ...")
    linked = [
        next(path.name for path in sorted(libraries.glob(pattern)))
        for pattern in ("libllama.*so", "libggml.*so", "libggml-base.*so")
    ]
    call(
        ["cc", "-O2", "-Wall", "-o", driver, source]
        + [f"-I{headers}/include", f"-I{headers}/ggml/include", f"-L{libraries}"]
        + [f"-l:{name}" for name in linked]
        + [f"-Wl,-rpath,{libraries}", "-Wl,--allow-shlib-undefined", "-lm"]
    )
    return driver


def backends(cache, libraries, only):
    """The folder that llama.cpp chooses its CPU library from."""
    if only is None:
        return libraries
    folder = cache / only.removesuffix(".so")
    folder.mkdir(exist_ok=True)
    if not (folder / only).exists():
        shutil.copy(libraries / only, folder / only)
    return folder


def run_theirs(driver, folder, options):
    ks = ",".join(map(str, options.k))
    text = call([driver, options.model, folder, options.threads, options.repetitions, options.p, options.n, ks])
    figures = json.loads(text)
    library = figures.pop("library")
    return library, {test: statistics.median(seconds) for test, seconds in figures.items()}


def run_ours(java_options, options):
    environment = dict(os.environ)
    given = environment.get("SLIPSTREAM_JAVA_OPTS", "")
    environment["SLIPSTREAM_JAVA_OPTS"] = f"{given} {java_options}".strip()
    ks = ",".join(map(str, options.k))
    command = [LAUNCHER, "bench", "-m", options.model, "-o", "json", "-t", options.threads]
    command += ["-r", options.repetitions, "-p", options.p, "-n", options.n, "-k", ks]
    rows = json.loads(call(command, env=environment, stderr=subprocess.DEVNULL))
    seconds = {row["test"]: statistics.median(row["samples_ns"]) / 1e9 for row in rows}
    return rows[0]["kernels"], seconds


def compare(name, driver, folder, java_options, options):
    """Theirs, ours, theirs, ours ... theirs: each of ours is held against its two neighbours."""
    theirs, around, ours = [], [], []
    library, first = run_theirs(driver, folder, options)
    theirs.append(first)
    for pair in range(options.pairs):
        kernels, figures = run_ours(java_options, options)
        ours.append(figures)
        theirs.append(run_theirs(driver, folder, options)[1])
        before, after = theirs[-2:]
        around.append({test: (before[test] + after[test]) / 2 for test in before})
        say(f"{name}: pair {pair + 1} of {options.pairs}: {brief(around[-1], figures)}")
    return {"name": name, "library": library, "kernels": kernels, "theirs": around, "ours": ours}


def brief(theirs, ours):
    return ", ".join(f"{test} {theirs[test] / ours[test]:.2f}x" for test in theirs if test in ours)


def spread(values):
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def tokens(test):
    return int(test.lstrip("pgtv"))


def print_table(result, options):
    theirs, ours = result["theirs"], result["ours"]
    pairs = list(zip(theirs, ours))
    print(f"\n### {result['name']}: llama.cpp {result['library']}, ours {result['kernels']}\n")
    print("| test | llama.cpp t/s | ours t/s | ratio | llama.cpp ms | ours ms |")
    print("|---|---:|---:|---:|---:|---:|")
    for test in theirs[0]:
        their = statistics.median(t[test] for t in theirs)
        our = statistics.median(o[test] for o in ours)
        passes = tokens(test) if test.startswith("tg") else 1
        print(
            f"| {test} | {tokens(test) / their:.1f} | {tokens(test) / our:.1f} |"
            f" {spread([t[test] / o[test] for t, o in pairs])} |"
            f" {1e3 * their / passes:.2f} | {1e3 * our / passes:.2f} |"
        )
    print("\n| k | ours cost(k)/cost(1) | llama.cpp cost(k)/cost(1) | ours cost(k) / llama.cpp cost(1) |")
    print("|---:|---:|---:|---:|")
    for k in options.k:
        print(
            f"| {k} | {spread([o[f'v{k}'] / o['v1'] for o in ours])} |"
            f" {spread([t[f'v{k}'] / t['v1'] for t in theirs])} |"
            f" {spread([o[f'v{k}'] / t['v1'] for t, o in pairs])} |"
        )
    sys.stdout.flush()


def numbers(text):
    return [int(word) for word in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-m", "--model", help="GGUF file (default: the suite's default model)")
    parser.add_argument("-t", "--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("-r", "--repetitions", type=int, default=3, help="of each test in a process")
    parser.add_argument("-p", type=int, default=512, help="tokens of the prompt")
    parser.add_argument("-n", type=int, default=128, help="tokens to generate")
    parser.add_argument("-k", type=numbers, default=numbers("1,2,3,4,6,8,16"), help="rows of verification passes")
    parser.add_argument("--pairs", type=int, default=5, help="alternations")
    parser.add_argument("--libraries", default="best,avx2", help="which of llama.cpp's: best, avx2")
    parser.add_argument("--cache", type=pathlib.Path, default=cache_folder(), help="folder for what is installed")
    parser.add_argument("-o", "--output", choices=["md", "json"], default="md")
    options = parser.parse_args()
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        sys.exit("The prebuilt libraries that are compared are those for Linux on x86-64.")
    if 1 not in options.k:
        options.k.insert(0, 1)
    model = options.model or call([LAUNCHER, "pull"]).strip()
    options.model = pathlib.Path(model).resolve()
    libraries, headers = install(options.cache.resolve())
    driver = build_driver(options.cache.resolve(), libraries, headers)
    results = []
    for name in options.libraries.split(","):
        only, java_options = LIBRARIES[name]
        folder = backends(options.cache.resolve(), libraries, only)
        results.append(compare(name, driver, folder, java_options, options))
        if options.output == "md":
            print_table(results[-1], options)
    if options.output == "json":
        json.dump(results, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
