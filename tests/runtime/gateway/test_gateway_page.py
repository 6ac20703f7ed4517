"""Claim: what docs/howto/gateway.md shows is there: its document is served as pasted, its metrics are all there are."""

import re
from pathlib import Path

import yaml

from leanto.gateway.prometheus import Metrics
from runtime.gateway.deployment import ProviderUpstream, load_deployment

PAGE = Path(__file__).resolve().parents[3] / "docs/howto/gateway.md"


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)


def test_the_document_on_the_page_is_one(tmp_path: Path) -> None:
    (text,) = examples("json")
    path = tmp_path / "deployment.json"
    path.write_text(text)
    deployment = load_deployment(path)
    (upstream,) = deployment.routes["small"].upstreams
    assert isinstance(upstream, ProviderUpstream)
    assert (upstream.name, sorted(upstream.endpoints)) == ("local/qwen3-4b", ["chat/completions", "completions"])
    assert upstream.provider.base_url == "http://127.0.0.1:8000/v1"


def test_the_page_names_each_metric_of_the_server_and_no_other() -> None:
    families = re.findall(r"^# TYPE (\w+) ", Metrics().text().decode(), re.MULTILINE)
    assert set(re.findall(r"`(leanto_\w+)`", PAGE.read_text())) == set(families)


def test_the_scrape_configuration_is_yaml_with_the_servers_own_port() -> None:
    (text,) = examples("yaml")
    ((job,),) = yaml.safe_load(text).values()
    assert job["static_configs"] == [{"targets": ["127.0.0.1:8080"]}]
