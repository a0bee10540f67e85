#!/usr/bin/env python3
"""The operations of the JMH benchmarks in numpy, written from their descriptions.

Prints JSON: the mean and median of each in microseconds.
"""

import json
import sys
import time

import numpy as np

WARM_UP = 10
rng = np.random.default_rng(7)


def timed(call, repetitions):
    for _ in range(WARM_UP):
        call()
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1e6)
    return {"mean": float(np.mean(times)), "p50": float(np.median(times)), "n": repetitions}


def softmax(logits):
    e = np.exp(logits - logits.max())
    return e / e.sum()


def normal(*shape):
    return rng.standard_normal(shape, dtype=np.float32)


def quantised(rows, columns):
    """Four-bit weights in blocks of 32 with a scale each, as in Q4_0."""
    codes = rng.integers(0, 256, (rows, columns // 2), dtype=np.uint8)
    scales = np.full((rows, columns // 32), 1 / 64, dtype=np.float16)
    return codes, scales


def multiply_quantised(codes, scales, x):
    rows, blocks = scales.shape
    packed = codes.reshape(rows, blocks, 16)
    w = np.concatenate([packed & 15, packed >> 4], axis=2).astype(np.float32) - 8
    w *= scales.astype(np.float32)[:, :, None]
    return w.reshape(rows, -1) @ x


def multiply_bytes(codes, scales, x):
    rows, blocks = scales.shape
    w = codes.astype(np.float32).reshape(rows, blocks, 32)
    w *= scales.astype(np.float32)[:, :, None]
    return w.reshape(rows, -1) @ x


def draw(p):
    return int(min(np.searchsorted(np.cumsum(p, dtype=np.float64), rng.random() * p.sum()), len(p) - 1))


def verify_chain(rows, drafted, supports, qs):
    """Accept with min(1, p/q); after a rejection draw from norm(max(0, p - q))."""
    tokens = []
    for logits, token, support, q in zip(rows, drafted, supports, qs):
        p = softmax(logits)
        own = q[np.searchsorted(support, token)]
        if rng.random() * own < p[token]:
            tokens.append(token)
            continue
        p[support] = np.maximum(0, p[support] - q)
        p[token] = 0
        return tokens + [draw(p)]
    return tokens + [draw(softmax(rows[-1]))]


def main():
    rows = {}
    w, x = normal(4096, 4096), normal(4096)
    rows["PIPO_SEED_PATH"] = timed(lambda: w @ x, 100)
    codes, scales = quantised(4096, 4096)
    rows["PIPO_REAL_PATH"] = timed(lambda: multiply_quantised(codes, scales, x), 20)
    head = normal(8000, 4096)
    rows["FRSPEC_SEED_PATH"] = timed(lambda: head @ x, 100)
    bytes8 = rng.integers(-127, 128, (12288, 576), dtype=np.int8)
    scales8, x8 = np.full((12288, 18), 1 / 64, dtype=np.float16), normal(576)
    rows["FRSPEC_REAL_PATH"] = timed(lambda: multiply_bytes(bytes8, scales8, x8), 50)

    flat = normal(32000)
    rows["confspecSoftmax"] = timed(lambda: softmax(flat).max(), 500)
    probabilities = rng.dirichlet(np.ones(32000)).astype(np.float32)
    rows["dovetailSeedPath"] = timed(lambda: draw(softmax(probabilities.copy())), 500)
    supports = [np.sort(rng.choice(49152, 32, replace=False)) for _ in range(4)]
    chain = normal(5, 49152) * 3
    for logits, support in zip(chain, supports):
        logits[support] = 14
    drafted = [int(rng.choice(s)) for s in supports]
    qs = [np.full(32, 1 / 32) for _ in range(4)]
    rows["dovetailRealPath"] = timed(lambda: verify_chain(chain, drafted, supports, qs), 200)
    scores = rng.random(4096, dtype=np.float32)
    rows["sparsespecTopK"] = timed(lambda: np.argpartition(scores, -204)[-204:], 2000)

    store = np.zeros((2, 512 * 64, 128), dtype=np.float16)
    step = normal(2, 64, 128).astype(np.float16)

    def append():
        store[:, 511 * 64 :] = step

    rows["yocoAppendRealPath"] = timed(append, 1000)
    blocks = [normal(64, 128) for _ in range(511)]
    rows["yocoGetSeedPath"] = timed(lambda: (np.stack(blocks), np.stack(blocks)), 100)
    rows["yocoGetRealPath"] = timed(lambda: store[:, : 511 * 64], 1000)
    json.dump(rows, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
