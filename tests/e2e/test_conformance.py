"""Every scenario in tests/conformance against the real agent with the real RAUC: mock-csms runs the scenario and judges,
the played charger reboots when its agent asks for it. docs/mock-csms.md says what a scenario file is; its member
"charger" is read here:

    signed      its updates need a signature (false)
    connectors  how many it has (1)
    size_mib    of the image in files/update.raucb (1)
    settings    {"section": {"key": "value"}} of agent.conf

Served are files/update.raucb, an update, and files/rubbish.raucb, which is none. A variable that is null gets its value here, see
Bench._values(). The hook knows the word restart: the charger is switched off and on.
"""
import json
import subprocess
import time
import xml.etree.ElementTree

import pytest

from stage import BINARIES, TOP, Stage
from charger import MIB

FOLDER = TOP / "tests" / "conformance"
SCENARIOS = sorted(FOLDER.glob("*.json"))
LIMIT = 300  # seconds


@pytest.fixture(name="keys", scope="module")
def make_keys(tmp_path_factory):
    return tmp_path_factory.mktemp("conformance-keys") / "pki"


def versions():
    """Those that the agent speaks."""
    done = subprocess.run([BINARIES / "ocpp-tables", "actions"], check=True, capture_output=True, text=True, timeout=60)
    return {line.split()[0] for line in done.stdout.splitlines()}


VERSIONS = versions() if (BINARIES / "ocpp-tables").exists() else set()


def cases():
    for path in SCENARIOS:
        for version in json.loads(path.read_text())["protocols"]:
            if version in VERSIONS:
                yield pytest.param(path, version, id=f"{path.stem}-{version}")


class Bench(Stage):
    """A charger as a scenario wants it, and its mock-csms, which runs the scenario."""

    def __init__(self, keys, path, version):
        self.scenario = json.loads(path.read_text())
        wanted = self.scenario["charger"]
        super().__init__(keys, csms={"protocols": version}, station={"connectors": wanted.get("connectors", 1)})
        if wanted.get("signed"):
            self.settings["firmware"] = {"crl_dir": self.pki / "crl"}
        for section, keys_of_it in wanted.get("settings", {}).items():
            self.settings.setdefault(section, {}).update(keys_of_it)
        self.junit = self.folder / "junit.xml"
        self.hook_asked = self.folder / "hook-asked"
        self._make_files(path.read_text(), wanted)
        self._start_scenario(path)

    def _make_files(self, text, wanted):
        self.update = self.rubbish = None
        if "update.raucb" in text:
            self.update = self.build_bundle("update", size=wanted.get("size_mib", 1) * MIB)
        if "rubbish.raucb" in text:
            self.rubbish = self.folder / "files" / "rubbish.raucb"
            self.rubbish.write_bytes(b"no bundle\n" * 1000)

    def _values(self):
        """What the scenario's variables may ask for."""
        return {
            "certificate": self.certificate,
            "foreign_certificate": lambda: self.certificate("foreign"),
            "signature": lambda: self.sign(self.update),
            "foreign_signature": lambda: self.sign(self.folder / "factory.img"),
            "rubbish_signature": lambda: self.sign(self.rubbish),
        }

    def _start_scenario(self, path):
        hook = self.script("hook", f'echo "$1" >{self.hook_asked}.new && mv {self.hook_asked}.new {self.hook_asked}\n'
                                   f'while [ -e {self.hook_asked} ]; do sleep 0.05; done\n')
        values = self._values()
        sets = [f"--set={name}={json.dumps(values[name]())}"
                for name, value in self.scenario.get("variables", {}).items() if value is None]
        self.csms.stop()
        self.csms.command += ["--scenario", path, "--station", self.station, "--junit", self.junit, "--strict", "--hook",
                              hook, *sets]
        self.csms.start_again()

    def play(self):
        """Does what the agent and the scenario ask for until mock-csms has ended. Its exit status."""
        end = time.monotonic() + LIMIT
        while self.csms.program.running and time.monotonic() < end:
            if self.reboot_asked:
                self.power_off()
                self.boot()
            elif self.hook_asked.exists():
                assert self.hook_asked.read_text() == "restart\n"
                self.power_off()
                self.boot()
                self.hook_asked.unlink()
            time.sleep(0.02)
        return self.csms.program.process.poll()


@pytest.mark.parametrize("path,version", cases())
def test_scenario(keys, path, version):
    with Bench(keys, path, version) as charger:
        charger.boot()
        status = charger.play()
        case = xml.etree.ElementTree.parse(charger.junit).find(".//testcase") if charger.junit.exists() else None
        story = case.findtext("system-out") if case is not None else charger.csms.log.read_text()
        assert status == 0 and case.find("skipped") is None, story
        assert case.get("name") == path.stem
        checked = subprocess.run(["node", TOP / "tests/e2e/check-trace.js", charger.csms.trace],
                                 capture_output=True, text=True, timeout=60, check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_what_does_not_come_is_noticed(keys, tmp_path):
    """A case that expects what the agent does not say."""
    text = (FOLDER / "TC_F_18_CS.json").read_text()
    path = tmp_path / "TC_F_18_CS.json"
    path.write_text(text.replace('"status": "Idle"', '"status": "Downloading"'))
    assert path.read_text() != text
    with Bench(keys, path, "ocpp2.0.1") as charger:
        charger.boot()
        assert charger.play() == 1
        assert 'expected "Downloading", got "Idle"' in charger.junit.read_text().replace("&quot;", '"')


def test_every_file_is_named_by_its_id_and_is_for_something():
    for path in SCENARIOS:
        scenario = json.loads(path.read_text())
        assert scenario["id"] == path.stem and scenario["proves"] and set(scenario["protocols"]) & set(VERSIONS)
        assert set(scenario["charger"]) <= {"signed", "connectors", "size_mib", "settings"}
