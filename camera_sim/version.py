"""The version of camsim, as installed."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("camsim")
except PackageNotFoundError:  # run from a checkout
    VERSION = "0"
