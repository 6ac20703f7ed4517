"""Loads the services of a deployment before they are asked for: EC2 alone takes moto a second at its first call."""

import logging
import threading
from types import MappingProxyType
from typing import Any, cast

from moto import backends
from moto.core.utils import get_service_model
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

logger = logging.getLogger(__name__)

WARM_SERVICES = MappingProxyType(
    {
        "sts": "sts",
        "ec2": "ec2",
        "iam": "iam",
        "s3": "s3",
        "kms": "kms",
        "dynamodb": "dynamodb",
        "apigateway": "apigateway",
        "awslambda": "lambda",
        "autoscaling": "autoscaling",
        "logs": "logs",
        "cloudwatch": "cloudwatch",
        "sns": "sns",
        "secretsmanager": "secretsmanager",
        "ssm": "ssm",
        "budgets": "budgets",
    }
)
"""Moto's name and botocore's name of each service, in the order in which a deployment asks for them."""


def warm(dispatcher: DomainDispatcherApplication, account_id: str, region: str, stop: threading.Event) -> None:
    """Load each service unless `stop` is set. Nothing here holds a lock for long, so calls are answered meanwhile."""
    for moto_name, service in WARM_SERVICES.items():
        if stop.is_set():
            return
        try:
            _warm_service(dispatcher, moto_name, service, account_id, region)
        except Exception:
            logger.exception("the embedded AWS could not load %s ahead of its first call", service)


def _warm_service(
    dispatcher: DomainDispatcherApplication, moto_name: str, service: str, account_id: str, region: str
) -> None:
    if moto_name not in dispatcher.app_instances:
        app = create_backend_app(cast("Any", moto_name))
        with dispatcher.lock:
            dispatcher.app_instances.setdefault(moto_name, app)
    account = backends.get_backend(cast("Any", moto_name))[account_id]
    if region in account:
        account[region]
    get_service_model(service)
