import sys
from pathlib import Path

# Pulumi runs this folder as a script: the packages beside it are found only from the folder above. The folder itself
# goes, so that none of its modules can stand in for one of the standard library.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

from infra.program import main  # noqa: E402

main()
