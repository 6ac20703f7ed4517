"""Claims about how transfers are shown: a bar where a person sees it, a line now and then in a log."""

import io
from types import SimpleNamespace

from rich.console import Console

from leanto.cli import screen, transfer
from leanto.cli.transfer import watching


def test_on_a_terminal_the_bar_of_what_is_under_way_is_shown(monkeypatch) -> None:
    shown = io.StringIO()
    monkeypatch.setattr(screen, "console", lambda: Console(file=shown, force_terminal=True, width=120))
    monkeypatch.setattr(transfer, "sys", SimpleNamespace(stderr=SimpleNamespace(isatty=lambda: True)))
    with watching() as watch:
        for what in ("model.gguf", "model.gguf: uploading"):
            for done in (1 << 20, 3 << 20):
                watch.moved(what, done, 3 << 20)
    assert "model.gguf: uploading" in shown.getvalue()
    assert "3.0/3.0 MiB" in shown.getvalue()


def test_elsewhere_a_line_comes_now_and_then_and_none_for_what_is_quick(monkeypatch, capsys) -> None:
    now = [100.0]
    monkeypatch.setattr(transfer, "sys", SimpleNamespace(stderr=SimpleNamespace(isatty=lambda: False)))
    monkeypatch.setattr(transfer.time, "monotonic", lambda: now[0])
    with watching() as watch:
        for _ in range(25):
            watch.moved("model.gguf", 5 << 20, 9 << 20)
            now[0] += 1
    assert capsys.readouterr().err.splitlines() == ["  model.gguf: 5 of 9 MiB"] * 2
