"""What a Python process needs that is started by this one: the same modules."""

import os
from collections.abc import Mapping
from pathlib import Path

import waldur_billing_mock


def environment(**more: str) -> Mapping[str, str]:
    """The variables of this process, with the folder of the package first, as a checkout is not installed."""
    package = str(Path(waldur_billing_mock.__file__).parent.parent)
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, **more, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}
