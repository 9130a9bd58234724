"""How many replicas a service needs for how many asks a second: python benchmarks/sizing.py --ask-ms 44

simulates asks that come at random (Poisson) to replicas behind a balancer, which gives each ask to the less busy of two
drawn at random, as Ray Serve and Envoy do, and prints for rates up to 10,000 a second the fewest replicas that answer
99 of 100 asks in time. What an ask costs is measured, not guessed: `ask_speed.py` prints a first ask on a CPU ("first
ask of 68 points"), `throughput.py` photos a second by batch on a GPU. `--batch 16 --more-ms 2` is a replica that works
on up to 16 waiting asks together, each further one costing 2 ms.
"""

from __future__ import annotations

import argparse
from collections import deque
from dataclasses import dataclass, field
from heapq import heappop, heappush

import numpy as np

RATES = (1, 10, 100, 1_000, 10_000)
LEAST_ASKS, LEAST_SECONDS = 20_000, 10
WARM_SHARE = 0.2
MOST_BUSY = 0.95
"""With less to spare a queue that has grown once takes minutes to go, longer than is simulated."""


@dataclass(frozen=True)
class Cost:
    """What an ask costs a replica, seconds: the first of a batch, each further one, and how many a batch holds."""

    first: float
    more: float
    batch: int
    spread: float = 0.2

    def draw(self, count: int, rng: np.random.Generator) -> float:
        """Return how long a batch of `count` takes; photos differ by the spread, a share."""
        return (self.first + self.more * (count - 1)) * float(rng.lognormal(-(self.spread**2) / 2, self.spread))

    @property
    def most_a_second(self) -> float:
        """The asks a second of a replica that never waits for any."""
        return self.batch / (self.first + self.more * (self.batch - 1))


@dataclass
class Replica:
    """A replica: the arrivals that wait, and how many it is at work on."""

    waiting: deque[float] = field(default_factory=deque)
    working: int = 0


def simulate(rate: float, replicas: int, cost: Cost, asks: int, seed: int = 0) -> np.ndarray:
    """Return how long each ask took, seconds, in the order in which they were answered."""
    rng = np.random.default_rng(seed)
    arrivals = np.cumsum(rng.exponential(1 / rate, asks)).tolist()
    choices = rng.integers(0, replicas, (asks, 2)).tolist()
    servers = [Replica() for _ in range(replicas)]
    ends: list[tuple[float, int, list[float]]] = []
    took: list[float] = []

    def start(number: int, now: float) -> None:
        server = servers[number]
        batch = [server.waiting.popleft() for _ in range(min(cost.batch, len(server.waiting)))]
        server.working = len(batch)
        heappush(ends, (now + cost.draw(len(batch), rng), number, batch))

    def finish() -> None:
        now, number, batch = heappop(ends)
        took.extend(now - arrived for arrived in batch)
        servers[number].working = 0
        if servers[number].waiting:
            start(number, now)

    for arrived, pair in zip(arrivals, choices, strict=True):
        while ends and ends[0][0] <= arrived:
            finish()
        number = min(pair, key=lambda one: len(servers[one].waiting) + servers[one].working)
        servers[number].waiting.append(arrived)
        if not servers[number].working:
            start(number, arrived)
    while ends:
        finish()
    return np.array(took)


def find_fewest(rate: float, cost: Cost, limit: float, asks: int | None = None) -> tuple[int, np.ndarray]:
    """Return the fewest replicas whose 99th percentile is within a limit, seconds, and how long asks took there."""
    count = asks or max(LEAST_ASKS, int(LEAST_SECONDS * rate))

    def run(replicas: int) -> np.ndarray:
        took = simulate(rate, replicas, cost, count)
        return took[int(WARM_SHARE * len(took)) :]

    high = max(1, int(np.ceil(rate / (MOST_BUSY * cost.most_a_second))))
    low = high - 1
    while np.percentile(run(high), 99) > limit:
        low, high = high, high + max(1, high // 8)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if np.percentile(run(middle), 99) <= limit else (middle, high)
    return high, run(high)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ask-ms", type=float, required=True, help="what an ask alone costs a replica")
    parser.add_argument("--more-ms", type=float, help="what a further one in its batch costs; as much, if not given")
    parser.add_argument("--batch", type=int, default=1, help="the most that a replica works on together")
    parser.add_argument("--limit-ms", type=float, help="of the 99th percentile; five asks alone, if not given")
    args = parser.parse_args()
    limit = (args.limit_ms or 5 * args.ask_ms) / 1000
    if limit <= 2 * args.ask_ms / 1000:
        parser.error("--limit-ms must be more than twice --ask-ms: an ask may find another at work")
    more = args.ask_ms if args.more_ms is None else args.more_ms
    cost = Cost(args.ask_ms / 1000, more / 1000, args.batch)
    print(f"an ask alone {args.ask_ms:g} ms, a further one {more:g} ms, {args.batch} together at most;")
    print(f"99 of 100 within {1000 * limit:.0f} ms, replicas busy {100 * MOST_BUSY:.0f}% of the time at most\n")
    print("| asks/s | replicas | busy | median ms | 99th percentile ms |")
    print("|---:|---:|---:|---:|---:|")
    for rate in RATES:
        replicas, took = find_fewest(rate, cost, limit)
        median, last = 1000 * np.percentile(took, [50, 99])
        busy = rate / (replicas * cost.most_a_second)
        print(f"| {rate:,} | {replicas:,} | {100 * busy:.0f}% | {median:.0f} | {last:.0f} |")


if __name__ == "__main__":
    main()
