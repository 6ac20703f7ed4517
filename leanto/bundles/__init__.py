"""Builds the function bundles: the same sources, lock and target give the same bytes anywhere."""

from infra.bundles import Target
from leanto.bundles.build import build
from leanto.bundles.errors import BundleError

__all__ = ["BundleError", "Target", "build"]
