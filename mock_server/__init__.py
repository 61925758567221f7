"""A stateful mock of Waldur's billing API, driven by the description in `openapi/`."""
