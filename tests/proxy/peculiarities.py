"""`make proxied-healthy`: the proxy before healthy servers with one peculiarity each; whatever it calls new is false.

python -m tests.proxy.peculiarities compressed extra-fields
"""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Final

from tests.peculiarities.catalogue import PECULIARITIES
from tests.peculiarities.switch import Peculiarity, mock_with
from tests.proxy.running import proxying
from tests.proxy.test_verdicts import read
from tests.wrapping import serving_app
from tests.wrapping.proxy import Proxy, chained

TOKEN: Final = "WALDUR_TOKEN"


def new_findings(peculiarity: Peculiarity) -> str:
    """What the proxy says of a server with this peculiarity, where it finds something new; else nothing."""
    mock = mock_with([peculiarity])
    makes = [*mock.proxies, *mock.makes]
    app = Proxy(mock.app, lambda: chained(make() for make in makes)) if makes else mock.app
    token = mock.tokens.get("staff") or next(iter(mock.tokens.values()))
    os.environ[TOKEN] = token  # by which the proxy finds the release
    with serving_app.serving(app) as url, proxying(url, "--token-env", TOKEN) as proxy:
        read(proxy, token)
        proxy.stop()
    return proxy.said if proxy.exit_code else ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 1 where something new was found, or nothing could be judged."""
    parser = argparse.ArgumentParser(prog="tests.proxy.peculiarities", description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="which (default: all that can be judged)")
    judged = [name for name, one in PECULIARITIES.items() if not one.unusable]
    names = parser.parse_args(arguments).names or judged
    if unknown := set(names) - PECULIARITIES.keys():
        parser.error(f"there is no peculiarity {', '.join(sorted(unknown))}")
    found = {}
    for name in names:
        said = new_findings(PECULIARITIES[name])
        print(f"{name}: {said or 'nothing new'}", flush=True)
        if said:
            found[name] = said
    print(f"{len(found)} of {len(names)} peculiarities are called new: {', '.join(found) or 'none'}")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
