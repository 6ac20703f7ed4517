"""Claims about downloads: they go on where they were cut off, and nothing but the pinned bytes is ever kept."""

import hashlib
import shutil
import urllib.request
from email.message import Message
from pathlib import Path
from types import SimpleNamespace

import pytest

from leanto.artefacts import download
from leanto.artefacts.download import Wanted, fetch
from leanto.artefacts.errors import NoRoomError, SourceError, WrongContentError
from leanto.artefacts.transport import Open, _Redirects
from leanto.artefacts.watch import SILENT, Watch
from tests.artefacts.stand_ins import Fault, Files, Waits, serving

CONTENT = bytes(range(256)) * 40


def wanted(files: Files, content: bytes = CONTENT) -> Wanted:
    files.content.setdefault("/f", content)
    return Wanted("f", f"{files.url}/f", len(content), hashlib.sha256(content).hexdigest())


def test_a_file_is_fetched_once(files: Files, tmp_path: Path) -> None:
    moved: list[tuple[int, int]] = []
    watch = Watch(lambda _: None, lambda what, done, total: moved.append((done, total)))
    for _ in range(2):
        path = fetch(wanted(files), tmp_path / "deep" / "f", Open(), watch)
        assert path.read_bytes() == CONTENT
    assert len(files.asked) == 1
    assert (len(CONTENT), len(CONTENT)) in moved
    assert sorted(each.name for each in path.parent.iterdir()) == ["f", "f.lock"]


def test_a_download_that_is_cut_off_goes_on_from_there(files: Files, waits: Waits, tmp_path: Path) -> None:
    files.faults = [Fault(cut_after=1000), Fault(cut_after=500), Fault(status=503), Fault()]
    assert fetch(wanted(files), tmp_path / "f", Open(), SILENT, waits.patience()).read_bytes() == CONTENT
    assert files.ranges() == ["", "bytes=1000-", "bytes=1500-", "bytes=1500-"]
    assert len(waits.seconds) == 3


def test_a_later_run_goes_on_from_what_an_earlier_one_left(files: Files, waits: Waits, tmp_path: Path) -> None:
    files.faults = [Fault(cut_after=3000), Fault(status=500)]
    with pytest.raises(SourceError, match=r"3000 of 10240 bytes are kept; the same command goes on from there"):
        fetch(wanted(files), tmp_path / "f", Open(), SILENT, waits.patience(tries=2))
    assert fetch(wanted(files), tmp_path / "f", Open(), SILENT, waits.patience()).read_bytes() == CONTENT
    assert files.ranges()[-1] == "bytes=3000-"


def test_a_server_without_ranges_is_read_from_the_beginning(files: Files, waits: Waits, tmp_path: Path) -> None:
    files.faults = [Fault(cut_after=1000), Fault(ignores_range=True)]
    assert fetch(wanted(files), tmp_path / "f", Open(), SILENT, waits.patience()).read_bytes() == CONTENT


def test_a_restart_leaves_nothing_of_what_was_there(files: Files, waits: Waits, tmp_path: Path) -> None:
    (tmp_path / "f.part").write_bytes(CONTENT[:3000])
    files.faults = [Fault(ignores_range=True, cut_after=1000)]
    fetch(wanted(files), tmp_path / "f", Open(), SILENT, waits.patience())
    assert files.ranges() == ["bytes=3000-", "bytes=1000-"]


def test_tries_that_bring_something_do_not_count(files: Files, waits: Waits, tmp_path: Path) -> None:
    files.faults = [Fault(cut_after=100)] * 8
    fetch(wanted(files), tmp_path / "f", Open(), SILENT, waits.patience(tries=2))
    assert len(waits.seconds) == 8


def test_bytes_from_another_place_are_not_appended(files: Files, waits: Waits, tmp_path: Path) -> None:
    files.faults = [Fault(cut_after=1000), Fault(shifted=True)]
    assert fetch(wanted(files), tmp_path / "f", Open(), SILENT, waits.patience()).read_bytes() == CONTENT
    assert files.ranges() == ["", "bytes=1000-", "bytes=1000-"]


def test_waits_grow_and_are_at_least_what_the_server_asks_for(files: Files, waits: Waits, tmp_path: Path) -> None:
    files.faults = [Fault(status=429, headers={"Retry-After": "20"}), *[Fault(status=503)] * 3]
    fetch(wanted(files), tmp_path / "f", Open(), SILENT, waits.patience())
    expected = [20, 2, 4, 8]
    assert [low <= wait <= 1.1 * low for low, wait in zip(expected, waits.seconds, strict=True)] == [True] * 4


def test_a_server_that_never_answers_is_given_up_with_what_to_do(waits: Waits, tmp_path: Path) -> None:
    with serving(Files()) as gone:
        lost = wanted(gone)
    with pytest.raises(SourceError, match=r"cannot be fetched from 127\.0\.0\.1"):
        fetch(lost, tmp_path / "f", Open(), SILENT, waits.patience())
    assert len(waits.seconds) == 5


def test_slow_is_not_silent(files: Files, waits: Waits, tmp_path: Path) -> None:
    """The whole takes longer than the silence that is borne; no pause in it does."""
    files.faults = [Fault(pause_seconds=0.05)]
    fetch(wanted(files), tmp_path / "f", Open(), SILENT, waits.patience(silence_seconds=0.3))
    assert (len(files.asked), waits.seconds) == (1, [])


