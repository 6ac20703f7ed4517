"""`leanto models`: which open models the catalogue knows, what they are to the byte, and which fit a GPU."""

import json
from typing import Any

import click
from rich.table import Table

from catalog.open_models import Licence, OpenModel
from catalog.rows import Catalogue
from catalog.sizing import MIB
from catalog.tables import catalogue
from leanto.cli import screen
from leanto.cli.amounts import NUMBER
from leanto.cli.model_fit import fits_of, table, target, unseen_reasons
from leanto.cli.model_names import gib, known_model
from leanto.cli.model_push import push, verify

DEFAULT_CONTEXT = 8192
NEEDED = "Needed are the weights, the cache of the context for each slot, and the engine; most is how many slots fit."
SPEEDS = (
    "Tokens a second of one GPU are as expected (at least-at most), with half of the context filled. measured: this"
    " model on this GPU; calibrated: others on this GPU; roofline: its bandwidth, and what was reached elsewhere."
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")


@click.group(name="models")
def command() -> None:
    """List and show open models for the GPU pool, tell which fit a GPU, and put one where nodes load it from."""


command.add_command(push)
command.add_command(verify)


@command.command(name="list")
@JSON
def list_command(as_json: bool) -> None:
    """List the models of the catalogue: id, size, context, engine and licence."""
    tables = catalogue()
    if as_json:
        screen.result(json.dumps([_document(model, tables) for model in tables.offered_models.values()], indent=2))
        return
    shown = Table("Model", "Engine", "GiB", "Context", "Licence", "Mark", box=None, pad_edge=False)
    for model in tables.offered_models.values():
        licence = tables.licences[model.licence]
        told = f"{licence.id} (restricted)" if licence.restricted else licence.id
        size, context = gib(model.weight_bytes / MIB), str(model.context_tokens)
        shown.add_row(model.id, model.engine, size, context, told, model.mark)
    screen.show(shown)


@command.command()
@click.argument("name", metavar="MODEL")
@JSON
def show(name: str, as_json: bool) -> None:
    """Show a MODEL: its files with their sha256, its licence with the terms, and where each figure comes from."""
    tables = catalogue()
    model = known_model(name, tables)
    if as_json:
        screen.result(json.dumps(_document(model, tables), indent=2))
        return
    for title, text in _facts(model, tables):
        screen.result(f"{title:<14}{text}")
    for file in model.files:
        screen.result(f"{'file':<14}{file.name}  {file.bytes} bytes  sha256 {file.sha256}")


@command.command()
@click.option("--gpu", required=True, metavar="GPU", help="A GPU such as L4, or an instance type such as g6.xlarge.")
@click.option("--context", type=NUMBER, default=DEFAULT_CONTEXT, show_default=True, help="Tokens of each request.")
@click.option("--slots", type=NUMBER, help="Requests at a time.  [default: as many as fit, up to what was measured]")
@JSON
def fit(gpu: str, context: int, slots: int | None, as_json: bool) -> None:
    """Tell for each model whether it fits a GPU, how much memory it takes, and how many tokens a second it makes."""
    tables = catalogue()
    on = target(gpu, tables)
    found = list(fits_of(on, context, slots, tables))
    if as_json:
        memory = {"gpu_memory_mib": on.instance.gpu_memory_mib, "gpu_count": on.instance.gpu_count}
        about = {"target": on.name, "gpu": on.instance.gpu, **memory, "context_tokens": context}
        screen.result(json.dumps({**about, "models": [each.document() for each in found]}, indent=2))
        return
    screen.show(table(found))
    for line in unseen_reasons(found):
        screen.say(line)
    count = f"{on.instance.gpu_count} x " if on.instance.gpu_count > 1 else ""
    screen.say(f"{on.name}: {count}{on.instance.gpu_memory_mib} MiB, as nvidia-smi shows it. {NEEDED}")
    screen.say(SPEEDS if on.gpu else f"Of the speed of {on.instance.gpu} nothing is known.")


def _facts(model: OpenModel, tables: Catalogue) -> list[tuple[str, str]]:
    licence = tables.licences[model.licence]
    active = f", {model.active_parameters_billion} of them active" if model.active_share < 1 else ""
    rows = [
        ("model", model.id),
        ("title", f"{model.title}, {model.quantisation}"),
        ("engine", model.engine),
        ("parameters", f"{model.parameters_billion} billion{active}"),
        ("context", f"{model.context_tokens} tokens"),
        ("cache", f"{model.kv_bytes_per_token} bytes a token at 16 bits ({model.mark})"),
        ("repository", f"https://huggingface.co/{model.repository}"),
        ("revision", model.revision),
        ("size", f"{model.total_bytes} bytes, {model.weight_bytes} of them weights ({model.files_mark})"),
        ("template", model.chat_template),
        ("source", f"{tables.sources['models.toml'][model.source]}; {model.date}"),
        *([("note", model.note)] if model.note else []),
        ("licence", f"{licence.id}: {licence.title}, {licence.url}"),
    ]
    return rows + _terms(licence)


def _terms(licence: Licence) -> list[tuple[str, str]]:
    if not licence.restricted:
        return []
    accept = f"read it, then add {licence.id} to leanto:licencesAccepted of the stack"
    return [*(("terms", term) for term in licence.terms), ("to accept", accept)]


def _document(model: OpenModel, tables: Catalogue) -> dict[str, Any]:
    licence = tables.licences[model.licence]
    return {
        "id": model.id,
        "title": model.title,
        "quantisation": model.quantisation,
        "engine": model.engine,
        "parameters_billion": float(model.parameters_billion),
        "active_parameters_billion": float(model.active_parameters_billion),
        "context_tokens": model.context_tokens,
        "kv_bytes_per_token": model.kv_bytes_per_token,
        "mark": model.mark,
        "repository": model.repository,
        "revision": model.revision,
        "files": [{"name": file.name, "bytes": file.bytes, "sha256": file.sha256} for file in model.files],
        "files_mark": model.files_mark,
        "chat_template": model.chat_template,
        "source": tables.sources["models.toml"][model.source],
        "date": model.date.isoformat(),
        "note": model.note,
        "licence": {
            "id": licence.id,
            "title": licence.title,
            "url": licence.url,
            "restricted": licence.restricted,
            "terms": list(licence.terms),
        },
    }
