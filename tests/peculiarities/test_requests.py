"""A quick run with tokens of six roles takes fewer than a thousand requests, however a healthy server shows its lists."""

import pytest

from tests.peculiarities.catalogue import PECULIARITIES
from tests.peculiarities.deployment import deployed
from tests.peculiarities.run import MOST_REQUESTS
from tests.peculiarities.switch import ROLES, mock_with
from tests.peculiarities.verdicts import of_deployment, said_of


@pytest.mark.parametrize(
    "peculiarities",
    [(), ("documented-dialect",), ("ties-per-request",), ("pages-of-100",)],
    ids=["wire", "documented", "no-stable-order", "pages-of-100"],
)
def test_a_quick_run_takes_fewer_than_a_thousand_requests(peculiarities: tuple[str, ...]) -> None:
    with deployed(mock_with([PECULIARITIES[name] for name in peculiarities])) as deployment:
        settings = of_deployment(deployment, "quick")
        said = said_of(settings)

    assert set(settings.role_tokens) == set(ROLES)
    assert (said.broken, said.unusable, said.missing) == ((), "", 0)
    assert said.requests < MOST_REQUESTS
