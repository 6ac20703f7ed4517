"""Measures a node's agent and the relay beside the engine asked directly, and adds up a boot; writes the page of both.

`python -m benchmarks.node`. An aim that is missed is a line of the page, not a failure: figures are the machine's as
well as ours.
"""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.aims import Aim, adds, at_most, machine, today
from benchmarks.boot import INSTANCE, MODEL, Phase, measure, phases
from benchmarks.gateway_rounds import Spread
from benchmarks.node_rounds import APART, MANY, ONE, REFUSALS, TOKENS, Sample, Samples, paired, refusals_ms, rounds
from benchmarks.node_servers import AGENT, ENGINE, QUEUE, RELAY, SLOTS, node
from catalog.tables import catalogue
from infra.declarations import ROOT
from infra.rendering import render

PAGE = ROOT / "docs" / "benchmarks" / "node.md"
ROUNDS = 7
BOOT_SECONDS = 60
NAMES = {ENGINE: "the engine, asked directly", AGENT: "through the agent", RELAY: "through relay and agent"}


def main() -> None:
    """Measure and write the page."""
    load_before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="leanto-bench-") as folder:
        work = Path(folder)
        with node(work) as servers:
            samples = rounds(servers, ROUNDS)
            refusals = refusals_ms(servers[1])
            memory = {server.target.name: server.resident_mb() for server in servers}
            agent_ready = servers[1].start_seconds
        boot = phases(measure(work, agent_ready), catalogue())
    aims = [*_aims(samples), _refused(refusals), at_most("Agent's memory after the load", 60, memory[AGENT], "MB")]
    boot_aims = [
        _boot("with the network's burst", sum(phase.burst for phase in boot)),
        _boot("at the network's baseline", sum(phase.baseline for phase in boot)),
    ]
    PAGE.write_text(_page(samples, aims, boot, boot_aims, {"relay_mb": memory[RELAY], "load": load_before}), "utf-8")
    for aim in (*aims, *boot_aims):
        print(f"{aim.verdict}: {aim.what}: {aim.found} (aim: {aim.aim})")
    print(PAGE.relative_to(ROOT))


def _aims(samples: Samples) -> list[Aim]:
    def later(one: Sample, engine: Sample) -> float:
        return one.first_p50 - engine.first_p50

    def share(one: Sample, engine: Sample) -> float:
        return one.tokens_per_second / engine.tokens_per_second

    cpu = paired(samples, MANY, AGENT, AGENT, lambda one, _: one.cpu_ms[AGENT])
    relay_cpu = paired(samples, MANY, RELAY, RELAY, lambda one, _: one.cpu_ms[RELAY])
    many = "Tokens a second of all slots through"
    return [
        adds("Median that the agent adds to the first chunk", 5.0, paired(samples, ONE, AGENT, ENGINE, later)),
        adds("Median that relay and agent add to the first chunk", 5.0, paired(samples, ONE, RELAY, ENGINE, later)),
        _share(f"{many} the agent, over the engine's", paired(samples, MANY, AGENT, ENGINE, share)),
        _share(f"{many} relay and agent, over the engine's", paired(samples, MANY, RELAY, ENGINE, share)),
        _share(f"{many} the agent, the engine on a core of its own", paired(samples, APART, AGENT, ENGINE, share)),
        _share(f"{many} both, the engine on a core of its own", paired(samples, APART, RELAY, ENGINE, share)),
        _cpu("Agent's processor time for a streamed token", cpu),
        _cpu("Relay's processor time for a streamed token", relay_cpu),
    ]


def _share(what: str, found: Spread) -> Aim:
    text = f"{found.middle:.2f} ({found.least:.2f} to {found.most:.2f})"
    return Aim(what, "≥ 0.95", text, found.middle >= 0.95)


def _cpu(what: str, found: Spread) -> Aim:
    text = f"{found.middle:.3f} ms ({found.least:.3f} to {found.most:.3f})"
    return Aim(what, "≤ 0.2 ms", text, found.middle <= 0.2)


def _refused(found: Spread) -> Aim:
    text = f"{found.middle:.2f} ms ({found.least:.2f} to {found.most:.2f})"
    return Aim(f"Median time of {REFUSALS} refusals by a full agent", "≤ 5 ms", text, found.middle <= 5)


def _boot(what: str, seconds: float) -> Aim:
    return Aim(f"A boot {what}", f"≤ {BOOT_SECONDS} s", f"{seconds:.1f} s", seconds <= BOOT_SECONDS)


def _page(
    samples: Samples, aims: Sequence[Aim], boot: Sequence[Phase], boot_aims: Sequence[Aim], facts: dict[str, float]
) -> str:
    def middle(kind: str, server: str, name: str) -> str:
        value = median(getattr(sample, name) for sample in samples[kind, server])
        return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"

    return (
        render(
            "benchmarks/node.md.j2",
            machine=machine(),
            date=today(),
            rounds=ROUNDS,
            slots=SLOTS,
            queue=QUEUE,
            tokens=TOKENS,
            names=NAMES,
            kinds={
                ONE: "One stream at a time",
                MANY: "As many streams as are admitted",
                APART: "The same, the engine on a core of its own",
            },
            middle=middle,
            aims=aims,
            boot=boot,
            boot_aims=boot_aims,
            instance=INSTANCE,
            model=MODEL,
            **{name: f"{value:.1f}" for name, value in facts.items()},
        ).rstrip()
        + "\n"
    )


if __name__ == "__main__":
    main()
