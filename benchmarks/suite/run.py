#!/usr/bin/env python3
"""What gateway, gRPC and HTTP cost: tokens a second of the engine alone, of all services in one JVM and of each in its own.

One stream, greedy, speculation off; time from the first token to the last, as a client sees it.
Rounds alternate between the three; ratios are medians over the rounds, with the lowest and highest.
Needs ./slipstream only. Beware of other work on the machine: it runs on all its processors already.
"""

import argparse
import json
import os
import pathlib
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

# Answers until the compilers of all processes are done.
WARM_UP = 14
SLIPSTREAM = str(pathlib.Path(__file__).resolve().parents[2] / "slipstream")


def engine(model, tokens, threads):
    command = [SLIPSTREAM, "bench", "-p", "0", "-n", str(tokens), "-k", "0", "-r", "3", "-t", str(threads), "-o", "json"]
    command += ["-m", model] if model else []
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return 1000 / json.loads(done.stdout)[0]["median_pass_ms"]


class Server:
    def __init__(self, topology, model, threads):
        command = [SLIPSTREAM, "serve", "--port", "0", "--grpc-port", "0", "--threads", str(threads), "--topology", topology]
        command += ["--model", model] if model else []
        self.log = tempfile.NamedTemporaryFile(mode="r")
        with open(self.log.name, "w") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        found = None
        while not found:
            if self.process.poll() is not None:
                sys.exit("the server did not start: " + pathlib.Path(self.log.name).read_text()[-500:])
            time.sleep(0.2)
            found = re.search(r"http://127\.0\.0\.1:(\d+)", pathlib.Path(self.log.name).read_text())
        self.port = int(found.group(1))

    def answer(self, tokens, round):
        body = {
            "messages": [{"role": "user", "content": f"Round {round}: count the ships in the harbour, one by one."}],
            "max_tokens": tokens,
            "ignore_eos": True,
            "temperature": 0,
            "slipstream": {"speculation": "off"},
            "stream": True,
        }
        text = json.dumps(body).encode()
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
            connection.sendall(head.encode() + text)
            reader = connection.makefile("rb")
            status = reader.readline().split()
            if status[1:2] != [b"200"]:
                sys.exit(f"the server answered {status}")
            first = last = None
            for line in reader:
                if b"data: [DONE]" in line:
                    break
                if b'"content":"' in line and b'"content":""' not in line:
                    last = time.perf_counter()
                    first = first or last
        return (tokens - 1) / (last - first)

    def close(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-m", "--model", help="default: the catalogue's default")
    parser.add_argument("-t", "--threads", type=int, default=os.cpu_count())
    parser.add_argument("-n", "--tokens", type=int, default=600)
    parser.add_argument("-r", "--rounds", type=int, default=3)
    options = parser.parse_args()
    ratios = {"embedded": [], "processes": []}
    for round in range(options.rounds):
        alone = engine(options.model, options.tokens, options.threads)
        print(f"round {round + 1}: engine alone {alone:.1f} tokens/s", flush=True)
        for topology in ratios:
            server = Server(topology, options.model, options.threads)
            try:
                for warm in range(WARM_UP):
                    server.answer(options.tokens, -warm)
                rate = statistics.median(server.answer(options.tokens, 1 + i) for i in range(4))
            finally:
                server.close()
            ratios[topology].append(rate / alone)
            print(f"round {round + 1}: {topology} {rate:.1f} tokens/s", flush=True)
    for topology, of in ratios.items():
        print(f"{topology} / engine alone, {options.threads} threads: {statistics.median(of):.3f} ({min(of):.3f}-{max(of):.3f})")


if __name__ == "__main__":
    main()
