"""How long `paperbrief --help` takes, as a user would run it: a new process each time.

`python -m benchmarks.start [--runs N]`; target: at most 0.6 s.
"""

import argparse
import json
import subprocess
import sys
import time


def main() -> None:
    """Print one JSON line with the median and the slowest run in seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "bot", "--help"], check=True, stdout=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - started)
    seconds.sort()
    print(
        json.dumps(
            {
                "benchmark": "start",
                "runs": runs,
                "median_s": round(seconds[runs // 2], 3),
                "slowest_s": round(seconds[-1], 3),
            }
        )
    )


if __name__ == "__main__":
    main()
