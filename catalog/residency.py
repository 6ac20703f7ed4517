"""Where a managed provider processes a request: the endpoint that keeps it in a place, or none that can be promised."""

from catalog.rows import Provider


def base_url(provider: Provider, residency: str, region: str) -> str | None:
    """Return where requests to `provider` go for a stack in AWS `region`, or None when no listed endpoint will do.

    `residency` is "any", "eu" or "us". None means that the base URL must come from the settings.
    """
    if residency == "any":
        return provider.base_url.replace("{region}", region) or None
    if provider.residency_from_region:
        return provider.base_url.replace("{region}", region) if region.startswith(f"{residency}-") else None
    return provider.residency_base_urls.get(residency)
