"""A shop for every test: the toy holds no state, so that one application does for all."""

import pytest

from tests.web.toy import Shop, api

_API = api()


@pytest.fixture
def shop() -> Shop:
    return Shop(_API)
