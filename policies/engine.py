"""The rules under the real engine: answers Pulumi's analyzer protocol with what the runner says of each resource.

Properties are read from the protocol itself and not through the proxies of pulumi_policy, and stack rules see the
inputs of each resource beside its outputs: so what is found here is what is found offline.
"""

import datetime as dt
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime import proto
from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyComplianceFramework,
    PolicyConfigSchema,
    ResourceValidationPolicy,
    StackValidationPolicy,
)
from pulumi_policy import Severity as PulumiSeverity
from pulumi_policy.policy import _PolicyAnalyzerServicer

from policies.configuration import LEVEL, PROFILE, Configuration, ConfigurationError, configure, of_profile
from policies.diagnostics import TITLE, Diagnostic, about_configuration, about_pending, is_pending, of_results
from policies.exemptions import Exemptions
from policies.pack import run_of
from policies.parameters import json_schema
from policies.profiles import PROFILES, environment_of, setting
from policies.rule import Level, Rule
from policies.runner import Result, Run, Verdict, check_item, check_stack
from policies.stack import Item, Stack
from policies.wire import analyzed, completed, plain, region_of

NAME = "leanto"
VERSION = "0.1.0"
"""The engine shows the version of PulumiPolicy.yaml instead, where it has read one."""
PAGE = "docs/reference/rules.md"
LEVELS: Mapping[int, Level] = {
    proto.ADVISORY: Level.ADVISORY,
    proto.MANDATORY: Level.MANDATORY,
    proto.DISABLED: Level.DISABLED,
}


@dataclass(frozen=True)
class Target:
    """The stack that the engine works on, and whether it only previews."""

    name: str = ""
    dry_run: bool = False
    configuration: Mapping[str, str] = field(default_factory=dict)


