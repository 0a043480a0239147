#!/usr/bin/env python3
"""Runs a kubesim sweep on a Dask cluster: scheduler and workers over TCP, one task a shard.

    pip install "dask[distributed]"
    dask scheduler                                  # on one machine
    dask worker tcp://HOST:8786 --nthreads 1        # on each of the others, as many as there are cores
    python contrib/dask_sweep.py --scheduler tcp://HOST:8786 --out DIR -- SCENARIO... --policies A,B --seeds 1..1000

What comes after `--` is given to `kubesim sweep`. The binary and the files that it reads must be at the same paths on every worker;
results travel back through Dask and are written here, each whole or not at all. With --shared the workers write into DIR themselves
(a file system that all of them see). Shards whose runs are all there already are not sent again; a shard whose worker dies is run by
another one. At the end the runs are merged and the hash is printed, the same as that of one process.
"""

import argparse
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scheduler", required=True, metavar="tcp://HOST:PORT", help="the Dask scheduler")
    parser.add_argument("--kubesim", default="kubesim", help="the binary, on this machine and on every worker")
    parser.add_argument("--out", default="sweep", help="the sweep's folder")
    parser.add_argument("--tasks", type=int, default=0, help="tasks at most [default: eight a worker thread]")
    parser.add_argument("--shared", action="store_true", help="workers see the same file system and write into the folder themselves")
    parser.add_argument("sweep", nargs="+", metavar="ARGUMENT", help="arguments of `kubesim sweep`, after --")
    return parser.parse_args()


def shard(kubesim, sweep, number, of, out):
    """On a worker: runs a shard, and returns its files by name unless they are written in place."""
    with tempfile.TemporaryDirectory(prefix="kubesim-") as private:
        folder = out or private
        command = [kubesim, "sweep", *sweep, "--out", folder, "--shard", f"{number}/{of}", "--jobs", "1"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            # Bad input is the same on every worker: no other one is tried.
            return {"error": done.stderr.strip()}
        if out:
            return {}
        root = Path(folder)
        return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*.json"))}


def write_whole(path, data):
    """Beside its place, then moved there: never half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    beside.write_bytes(data)
    os.replace(beside, path)


def progress(done, total, began):
    if sys.stderr.isatty():
        left = (time.monotonic() - began) / max(done, 1) * (total - done)
        end = "\n" if done == total else ""
        print(f"\r{done}/{total} shards, {left:.0f} s left ", end=end, file=sys.stderr, flush=True)


def main():
    args = arguments()
    from distributed import Client, as_completed

    listed = subprocess.run([args.kubesim, "sweep", *args.sweep, "--out", args.out, "--list"], capture_output=True, text=True)
    if listed.returncode != 0:
        print(listed.stderr.strip(), file=sys.stderr)
        return 2
    states = [line.split(" ", 2)[1] for line in listed.stdout.splitlines()]
    root = Path(args.out)
    with Client(args.scheduler, timeout="30s") as client:
        threads = sum(client.nthreads().values())
        of = max(1, min(len(states), args.tasks or 8 * max(threads, 1)))
        # The runs of shard i are those at the places i - 1, i - 1 + n, ... of the list.
        wanted = [number for number in range(1, of + 1) if any(state != "done" for state in states[number - 1 :: of])]
        out = str(root.resolve()) if args.shared else None
        tasks = [
            client.submit(shard, args.kubesim, args.sweep, number, of, out, key=f"kubesim-{os.getpid()}-{number}-{of}", pure=False, retries=3)
            for number in wanted
        ]
        began = time.monotonic()
        for count, (_, files) in enumerate(as_completed(tasks, with_results=True), start=1):
            if "error" in files:
                print(files["error"], file=sys.stderr)
                client.cancel(tasks)
                return 2
            for name, data in files.items():
                if name != "grid.json" or not (root / name).exists():
                    write_whole(root / name, data)
            progress(count, len(tasks), began)
    print(f"{len(states)} runs in {of} shards: {len(wanted)} shards were run, {math.ceil(threads)} threads", file=sys.stderr)
    return subprocess.run([args.kubesim, "sweep", "merge", args.out]).returncode


if __name__ == "__main__":
    sys.exit(main())
