"""What ECS services on Fargate cost: a task's processors and memory, times the tasks that run."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from catalog.deployed import DeployedResource, Undetermined, amount, block_of, blocks, number, text, word
from catalog.view import Case, Charge, View

SERVICE, TASK, TARGET = (
    "aws:ecs/service:Service",
    "aws:ecs/taskDefinition:TaskDefinition",
    "aws:appautoscaling/target:Target",
)


def service(resource: DeployedResource, view: View) -> Iterator[Charge]:
    """Yield the vCPUs and GB of a service's tasks; on EC2, its instances are paid for instead."""
    if not _on_fargate(resource):
        return
    tasks = view.stack.targets(resource, "taskDefinition", TASK)
    if len(tasks) != 1:
        raise Undetermined(f"the task definition of {resource.name} is not in the stack")
    task = tasks[0].properties
    processor = word(block_of(task, "runtimePlatform"), "cpuArchitecture", "X86_64").lower()
    least, most, knob = _running(resource, view)
    for part, units, divisor in (("vcpu", _units(task, "cpu"), 1024), ("memory", _units(task, "memory"), 1024)):
        size = units / divisor
        yield Charge(
            f"fargate.{part}-{processor}", least * size, most * size, knob, f"{most:f} tasks of {size:f}", resource.name
        )


def _on_fargate(resource: DeployedResource) -> bool:
    if text(resource.properties, "launchType") == "FARGATE":
        return True
    strategies = blocks(resource.properties, "capacityProviderStrategies")
    return any(text(row, "capacityProvider").startswith("FARGATE") for row in strategies)


def _units(task: Mapping[str, Any], key: str) -> Decimal:
    """Return CPU units or MiB, also written as "1 vCPU" or "2 GB"."""
    written = text(task, key)
    word = written.split()
    if len(word) == 2 and word[1].lower() in {"vcpu", "gb"}:
        return amount({key: word[0]}, key) * 1024
    found = number(task, key)
    if found is None:
        raise Undetermined(f"{key} of the task is missing")
    return found


def _running(resource: DeployedResource, view: View) -> tuple[Decimal, Decimal, str]:
    """Return how many tasks run at least and at most. A deployment runs new tasks beside the old ones."""
    desired = amount(resource.properties, "desiredCount", 0)
    targets = view.stack.pointing_at(resource, TARGET, "resourceId")
    lowest = min((amount(row.properties, "minCapacity") for row in targets), default=desired)
    highest = max((amount(row.properties, "maxCapacity") for row in targets), default=desired)
    if view.case is not Case.WORST:
        share = view.usage.expected_busy_share if view.case is Case.EXPECTED else Decimal(0)
        base = max(desired, lowest) if targets else desired
        likely = base + share * max(Decimal(0), highest - base)
        return min(lowest, desired), likely, f"{resource.name}.desiredCount"
    percent = amount(resource.properties, "deploymentMaximumPercent", 200)
    peak = max(desired, highest) * max(Decimal(100), percent) / 100
    return max(desired, highest), peak, "maxCapacity" if targets else f"{resource.name}.desiredCount"
