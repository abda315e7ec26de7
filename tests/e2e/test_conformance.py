"""Every scenario in tests/conformance against the real agent with the real RAUC: mock-csms runs the scenario and judges,
the played charger reboots when its agent asks for it. docs/mock-csms.md says what a scenario file is; its member
"charger" is read here:

    shared      it leaves the charger as it was, so that others with the same "charger" may have it too (false)
    signed      its updates need a signature (false)
    password    it shows itself by a password (false)
    tls         it connects by TLS (false)
    connectors  how many it has (1)
    lax         the CSMS also says what the schemas do not have: what it says is not checked (false)
    size_mib    of the image in files/update.raucb (1)
    settings    {"section": {"key": "value"}} of agent.conf

Served are files/update.raucb, an update, and files/rubbish.raucb, which is none. A variable that is null gets its value here, see
Bench._values(). What the hook can do stands in Bench._hook().
"""
import collections
import json
import re
import signal
import subprocess
import time
import xml.etree.ElementTree

import pytest

from stage import BINARIES, TOP, Stage, wait_for
from charger import MIB
from test_certificates import expired_root, hash_data, make_root, make_server
from test_reset import Session
from turnout import TlsFront, TlsServer, Turnout

FOLDER = TOP / "tests" / "conformance"
SCENARIOS = sorted(FOLDER.glob("*.json"))
LIMIT = 300  # seconds
HERE = "ocpp1.6", "ocpp2.0.1"  # test_conformance_21.py has the rest, so that both run side by side


def versions():
    """Those that the agent speaks."""
    done = subprocess.run([BINARIES / "ocpp-tables", "actions"], check=True, capture_output=True, text=True, timeout=60)
    return {line.split()[0] for line in done.stdout.splitlines()}


VERSIONS = versions() if (BINARIES / "ocpp-tables").exists() else set()


def cases():
    """Every scenario in each of its versions: (path, version, what the charger is to be)."""
    for path in SCENARIOS:
        scenario = json.loads(path.read_text())
        for version in scenario["protocols"]:
            if version in VERSIONS:
                yield path, version, scenario["charger"]


def alone(*spoken):
    """Those of these versions that have a charger each."""
    for path, version, wanted in cases():
        if version in spoken and not wanted.get("shared"):
            yield pytest.param(path, version, id=f"{path.stem}-{version}")


def shared(*spoken):
    """Those that have a charger together."""
    groups = collections.defaultdict(list)
    for path, version, wanted in cases():
        if version in spoken and wanted.get("shared"):
            groups[version, json.dumps(wanted, sort_keys=True)].append(path)
    for (version, _), paths in groups.items():
        yield pytest.param(paths, version, id=f"{len(paths)}-from-{paths[0].stem}-{version}")


