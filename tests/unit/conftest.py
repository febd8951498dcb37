"""What the tests of the client share."""

import pytest

from tests.unit.calls import ForgotPassword, awaited, blocking


@pytest.fixture(params=[blocking, awaited])
def forgot_password(request: pytest.FixtureRequest) -> ForgotPassword:
    """One call, from making a client to closing it, in either form."""
    call: ForgotPassword = request.param
    return call
