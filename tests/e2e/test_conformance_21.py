"""The scenarios in tests/conformance with OCPP 2.1; see test_conformance.py."""
import pytest

from test_conformance import alone, check, shared


@pytest.mark.parametrize("path,version", alone("ocpp2.1"))
def test_scenario(keys, path, version):
    check(keys, [path], version)


@pytest.mark.parametrize("paths,version", shared("ocpp2.1"))
def test_scenarios_that_share_a_charger(keys, paths, version):
    check(keys, paths, version)
