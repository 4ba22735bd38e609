"""The chaos driver: `python -m tests.chaos --seeds 20`. See --help."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.drive import Outcome, drive
from tests.chaos.plan import make_plan

ROOT = Path(__file__).parents[2]
SEED_S = 300.0
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
OURS = ("BOLT_BOT_", "PARADIME_", "SLACK_", "REDIS_")


def main() -> int:
    """Run the requested seeds; return 1 if one of them failed."""
    arguments = _arguments()
    if arguments.seed is not None:
        return _one(arguments)
    seeds = list(range(arguments.first, arguments.first + arguments.seeds))
    began = time.monotonic()
    failed = asyncio.run(_many(arguments, seeds))
    say(f"{len(seeds) - len(failed)} of {len(seeds)} seeds held, in {time.monotonic() - began:.0f} s")
    for seed in sorted(failed):
        say(f"failed: seed {seed}; alone: {' '.join(_again(arguments, seed))}")
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="how many seeds")
    parser.add_argument("--first", type=int, default=1, metavar="S", help="the first of them")
    parser.add_argument("--seed", type=int, metavar="S", help="this seed alone, in this process")
    parser.add_argument("--commands", type=int, metavar="N", help="how many commands people type (default: drawn)")
    parser.add_argument("--replicas", type=int, choices=(1, 2, 3), help="how many replicas (default: drawn, 2 or 3)")
    parser.add_argument("--jobs", type=int, default=1, metavar="J", help="how many seeds at a time")
    parser.add_argument("--beside", type=Path, metavar="PATH", help="run one of the replicas from this other checkout")
    parser.add_argument("--patient", action="store_true", help="wait until what is looked for is found or unclear")
    parser.add_argument("--verbose", action="store_true", help="print each seed's plan")
    return parser.parse_args()


def _options(arguments: argparse.Namespace) -> list[str]:
    given = {"--commands": arguments.commands, "--replicas": arguments.replicas, "--beside": arguments.beside}
    options = [part for name, value in given.items() if value is not None for part in (name, str(value))]
    flags = {"--patient": arguments.patient, "--verbose": arguments.verbose}
    return options + [name for name, value in flags.items() if value]


def _again(arguments: argparse.Namespace, seed: int) -> list[str]:
    return ["python", "-m", "tests.chaos", "--seed", str(seed), *_options(arguments)]


# --- many seeds, each in a process of its own ---


async def _many(arguments: argparse.Namespace, seeds: list[int]) -> list[int]:
    free, failed = asyncio.Semaphore(arguments.jobs), list[int]()

    async def run(seed: int) -> None:
        async with free:
            if not await _child(arguments, seed):
                failed.append(seed)

    await asyncio.gather(*(run(seed) for seed in seeds))
    return failed


async def _child(arguments: argparse.Namespace, seed: int) -> bool:
    command = [sys.executable, *_again(arguments, seed)[1:]]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(SEED_S):
            out, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        say(f"seed {seed:>5}  has not ended within {SEED_S:.0f} s")
        return False
    say(
        out.decode(errors="replace").rstrip()
        or f"seed {seed:>5}  ended by a fault of the driver's own, which stands above"
    )
    return process.returncode == 0


# --- one seed ---


def _one(arguments: argparse.Namespace) -> int:
    _empty_environment()
    plan = make_plan(arguments.seed, commands=arguments.commands, replicas=arguments.replicas)
    if arguments.verbose:
        say("\n".join(plan.lines()))
    folder = Path(tempfile.mkdtemp(prefix=f"bolt-bot-chaos-{arguments.seed}-"))
    outcome = asyncio.run(drive(plan, folder, beside=arguments.beside, patient=arguments.patient))
    say(outcome.line())
    if not outcome.violations:
        shutil.rmtree(folder, ignore_errors=True)
        return 0
    for violation in outcome.violations:
        say(f"  {violation.kind}: {violation.text}")
    if not arguments.verbose:
        say("\n".join(f"  {line}" for line in plan.lines()))
    say(f"  kept in {folder}")
    keep(outcome, folder)
    return 1


def keep(outcome: Outcome, folder: Path) -> None:
    """Save the plan, the observations and the violations; the logs are there already."""
    (folder / "plan.txt").write_text("\n".join(outcome.plan.lines()) + "\n")
    seen = dataclasses.asdict(outcome.seen) | {"logs": [], "secrets": []}
    (folder / "seen.json").write_text(json.dumps(seen, indent=1))
    (folder / "violations.txt").write_text("\n".join(f"{one.kind}: {one.text}" for one in outcome.violations) + "\n")


def _empty_environment() -> None:
    """Keep this machine's settings and proxies from the replicas."""
    for name in list(os.environ):
        if name.startswith(OURS) or name.upper() in PROXIES:
            del os.environ[name]


def say(text: str) -> None:
    """Print at once, because seeds end one by one."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
