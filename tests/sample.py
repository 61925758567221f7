"""The identifiers of the scenario `one-invoice`, as its file gives them."""

from typing import Final

CUSTOMER: Final = "5f0c1a9e3b7d4e628a419c2d7e6b0f13"
PROJECT: Final = "7e2b4c6091fd4a85b3d72c6f0e1a8b94"
TIDE_VM: Final = "3a9d6e820c474f1b8e95d2b7a6c13f08"
ITEMS: Final = (
    "a1b2c3d4e5f67890abcdef1234567890",
    "b81f6c0594ae4d278f3b5e0a7c92d461",
    "2c9b4e718d034f569a1e7b6d0f5c3e84",
    "91d6f3b80e5a4c72b4f93d8c2a7e6015",
    "f3a7d8205b6c4e19b0d49a8e1c7f2b35",
    "64e0b7d92f154c38a9d60b8e5f3c7a12",
)
"""In the order in which they come: server, backup, storage, traffic, compensation, credit."""
