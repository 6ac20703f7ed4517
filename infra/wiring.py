"""Puts the components of a stack together: which of them a mode has, and what each gets from the others."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from catalog.rows import Catalogue
from infra.alarm_table import alarms, node_minutes_per_day
from infra.bedrock import content_grants, keyed_providers, model_grants, signed_models
from infra.bundles import Bundle
from infra.components.alarms import Alarms, AlarmsArgs
from infra.components.api_logging import ApiLogging, ApiLoggingArgs
from infra.components.budget import Budget, BudgetArgs
from infra.components.dashboard import Dashboard, DashboardArgs
from infra.components.front import Front, FrontArgs
from infra.components.function import Surroundings
from infra.components.functions import Functions, FunctionsArgs
from infra.components.keys import Keys, KeysArgs
from infra.components.network import Network, NetworkArgs
from infra.components.pool import Pool, PoolArgs
from infra.components.provider_keys import ProviderKeys, ProviderKeysArgs
from infra.components.stage import Stage, StageArgs
from infra.components.storage import FLOW_PREFIX, Storage, StorageArgs
from infra.components.table import Table, TableArgs
from infra.components.topics import Topics, TopicsArgs
from infra.defaults import CAUTION, FUNCTION_MARGIN_SECONDS, STAGE, Caution, FunctionSize
from infra.document import deployment_document
from infra.metrics import metric_count
from infra.naming import Names
from infra.settings import Settings

Outputs = dict[str, Any]


@dataclass(frozen=True)
class Site:
    """All that a stack is made of: settings, names, tags, zones, code and the catalogue."""

    settings: Settings
    names: Names
    tags: Mapping[str, str]
    zones: tuple[str, ...]
    bundles: Mapping[str, Bundle]
    tables: Catalogue

    @property
    def caution(self) -> Caution:
        """How cautious the environment is."""
        return CAUTION[self.settings.environment]

    @property
    def group(self) -> str:
        """Name of the pool's group; empty without a pool."""
        return self.names.group if self.settings.has_pool else ""


@dataclass(frozen=True)
class Base:
    """What everything else stands on."""

    keys: Keys
    storage: Storage
    table: Table
    topics: Topics


def deploy(site: Site, opts: pulumi.ResourceOptions) -> Outputs:
    """Declare the stack's resources and return its outputs."""
    base = _base(site, opts)
    secrets = _provider_keys(site, base, opts)
    functions = _functions(site, base, secrets, opts)
    front, stage = _front(site, base, functions, opts)
    _watch(site, base, functions, opts)
    outputs: Outputs = {
        "endpoint_url": stage.endpoint_url,
        "api_id": front.api_id,
        "stage_name": stage.name,
        "region": site.settings.region,
        "mode": site.settings.mode,
        "models": [route.model for route in site.settings.routes],
        "table_name": base.table.name,
        "provider_secret_arns": secrets.arns,
        "gateway_function_name": functions.gateway.name,
        "stop_function_name": functions.stop.name,
        "alert_topic_arn": base.topics.alert_arn,
        "stop_topic_arn": base.topics.stop_arn,
    }
    return outputs | _pool(site, base, opts)


def _base(site: Site, opts: pulumi.ResourceOptions) -> Base:
    names, settings, caution = site.names, site.settings, site.caution
    keys = Keys(names.component("keys"), KeysArgs(names, caution, settings.has_pool), opts)
    storage_args = StorageArgs(names, caution, keys.data_arn, keys.pool_arn, settings.log_retention_days)
    table_args = TableArgs(
        names, caution, keys.data_arn, settings.table_maximum_read_units, settings.table_maximum_write_units
    )
    return Base(
        keys=keys,
        storage=Storage(names.component("storage"), storage_args, opts),
        table=Table(names.component("table"), table_args, opts),
        topics=Topics(names.component("topics"), TopicsArgs(names, keys.data_arn, settings.alert_emails), opts),
    )


