#!/usr/bin/env python3
"""Requests per second and latencies of `cistron serve` on loopback, with simulated profiles.

    scripts/benchmarks/serve.py PROGRAM [--genes 28000] [--arrays 232] [--seconds 10] [--threads N]

PROGRAM is the binary, such as target/release/cistron. The network is that of std/models/tf_cnn with
random weights, on which the speed does not depend. Needs no packages.
"""
import argparse
import http.client
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

NETWORK = """
import "std/models/tf_cnn" as tf_cnn;
nn::build(tf_cnn::network(#{{ details: true }}), [1, 2, {arrays}], #{{ seed: 1, name: "tf_cnn" }})
"""


def matrix(path, genes, arrays):
    """Writes normal numbers with two decimals, the same in every run."""
    draw = random.Random(1)
    pool = [f"{draw.gauss(8, 2):.2f}" for _ in range(100_003)]
    with open(path, "w") as out:
        out.write("gene\t" + "\t".join(f"array{i}" for i in range(arrays)) + "\n")
        for gene in range(genes):
            start = draw.randrange(len(pool) - arrays)
            out.write(f"AT{gene:05}\t" + "\t".join(pool[start : start + arrays]) + "\n")


def ask(connection, path, request):
    """The JSON of an answer, and its seconds."""
    begun = time.perf_counter()
    connection.request("POST", path, json.dumps(request), {"content-type": "application/json"})
    answer = connection.getresponse()
    body = answer.read()
    seconds = time.perf_counter() - begun
    if answer.status != 200:
        sys.exit(f"{path}: status {answer.status}: {body[:300]}")
    return body, seconds


def load(port, clients, seconds, make, path):
    """Requests per second, median and 99th percentile of latencies in milliseconds."""
    latencies, lock, end = [], threading.Lock(), time.perf_counter() + seconds

    def client(number):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        draw, own = random.Random(number), []
        while time.perf_counter() < end:
            own.append(ask(connection, path, make(draw))[1])
        with lock:
            latencies.extend(own)

    threads = [threading.Thread(target=client, args=(i,)) for i in range(clients)]
    begun = time.perf_counter()
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    passed = time.perf_counter() - begun
    latencies.sort()
    at = lambda share: 1000 * latencies[min(len(latencies) - 1, int(share * len(latencies)))]
    return len(latencies) / passed, at(0.5), at(0.99)


def cpu_seconds(process):
    """Seconds of CPU time of a process, which other processes do not lengthen."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--genes", type=int, default=28_000)
    parser.add_argument("--arrays", type=int, default=232)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        matrix(place / "matrix.tsv", options.genes, options.arrays)
        (place / "network.rhai").write_text(NETWORK.format(arrays=options.arrays))
        command = [str(Path(options.program).resolve()), "serve", "network.rhai", "--port", "0",
                   "--expression", "matrix.tsv", "--link", "sigmoid", "--device", "cpu"]
        command += ["--threads", str(options.threads)] if options.threads else []
        begun = time.perf_counter()
        server = subprocess.Popen(command, cwd=place, stdout=subprocess.PIPE, text=True)
        try:
            port = int(server.stdout.readline().strip().rstrip("/").rsplit(":", 1)[1])
            print(f"start {time.perf_counter() - begun:.2f} s, {options.genes} genes, {options.arrays} arrays")
            genome, before = [], cpu_seconds(server)
            for i in range(9):
                # a new connection and another factor each time
                connection = http.client.HTTPConnection("127.0.0.1", port)
                body, seconds = ask(connection, "/api/pairs", {"factors": [f"AT{i:05}"]})
                assert len(json.loads(body)["pairs"]) == options.genes
                genome.append(seconds)
            genome.sort()
            used = (cpu_seconds(server) - before) / len(genome)
            print(f"1 factor x all genes: median {genome[4]:.3f} s, from {genome[0]:.3f} to {genome[-1]:.3f} s, "
                  f"{used:.3f} s of CPU each")
            gene = lambda draw: f"AT{draw.randrange(options.genes):05}"
            few = lambda draw: {"factors": [gene(draw)], "targets": [gene(draw) for _ in range(20)]}
            pair = lambda draw: {"factor": gene(draw), "target": gene(draw)}
            for name, path, make in [("1 x 20 pairs", "/api/pairs", few), ("details of a pair", "/api/pair", pair)]:
                for clients in [1, 16]:
                    before = cpu_seconds(server)
                    rate, median, high = load(port, clients, options.seconds, make, path)
                    used = 1000 * (cpu_seconds(server) - before) / (rate * options.seconds)
                    print(f"{name}, {clients} clients: {rate:.0f} requests/s, median {median:.1f} ms, "
                          f"p99 {high:.1f} ms, {used:.1f} ms of CPU each")
        finally:
            server.terminate()
            print(f"exit code {server.wait(60)}")


if __name__ == "__main__":
    main()
