"""The official installer of Pulumi: fast where the internet is reachable, given up within seconds where it is not."""

import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from leanto.engine.cache import Report
from leanto.engine.errors import StepFailedError

SCRIPT_URL = "https://get.pulumi.com/install.sh"
FETCH_TIMEOUT_SECONDS = 8
RUN_TIMEOUT_SECONDS = 600


def install(version: str, workshop: Path, report: Report) -> Path:
    """Download the official release of `version` and return the folder that holds `pulumi` and its companions.

    Raises:
        StepFailedError: the installer cannot be reached or fails.
    """
    script = workshop / "install.sh"
    script.write_bytes(_fetch(SCRIPT_URL))
    root = workshop / "official"
    report(f"engine: official installer: downloading release {version} (about 200 MB)")
    command = ["sh", str(script), "--no-edit-path", "--install-root", str(root), "--version", version]
    try:
        subprocess.run(
            command,
            check=True,
            timeout=RUN_TIMEOUT_SECONDS,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    except subprocess.CalledProcessError as error:
        said = " / ".join(str(error.output).strip().splitlines()[-3:])
        raise StepFailedError(f"it ended with status {error.returncode}: {said[:300]}") from error
    except subprocess.TimeoutExpired as error:
        raise StepFailedError(f"it did not finish within {RUN_TIMEOUT_SECONDS} seconds") from error
    except OSError as error:
        raise StepFailedError(f"it cannot be run: {error}") from error
    return root / "bin"


def _fetch(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=FETCH_TIMEOUT_SECONDS) as response:  # noqa: S310 - a constant https URL
            return bytes(response.read())
    except (urllib.error.URLError, TimeoutError, OSError) as error:
        reason = getattr(error, "reason", error)
        raise StepFailedError(f"{url} cannot be reached ({reason})") from error