class Bench(Stage):
    """A charger as scenarios want it, and its mock-csms, which runs them."""

    def __init__(self, keys, paths, version):
        scenarios = [json.loads(path.read_text()) for path in paths]
        self.wanted = wanted = scenarios[0]["charger"]
        super().__init__(keys, csms={"protocols": version}, station={"connectors": wanted.get("connectors", 1)})
        self.sessions, self.turnout, self.servers, self.front = {}, None, [], None
        if wanted.get("signed"):
            self.settings["firmware"] = {"crl_dir": self.pki / "crl"}
        for section, keys_of_it in wanted.get("settings", {}).items():
            self.settings.setdefault(section, {}).update(keys_of_it)
        self.junit = self.folder / "junit.xml"
        self.hook_asked = self.folder / "hook-asked"
        self._make_files("".join(path.read_text() for path in paths), wanted)
        self._start_scenarios(paths, {name for scenario in scenarios
                                      for name, value in scenario.get("variables", {}).items() if value is None})

    def _tear_down(self):
        for session in self.sessions.values():
            session.end()
        for server in [*self.servers, *([self.turnout] if self.turnout else [])]:
            server.close()
        super()._tear_down()

    def _make_files(self, text, wanted):
        self.update = self.rubbish = None
        if "update.raucb" in text:
            self.update = self.build_bundle("update", size=wanted.get("size_mib", 1) * MIB)
        if "rubbish.raucb" in text:
            self.rubbish = self.folder / "files" / "rubbish.raucb"
            self.rubbish.write_bytes(b"no bundle\n" * 1000)

    def _root(self, name):
        """The file of a root that the charger does not have."""
        path = self.folder / f"{name}.pem"
        if not path.exists():
            make_root(self.folder, name)
        return path

    def _tls_elsewhere(self):
        """The URL of the same CSMS at another place, whose certificate is by the first of the roots that the charger does not
        have. One that does not connect by TLS yet believes in it: it lets no CSMS give it a root on a connection in the clear."""
        if not self.wanted.get("tls"):
            self.settings["csms"]["ca_file"] = self._root("root")
        self._root("root")
        self.front = TlsFront(make_server(self.folder, "root"), self.csms.port, self.wanted.get("tls", False))
        self.front.open()
        self.servers.append(self.front)
        return f"wss://127.0.0.1:{self.front.port}/ocpp"

    def _values(self):
        """What the scenarios' variables may ask for."""
        return {
            "certificate": self.certificate,
            "foreign_certificate": lambda: self.certificate("foreign"),
            "signature": lambda: self.sign(self.update),
            "foreign_signature": lambda: self.sign(self.folder / "factory.img"),
            "rubbish_signature": lambda: self.sign(self.rubbish),
            "root": lambda: self._root("root").read_text(),
            "root_hash": lambda: hash_data(self._root("root")),
            "second_root": lambda: self._root("second").read_text(),
            "second_root_hash": lambda: hash_data(self._root("second")),
            "expired_root": lambda: expired_root(self._root("root")),
            "csms_elsewhere": lambda: self.csms.ocpp.replace("127.0.0.1", "localhost"),
            "tls_elsewhere": self._tls_elsewhere,
            "nowhere": lambda: "ws://127.0.0.1:1/ocpp",
        }

    def _connection(self):
        """The options of mock-csms for how it is connected to; the agent is told the same."""
        options = []
        if self.wanted.get("password"):
            for name, line in ("password", "correct horse battery"), ("passwords", f"{self.station}:correct horse battery"):
                (self.folder / name).write_text(f"{line}\n")
            self.settings["csms"]["password_file"] = self.folder / "password"
            options += ["--passwords", self.folder / "passwords"]
        if self.wanted.get("tls"):
            self.turnout = Turnout(self.csms.port)
            self.settings["csms"].update(url=f"wss://127.0.0.1:{self.turnout.port}/ocpp", ca_file=self.pki / "csms/root.pem")
            options += ["--tls-cert", self.pki / "csms/server.pem", "--tls-key", self.pki / "csms/server.key"]
        return options

    def _start_scenarios(self, paths, asked_for):
        hook = self.script("hook", f'echo "$*" >{self.hook_asked}.new && mv {self.hook_asked}.new {self.hook_asked}\n'
                                   f'while [ -e {self.hook_asked} ]; do sleep 0.05; done\n')
        values = self._values()
        self.csms.stop()
        self.csms.command += ["--station", self.station, "--junit", self.junit, "--strict", "--hook", hook,
                              *self._connection(), *(f"--set={name}={json.dumps(values[name]())}" for name in asked_for)]
        for path in paths:
            self.csms.command += ["--scenario", path]
        self.csms.start_again()

    def _lead(self, server):
        """Where the next connections by TLS go."""
        if server == "csms":
            self.turnout.to = self.csms.port
            return
        if server == "foreign-certificate":
            self._root("root")
            self.servers.append(TlsServer(make_server(self.folder, "root")))
        elif server == "old-tls":
            self.servers.append(TlsServer(self.pki / "csms/server", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"))
        else:
            raise ValueError(server)
        self.turnout.to = self.servers[-1].port

    def _hook(self, what, where=None):
        if what == "restart":  # of the machine
            self.power_off()
            self.boot()
        elif what == "power-cut":
            self.power_off(signal.SIGKILL)
            self.boot()
        elif what == "session":  # begins at this connector
            self.sessions[where] = Session(self, where)
        elif what == "no-session":
            self.sessions.pop(where).end()
        elif what == "lead-to":
            self._lead(where)
        elif what == "shut-tls-elsewhere":
            self.front.shut()
        elif what == "open-tls-elsewhere":
            self.front.open()
        elif what == "hold-installer":  # at the end of the next install
            wait_for(lambda: self.boot_loader.attempts(self.slot) == 3, "the mark of this boot")
            self.boot_loader.trap("hold", "set-state")
        elif what == "let-installer":
            self.boot_loader.trap("hold", "set-state", on=False)
        elif what == "lose-security-log":  # there is always one, since each start is an event
            (self.folder / "state/security.log").unlink()
        else:
            raise ValueError(what)

    def play(self):
        """Does what the agent and the scenarios ask for until mock-csms has ended. Its exit status."""
        end = time.monotonic() + LIMIT
        while self.csms.program.running and time.monotonic() < end:
            if self.reboot_asked:
                self.power_off()
                self.boot()
            elif not self.agent.running:  # a Soft Reset: systemd starts it anew
                assert self.stop_agent() == 0
                self.start_agent()
            elif self.hook_asked.exists():
                self._hook(*self.hook_asked.read_text().split())
                self.hook_asked.unlink()
            time.sleep(0.02)
        return self.csms.program.process.poll()


def check(keys, paths, version):
    """Plays scenarios and judges: each of them has passed, and every frame is valid by the official schemas."""
    with Bench(keys, paths, version) as charger:
        charger.boot()
        status = charger.play()
        results = xml.etree.ElementTree.parse(charger.junit).findall(".//testcase") if charger.junit.exists() else []
        story = "\n".join(case.findtext("system-out") for case in results
                          if any(case.find(what) is not None for what in ("failure", "error", "skipped")))
        assert status == 0 and story == "", story or charger.csms.log.read_text()
        assert [case.get("name") for case in results] == [path.stem for path in paths]
        only = ["--station-only"] if charger.wanted.get("lax") else []
        checked = subprocess.run(["node", TOP / "tests/e2e/check-trace.js", *only, charger.csms.trace],
                                 capture_output=True, text=True, timeout=60, check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("path,version", alone(*HERE))
def test_scenario(keys, path, version):
    check(keys, [path], version)


@pytest.mark.parametrize("paths,version", shared(*HERE))
def test_scenarios_that_share_a_charger(keys, paths, version):
    check(keys, paths, version)


def test_what_does_not_come_is_noticed(keys, tmp_path):
    """A case that expects what the agent does not say."""
    text = (FOLDER / "TC_F_18_CS.json").read_text()
    path = tmp_path / "TC_F_18_CS.json"
    path.write_text(text.replace('"status": "Idle"', '"status": "Downloading"'))
    assert path.read_text() != text
    with Bench(keys, [path], "ocpp2.0.1") as charger:
        charger.boot()
        assert charger.play() == 1
        assert 'expected "Downloading", got "Idle"' in charger.junit.read_text().replace("&quot;", '"')


def test_every_file_is_named_by_its_id_and_is_for_something():
    for path in SCENARIOS:
        scenario = json.loads(path.read_text())
        assert scenario["id"] == path.stem and scenario["proves"] and set(scenario["protocols"]) & set(VERSIONS)
        assert set(scenario["charger"]) <= {"shared", "signed", "password", "tls", "lax", "connectors", "size_mib", "settings"}


def test_readme_tells_how_many_there_are():
    """… and that all of them pass, which the tests above prove, since none is left out."""
    told = re.search(r"(\d+) test cases.* in (\d+) runs", (TOP / "README.md").read_text())
    assert told, "README.md does not tell"
    assert (int(told[1]), int(told[2])) == (len(SCENARIOS), len(list(cases())))
    assert VERSIONS == {*HERE, "ocpp2.1"}  # none is left out
