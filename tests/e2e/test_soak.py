"""The soak of tests/soak in short, on the build that is tested: nothing but the agent's memory must stay as it was."""
import os
import subprocess

import pytest

from stage import BINARIES, TOP

SECONDS = 15


@pytest.mark.parametrize("protocol", ["ocpp2.0.1", "ocpp1.6"])
def test_nothing_grows_with_a_csms_that_misbehaves(protocol):
    seed = os.environ.get("SOAK_SEED")
    done = subprocess.run([TOP / "tests/soak/soak", str(SECONDS), "--protocol", protocol, "--binaries", BINARIES.parent,
                           *(["--seed", seed] if seed else [])], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("soak: fine\n")
