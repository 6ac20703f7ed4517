"""Starts, finds and stops AWS in a box: a process of its own that outlives the command that started it."""

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from leanto.embedded import boxfile
from leanto.embedded.boxfile import LOG_NAME, SDK_CONFIG_NAME, BoxFile, BoxFileError
from leanto.embedded.processes import end_orphans

START_SECONDS = 60.0
STOP_SECONDS = 5.0
LOG_LINES_SHOWN = 15
_DEPLOYED = re.compile(r"https://(?P<api>[a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?P<path>/.*)?")


class BoxError(Exception):
    """A box cannot be started, reached or stopped; the text says why and what to do."""


@dataclass(frozen=True)
class Box:
    """A running box and where it listens."""

    home: Path
    pid: int
    aws_url: str
    front_url: str
    provider_url: str
    account_id: str
    region: str
    started_at: str

    @classmethod
    def start(
        cls,
        home: Path,
        *,
        region: str,
        watch_pid: int | None = None,
        on_progress: Callable[[str], None] = lambda _: None,
    ) -> "Box":
        """Start a box whose files lie in `home` and return it once everything listens.

        It lives on after this process unless `watch_pid` is given: then it stops when that process has ended.
        `on_progress` gets one line a step. Raises BoxError when a box runs there already, or when it does not come up.
        """
        home = home.absolute()
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise BoxError(f"the home of the box {home} cannot be made: {error.strerror}") from error
        if cls.attach(home, on_progress=on_progress) is not None:
            raise BoxError(f"a box runs in {home} already: use it, stop it, or choose another home")
        reports = _launch(home, region, watch_pid)
        try:
            _follow(reports, home, on_progress)
        finally:
            os.close(reports)
        return _running(home)

    @classmethod
    def attach(cls, home: Path, *, on_progress: Callable[[str], None] = lambda _: None) -> "Box | None":
        """Return the box that runs in `home`, or None; what a dead one left behind is explained, ended and removed."""
        home = home.absolute()
        if boxfile.is_alive(home):
            return _running(home)
        try:
            stale = boxfile.read(home)
        except BoxFileError as error:
            on_progress(f"{error}; it is deleted now")
            boxfile.remove(home)
            return None
        if stale is not None:
            on_progress(
                f"the box of {stale.started_at} (process {stale.pid}) in {home} did not end by itself; its emulated "
                f"resources are gone. The last lines of {home / LOG_NAME}:\n{_last_log_lines(home)}"
            )
            end_orphans(stale.pid, stale.aws_url)
            boxfile.remove(home)
        return None

    def stop(self) -> None:
        """End the box and everything it started; no error when it has ended already.

        Raises BoxError when it cannot be ended.
        """
        if not self._is_alive():
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)
            if self._ends_within(STOP_SECONDS):
                break
        else:
            raise BoxError(f"the box (process {self.pid}) in {self.home} cannot be ended: kill it by hand")
        end_orphans(self.pid, self.aws_url)
        boxfile.remove(self.home)

    def environment(self) -> dict[str, str]:
        """Return the variables that send every AWS SDK of a child process to this box and nowhere else.

        They override what the user's environment says about profiles, config files, endpoints and proxies.
        """
        no_proxy = ",".join(filter(None, [os.environ.get("NO_PROXY", ""), "127.0.0.1", "localhost"]))
        endpoints = {name: self.aws_url for name in os.environ if name.startswith("AWS_ENDPOINT_URL_")}
        return endpoints | {
            "AWS_ENDPOINT_URL": self.aws_url,
            "AWS_ACCESS_KEY_ID": "box",
            "AWS_SECRET_ACCESS_KEY": "box",  # any credentials are accepted on loopback
            "AWS_SESSION_TOKEN": "",
            "AWS_PROFILE": "default",
            "AWS_CONFIG_FILE": str(self.home / SDK_CONFIG_NAME),
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
            "NO_PROXY": no_proxy,
            "no_proxy": no_proxy,
        }

    def reachable(self, url: str) -> str:
        """Return where this box serves a deployed API's URL, such as the output `endpoint_url`; raises BoxError."""
        match = _DEPLOYED.fullmatch(url)
        if match is None:
            expected = "https://<api id>.execute-api.<region>.amazonaws.com/<stage>"
            raise BoxError(f"{url!r} is not the URL of a deployed API: expected {expected}")
        return f"{self.front_url}/{match['api']}{match['path'] or ''}"

    def _is_alive(self) -> bool:
        """Another box may have been started in this home since."""
        if not boxfile.is_alive(self.home):
            return False
        content = boxfile.read(self.home)
        return content is not None and content.pid == self.pid

    def _ends_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while boxfile.is_alive(self.home):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True


_DETACH = '"$@" &'
"""The shell that starts the box ends at once, so the box is nobody's child: it outlives us and we need not reap it."""


def _launch(home: Path, region: str, watch_pid: int | None) -> int:
    """Start the process and return the file descriptor on which it reports."""
    reports, reporting = os.pipe()
    command = [sys.executable, "-m", "leanto.embedded.daemon", "--home", str(home), "--region", region]
    command += ["--report-fd", str(reporting)]
    command += [] if watch_pid is None else ["--watch-pid", str(watch_pid)]
    try:
        with (home / LOG_NAME).open("wb") as log:
            subprocess.run(
                ["sh", "-c", _DETACH, "sh", *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(reporting,),
                check=True,
            )
    except OSError as error:
        os.close(reports)
        raise BoxError(f"the box cannot be started in {home}: {error.strerror}") from error
    finally:
        os.close(reporting)
    return reports


def _follow(reports: int, home: Path, on_progress: Callable[[str], None]) -> None:
    """Pass on the steps until the last one; raises BoxError when the process ends or stalls before."""
    deadline = time.monotonic() + START_SECONDS
    steps: list[str] = []
    text = ""
    while "ready" not in steps:
        readable, _, _ = select.select([reports], [], [], max(0.0, deadline - time.monotonic()))
        chunk = os.read(reports, 4096) if readable else b""
        if not chunk:
            reason = "ended before it was ready" if readable else f"was not ready within {START_SECONDS:.0f} s"
            raise BoxError(f"the box {reason}. The last lines of {home / LOG_NAME}:\n{_last_log_lines(home)}")
        *lines, text = (text + chunk.decode()).split("\n")
        for line in lines:
            on_progress(line)
        steps += lines


def _running(home: Path) -> Box:
    try:
        content: BoxFile | None = boxfile.read(home)
    except BoxFileError as error:
        raise BoxError(str(error)) from error
    if content is None:
        raise BoxError(f"a box is starting or stopping in {home}: try again in a few seconds")
    return Box(home=home, **vars(content))


def _last_log_lines(home: Path) -> str:
    try:
        lines = (home / LOG_NAME).read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    return "\n".join(f"  {line}" for line in lines[-LOG_LINES_SHOWN:]) or "  (empty)"