def _provider_keys(site: Site, base: Base, opts: pulumi.ResourceOptions) -> ProviderKeys:
    args = ProviderKeysArgs(keyed_providers(site.settings, site.tables), site.caution, base.keys.data_arn)
    return ProviderKeys(site.names.component("provider"), args, opts)


def _functions(site: Site, base: Base, secrets: ProviderKeys, opts: pulumi.ResourceOptions) -> Functions:
    settings = site.settings
    surroundings = Surroundings(
        site.names,
        base.storage.code,
        base.keys.data_arn,
        settings.function_architecture,
        settings.function_python,
        settings.log_retention_days,
    )
    args = FunctionsArgs(
        surroundings,
        site.bundles,
        FunctionSize(
            settings.gateway_memory_mib,
            settings.request_timeout_seconds + FUNCTION_MARGIN_SECONDS,
            settings.gateway_reserved_concurrency,
        ),
        deployment_document(settings, site.names.stack, site.tables),
        metric_count(settings.routes),
        base.table.name,
        secrets.arns,
        (
            *model_grants(site.names, signed_models(settings, site.tables), settings.guardrail),
            *content_grants(site.names, settings),
        ),
        base.topics.alert_arn,
        site.group,
    )
    return Functions(site.names.component("functions"), args, opts)


def _front(site: Site, base: Base, functions: Functions, opts: pulumi.ResourceOptions) -> tuple[Front, Stage]:
    settings, names = site.settings, site.names
    logging = None
    if settings.manage_api_gateway_account:
        logging = ApiLogging(names.component("api-logging"), ApiLoggingArgs(names), opts).account
    front = Front(
        names.component("front"),
        FrontArgs(
            names,
            functions.authorizer,
            functions.gateway,
            settings.maximum_request_bytes,
            settings.request_timeout_seconds,
        ),
        opts,
    )
    stage_args = StageArgs(
        names,
        front.api_id,
        front.deployment_id,
        base.keys.data_arn,
        settings.log_retention_days,
        settings.throttle_requests_per_second,
        settings.throttle_burst,
        logging,
    )
    return front, Stage(names.component("stage"), stage_args, opts)


def _watch(site: Site, base: Base, functions: Functions, opts: pulumi.ResourceOptions) -> None:
    """Declare budget, alarms and dashboard."""
    settings, names = site.settings, site.names
    alert, stop = base.topics.alert_arn, base.topics.stop_arn
    budget_args = BudgetArgs(names.stack, settings.monthly_cap_usd, alert, stop, functions.stop)
    Budget(names.component("budget"), budget_args, opts)
    minutes = node_minutes_per_day(settings, site.tables) if settings.has_pool else 0
    functions_by_name = {name: names.function(name) for name in ("gateway", "stop")}
    table = alarms(functions_by_name, names.prefix, STAGE, site.group, minutes)
    Alarms(names.component("alarm"), AlarmsArgs(table, alert, stop), opts)
    if settings.dashboard:
        Dashboard(names.component("dashboard"), DashboardArgs(names, site.group), opts)


def _pool(site: Site, base: Base, opts: pulumi.ResourceOptions) -> Outputs:
    """Declare the GPU pool, if the mode has one, and return its outputs."""
    bucket, key_arn, settings, names = base.storage.pool, base.keys.pool_arn, site.settings, site.names
    if bucket is None or key_arn is None:
        return {}
    flows = pulumi.Output.concat(bucket.arn, f"/{FLOW_PREFIX}") if site.caution.record_flows else None
    network_args = NetworkArgs(names, settings.vpc_cidr, site.zones, bucket.arn, flows)
    network = Network(names.component("network"), network_args, opts)
    pool_args = PoolArgs(
        names,
        network.subnet_ids,
        network.node_security_group_id,
        bucket,
        key_arn,
        settings.gpu_ami_id,
        settings.gpu_instance_types,
        settings.gpu_maximum_nodes,
        settings.gpu_spot,
        site.tags,
    )
    pool = Pool(names.component("pool"), pool_args, opts)
    return {"pool_bucket_name": bucket.name, "group_name": pool.group_name}
