"""Puts the components of a stack together: which of them a mode has, and what each gets from the others."""

import pulumi

from infra.alarm_table import alarms, node_minutes_per_day
from infra.bedrock import content_grants, keyed_providers, model_grants, signed_models
from infra.components.alarms import Alarms, AlarmsArgs
from infra.components.api_logging import ApiLogging, ApiLoggingArgs
from infra.components.budget import Budget, BudgetArgs
from infra.components.dashboard import Dashboard, DashboardArgs
from infra.components.front import Front, FrontArgs
from infra.components.functions import Functions, FunctionsArgs
from infra.components.keys import Keys, KeysArgs
from infra.components.provider_keys import ProviderKeys, ProviderKeysArgs
from infra.components.stage import Stage, StageArgs
from infra.components.storage import Storage, StorageArgs
from infra.components.table import Table, TableArgs
from infra.components.topics import Topics, TopicsArgs
from infra.defaults import FUNCTION_MARGIN_SECONDS, STAGE, FunctionSize
from infra.document import deployment_document
from infra.foundation import Base, Site, surroundings
from infra.metrics import metric_count
from infra.pool_wiring import Outputs, PoolParts, pool_parts


def deploy(site: Site, opts: pulumi.ResourceOptions) -> Outputs:
    """Declare the stack's resources and return its outputs."""
    base = _base(site, opts)
    secrets = _provider_keys(site, base, opts)
    pool = pool_parts(site, base, opts)
    functions = _functions(site, base, secrets, pool, opts)
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
    return outputs | (pool.outputs if pool else {})


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


def _functions(
    site: Site, base: Base, secrets: ProviderKeys, pool: PoolParts | None, opts: pulumi.ResourceOptions
) -> Functions:
    settings = site.settings
    args = FunctionsArgs(
        surroundings(site, base),
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
        pool.relay.name if pool else None,
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
    functions_by_name = {name: names.function(name) for name in ("gateway", "relay", "stop")}
    table = alarms(functions_by_name, names.prefix, STAGE, site.group, minutes)
    Alarms(names.component("alarm"), AlarmsArgs(table, alert, stop), opts)
    if settings.dashboard:
        Dashboard(names.component("dashboard"), DashboardArgs(names, site.group), opts)