class Servicer(_PolicyAnalyzerServicer):
    """One pack in one run of the engine, which calls it from several threads at once.

    `profile` holds where the configuration names none. `today` is the date of the run, in UTC.
    """

    def __init__(self, rules: Sequence[Rule], *, profile: str, today: dt.date, exemptions: Exemptions) -> None:
        self._rules = tuple(rules)
        self._profile, self._today, self.exemptions = profile, today, exemptions
        self._configuration = of_profile(profile, rules)
        self._target = Target()
        self._lock = threading.Lock()
        self._seen: dict[str, Item] = {}
        self._results: list[Result] = []
        self._pending: list[Result] = []
        policies = [_profile_policy(), *(_policy(rule, self._configuration.levels[rule.id]) for rule in rules)]
        super().__init__(
            NAME, VERSION, policies, EnforcementLevel.ADVISORY, description="Rules of leanto", tags=["aws"]
        )

    def ConfigureStack(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Take which stack this is; nothing of an earlier one is kept."""
        del context
        with self._lock:
            self._target = Target(request.stack, request.dry_run, dict(request.config))
            self._seen, self._results, self._pending = {}, [], []
        return proto.AnalyzerStackConfigureResponse()

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Take levels and parameters; a configuration that is wrong, or weakens a floor, ends the run here."""
        document = {name: _entry(row) for name, row in request.policyConfig.items()}
        if "name" not in document.get(PROFILE, {}):
            document.pop(PROFILE, None)
            document[PROFILE] = {"name": self._profile}
        try:
            self._configuration = configure(document, self._rules)
        except ConfigurationError as error:
            if context is None:
                raise
            # The engine shows the first line.
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "; ".join(error.problems))
        return empty_pb2.Empty()

    def Analyze(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Say what the rules about single resources say of one, before it is created."""
        del context
        found = analyzed(request)
        rules = [rule for rule in self._enabled if rule.check is not None and rule.applies_to(found.type)]
        run = self._run
        results = [check_item(rule, found, run.settings(rule)) for rule in rules]
        pending = [row for row in results if is_pending(row, self._target.dry_run, None)]
        with self._lock:
            self._seen[found.urn] = found
            self._results += results
            self._pending += pending
        return self._answer(results, of_results(results, self._configuration, self.exemptions, self._target.dry_run))

    def AnalyzeStack(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Say what the rules about whole stacks say, and what is to be known of configuration and exemptions."""
        del context
        with self._lock:
            seen, earlier, pending = dict(self._seen), tuple(self._results), tuple(self._pending)
        # What was not analyzed is only looked up by the program, or left alone by --target: not ours to judge here.
        rows = sorted((row for row in request.resources if row.urn in seen), key=lambda row: row.urn)
        settings, run = self._target.configuration, self._run
        items = tuple(completed(seen[row.urn], row) for row in rows)
        region = setting(settings, "region") or settings.get("aws:region") or region_of(items)
        stack = Stack(self._target.name, items, region, environment_of(settings))
        rules = [rule for rule in self._enabled if rule.check_stack is not None]
        results = [result for rule in rules for result in check_stack(rule, stack, run.settings(rule))]
        diagnostics = of_results(results, self._configuration, self.exemptions, self._target.dry_run, stack)
        notes = about_configuration(self._configuration, self._rules, (*earlier, *results), self.exemptions)
        pending += tuple(row for row in results if is_pending(row, self._target.dry_run, stack))
        return self._answer(results, (*diagnostics, *notes, *about_pending(pending)))

    def Remediate(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Change nothing: what a rule would change here would lose its mark as a secret."""
        del request, context
        return proto.RemediateResponse()

    @property
    def _enabled(self) -> tuple[Rule, ...]:
        levels = self._configuration.levels
        return tuple(rule for rule in self._rules if levels[rule.id] is not Level.DISABLED)

    @property
    def _run(self) -> Run:
        given = self._configuration
        return run_of(given.profile, self._today, given.parameters, self.exemptions.problems)

    @property
    def configuration(self) -> Configuration:
        """What this run is held to."""
        return self._configuration

    def _answer(self, results: Iterable[Result], diagnostics: Iterable[Diagnostic]) -> Any:
        response = proto.AnalyzeResponse()
        for row in diagnostics:
            level, severity = EnforcementLevel(row.level.value), PulumiSeverity(row.severity.value)
            report: Callable[[str, str], None] = self._create_report_violation(
                response, row.policy, row.title, level, severity
            )
            report(row.message, row.urn)
        for result in results:
            if result.verdict is Verdict.NOT_APPLICABLE:
                response.not_applicable.append(
                    proto.PolicyNotApplicable(policy_name=result.rule.id, reason=result.reason)
                )
        return response


def _entry(row: Any) -> dict[str, Any]:
    """Return one entry of the configuration as a file has it."""
    level = LEVELS.get(row.enforcementLevel)
    named = level.value if level else "remediate"
    return {**plain(row.properties), LEVEL: named}


def _policy(rule: Rule, level: Level) -> Policy:
    """Return a rule as Pulumi lists it."""
    kind = ResourceValidationPolicy if rule.check is not None else StackValidationPolicy
    ids = [f"{scheme}:{row}" for scheme, rows in rule.references.items() for row in rows]
    # No defaults here: they depend on the profile, which the engine does not know when it fills them in.
    schema = PolicyConfigSchema({row.name: json_schema(row) for row in rule.parameters}) if rule.parameters else None
    return kind(
        name=rule.id,
        description=rule.title,
        validate=_read_from_the_protocol,
        enforcement_level=EnforcementLevel(level.value),
        config_schema=schema,
        display_name=rule.title,
        severity=PulumiSeverity(rule.severity.value),
        framework=PolicyComplianceFramework(name=NAME, reference=", ".join(ids)),
        tags=[rule.area, *(["floor"] if rule.floor else []), *ids],
        remediation_steps=rule.fix,
        url=f"{PAGE}#{rule.id}",
    )


def _profile_policy() -> Policy:
    """Return the entry by which a configuration names its profile; it checks nothing."""
    schema = PolicyConfigSchema({"name": {"type": "string", "enum": list(PROFILES)}})
    return StackValidationPolicy(
        name=PROFILE,
        description=TITLE,
        display_name=TITLE,
        validate=_read_from_the_protocol,
        enforcement_level=EnforcementLevel.ADVISORY,
        config_schema=schema,
        severity=PulumiSeverity.LOW,
    )


def _read_from_the_protocol(args: Any, report: Any) -> None:
    """Stand where Pulumi wants a function: the servicer reads each request itself."""
    del args, report
    raise NotImplementedError("policies.engine.Servicer answers Analyze itself")
