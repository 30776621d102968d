"""`python -m orchestration.demo DIR`: write the demo captures into a folder and say what they hold."""

from __future__ import annotations

import argparse
from pathlib import Path

from orchestration.demo.generator import SEED, generate


def main() -> None:
    """Parse the arguments, write the captures, print a summary."""
    parser = argparse.ArgumentParser(prog="python -m orchestration.demo", description=main.__doc__)
    parser.add_argument("folder", type=Path, help="where to write; made if missing")
    parser.add_argument("--seed", type=int, default=SEED, help="same seed, same bytes (default: %(default)s)")
    parser.add_argument("--scale", type=float, default=1.0, help="1.0 is about 5,000 posts")
    arguments = parser.parse_args()
    truth = generate(arguments.folder, arguments.seed, arguments.scale)
    print(f"{truth.organisation['name']} (@{truth.organisation['handle']}): synthetic, does not exist")
    for capture in truth.captures:
        print(f"  {capture.file_name}: {capture.posts_delivered} post records, {capture.posts_rejected} broken")
    print(f"  {len(truth.posts)} posts; the right answers are in {arguments.folder / 'truth.json'}")


if __name__ == "__main__":
    main()
