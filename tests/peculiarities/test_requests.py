"""A quick run with tokens of six roles takes fewer than a thousand requests, however a server shows its lists."""

from functools import partial
from io import StringIO

import pytest

from tests.peculiarities.catalogue import PECULIARITIES
from tests.peculiarities.deployment import deployed
from tests.peculiarities.run import MOST_REQUESTS
from tests.peculiarities.switch import ROLES, mock_with
from tests.peculiarities.verdicts import TODAY, of_deployment
from waldur_billing_mock.contracts.redaction import SafeStream
from waldur_billing_mock.contracts.reports.terminal import Progress, expected_requests
from waldur_billing_mock.contracts.run import carry_out, prepare


@pytest.mark.parametrize(
    "peculiarities",
    [(), ("documented-dialect",), ("ties-per-request",), ("pages-of-100",)],
    ids=["wire", "documented", "no-stable-order", "pages-of-100"],
)
def test_a_quick_run_takes_fewer_than_a_thousand_requests_and_about_as_many_as_it_announces(
    peculiarities: tuple[str, ...],
) -> None:
    with deployed(mock_with([PECULIARITIES[name] for name in peculiarities])) as deployment:
        settings = of_deployment(deployment, "quick")
        runner = prepare(settings, TODAY)
        announced = expected_requests(runner.checks, writes=False)
        verdict = carry_out(runner, lambda result, number, of_all: None)

    assert set(settings.role_tokens) == set(ROLES)
    assert (verdict.of("broken"), verdict.of("error"), verdict.stopped) == ([], [], "")
    assert verdict.requests < MOST_REQUESTS
    assert announced == pytest.approx(verdict.requests, rel=0.25)


def test_what_a_server_lacks_is_left_out_of_the_announced_rest_as_soon_as_it_is_known() -> None:
    with deployed(mock_with([PECULIARITIES["older-release"]])) as deployment:
        runner = prepare(of_deployment(deployment, "quick"), TODAY)
        expected = partial(expected_requests, writes=False, lacking=runner.context.survey.operations)
        stream = StringIO()
        progress = Progress(SafeStream(stream), runner.target.guard, runner.checks, expected, rate=0)
        progress.announce()
        announced = expected(runner.checks)
        verdict = carry_out(runner, lambda result, number, of_all: None)

    assert stream.getvalue() == f"{len(runner.checks)} checks, about {announced} requests\n"
    assert expected(runner.checks) == pytest.approx(verdict.requests, rel=0.25)
    assert announced > 1.25 * verdict.requests