def test_silence_counts_as_cut_off(files: Files, waits: Waits, tmp_path: Path) -> None:
    files.faults = [Fault(pause_seconds=0.5)]
    fetch(wanted(files), tmp_path / "f", Open(), SILENT, waits.patience(silence_seconds=0.1))
    assert len(waits.seconds) == 1


@pytest.mark.parametrize(("status", "said"), [(401, "HF_TOKEN"), (403, "HF_TOKEN"), (404, "--from"), (400, "400")])
def test_a_refusal_is_told_at_once(files: Files, waits: Waits, tmp_path: Path, status: int, said: str) -> None:
    files.faults = [Fault(status=status)]
    with pytest.raises(SourceError, match=said):
        fetch(wanted(files), tmp_path / "f", Open(), SILENT, waits.patience())
    assert (len(files.asked), waits.seconds) == (1, [])


def test_wrong_bytes_are_deleted_and_named(files: Files, tmp_path: Path) -> None:
    files.faults = [Fault(content=bytes(len(CONTENT)))]
    with pytest.raises(WrongContentError, match=rf"pinned is {wanted(files).sha256}; it was deleted"):
        fetch(wanted(files), tmp_path / "f", Open(), SILENT)
    assert [each.name for each in tmp_path.iterdir()] == ["f.lock"]


@pytest.mark.parametrize("size", [len(CONTENT) - 1, len(CONTENT) + 1])
def test_a_file_of_another_size_is_not_fetched_at_all(files: Files, tmp_path: Path, size: int) -> None:
    files.faults = [Fault(content=bytes(size))]
    with pytest.raises(WrongContentError, match=f"is {size} bytes, pinned are {len(CONTENT)}"):
        fetch(wanted(files), tmp_path / "f", Open(), SILENT)
    assert not (tmp_path / "f.part").exists()


def test_a_damaged_remainder_is_fetched_once_more_from_the_beginning(files: Files, tmp_path: Path) -> None:
    (tmp_path / "f.part").write_bytes(bytes(4000))
    assert fetch(wanted(files), tmp_path / "f", Open(), SILENT).read_bytes() == CONTENT
    assert files.ranges() == ["bytes=4000-", ""]


@pytest.mark.parametrize("left", [CONTENT + b"more", CONTENT])
def test_a_remainder_as_long_or_longer_is_no_trap(files: Files, tmp_path: Path, left: bytes) -> None:
    (tmp_path / "f.part").write_bytes(left)
    assert fetch(wanted(files), tmp_path / "f", Open(), SILENT).read_bytes() == CONTENT


def test_a_damaged_file_in_the_cache_is_fetched_again(files: Files, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"damaged")
    assert fetch(wanted(files), tmp_path / "f", Open(), SILENT).read_bytes() == CONTENT


def test_a_full_disk_is_told_before_anything_is_fetched(files: Files, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=download.SPARE_BYTES + len(CONTENT) - 1))
    with pytest.raises(NoRoomError, match="LEANTO_CACHE"):
        fetch(wanted(files), tmp_path / "f", Open(), SILENT)
    assert files.asked == []
    (tmp_path / "f.part").write_bytes(CONTENT[:1])
    fetch(wanted(files), tmp_path / "f", Open(), SILENT)


class Key:
    """Opens one server's door."""

    def headers(self, url: str) -> dict[str, str]:
        return {"Authorization": "Bearer mine"}

    def refused(self, challenge: str) -> bool:
        return False


def test_what_opens_one_host_is_not_shown_to_the_next(files: Files, tmp_path: Path) -> None:
    with serving(Files()) as elsewhere:
        there = wanted(elsewhere)
        files.faults = [Fault(status=302, headers={"Location": there.url})]
        fetch(Wanted("f", f"{files.url}/f", there.bytes, there.sha256), tmp_path / "f", Key(), SILENT)
        assert files.asked[0][1]["authorization"] == "Bearer mine"
        assert "authorization" not in elsewhere.asked[0][1]


def test_a_redirect_within_a_host_keeps_what_opens_it_and_the_range(files: Files, tmp_path: Path) -> None:
    (tmp_path / "f.part").write_bytes(CONTENT[:7])
    files.faults = [Fault(status=307, headers={"Location": "/g"})]
    files.content["/g"] = CONTENT
    fetch(wanted(files), tmp_path / "f", Key(), SILENT)
    assert files.asked[1][0] == "/g"
    assert (files.asked[1][1]["authorization"], files.asked[1][1]["range"]) == ("Bearer mine", "bytes=7-")


@pytest.mark.parametrize("place", ["file:///etc/passwd", "ftp://127.0.0.1/f"])
def test_redirects_out_of_http_are_not_followed(files: Files, tmp_path: Path, place: str) -> None:
    files.faults = [Fault(status=302, headers={"Location": place})]
    with pytest.raises(SourceError, match=r"not followed|not allowed"):
        fetch(wanted(files), tmp_path / "f", Open(), SILENT)


def test_redirects_out_of_tls_are_not_followed() -> None:
    asked = urllib.request.Request("https://a.example/f")
    with pytest.raises(SourceError, match=r"http://b\.example, which is not followed"):
        _Redirects().redirect_request(asked, None, 302, "Found", Message(), "http://b.example/f")
