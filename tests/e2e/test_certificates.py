"""Roots that the CSMS installs, sees and deletes, and what each changes at once. The real programs; see stage.py.
The hash data is worked out once more by `openssl ocsp`."""
import re
import ssl
import subprocess
import urllib.request

import pytest

from stage import STARTS, TOP, Stage, in_seconds, wait_for
from charger import run

VERSIONS = ["ocpp2.0.1", "ocpp1.6"]
MANUFACTURER = "ManufacturerRootCertificate"
CSMS = {"ocpp2.0.1": "CSMSRootCertificate", "ocpp1.6": "CentralSystemRootCertificate"}
INVALID = {"ocpp2.0.1": "InvalidCsmsCertificate", "ocpp1.6": "InvalidCentralSystemCertificate"}
LATER = in_seconds(3600)
STORE_MAX = 16


def make_root(folder, name, days=30):
    """A root, NAME.pem and NAME.key; its text."""
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", days,
        "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem", "-subj", f"/O=Elsewhere/CN={name}",
        "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    return (folder / f"{name}.pem").read_text()


def expired_root(path):
    """The text of the same root, but out of date; its key lies beside it."""
    command = ["openssl", "x509", "-in", path, "-signkey", path.with_suffix(".key"), "-extfile", "/dev/stdin"]
    # OpenSSL 3.4 began to take times, and to refuse days of the past
    for times in ["-not_before", "20250101000000Z", "-not_after", "20250102000000Z"], ["-days", "-1"]:
        done = subprocess.run(command + times, input="basicConstraints=critical,CA:TRUE", capture_output=True, text=True,
                              check=False, timeout=30)
        if done.returncode == 0:
            return done.stdout
    raise RuntimeError(done.stderr)


def make_server(folder, root):
    """server.pem and .key for a mock-csms, issued by that root."""
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-keyout", folder / "server.key", "-out", folder / "server.csr", "-subj", "/CN=localhost")
    run("openssl", "x509", "-req", "-in", folder / "server.csr", "-CA", folder / f"{root}.pem",
        "-CAkey", folder / f"{root}.key", "-CAcreateserial", "-days", "30", "-extfile", folder / "names",
        "-out", folder / "server.pem")
    return folder / "server"


def hash_data(path, algorithm="sha256"):
    """CertificateHashData of a root, by the request that OCSP would make of it."""
    text = run("openssl", "ocsp", "-issuer", path, f"-{algorithm}", "-cert", path, "-req_text", "-no_nonce").decode()
    found = dict(re.findall(r"(Issuer Name Hash|Issuer Key Hash|Serial Number): (\w+)", text.replace("\\\n", "")))
    return {"hashAlgorithm": algorithm.upper(), "issuerNameHash": found["Issuer Name Hash"].lower(),
            "issuerKeyHash": found["Issuer Key Hash"].lower(),
            "serialNumber": found["Serial Number"].lower().lstrip("0") or "0"}


class Station(Stage):
    """A charger without manufacturer roots, at a mock-csms with TLS."""

    def __init__(self, keys, version, secure=True, **sections):
        super().__init__(keys, csms={"protocols": version}, **sections)
        self.version = version
        self.plain_command = self.csms.command
        if secure:
            self.settings["csms"]["ca_file"] = keys / "csms/root.pem"
            self.move_csms(keys / "csms/server", keys / "csms/root.pem")

    def move_csms(self, certificate, root):
        """The CSMS begins anew with that certificate."""
        self.csms.stop()
        self.csms.command = [*self.plain_command, "--tls-cert", f"{certificate}.pem", "--tls-key", f"{certificate}.key"]
        self.csms.start_again()
        self.csms.http = f"https://127.0.0.1:{self.csms.port}"
        self.csms.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=root)))
        self.settings["csms"]["url"] = f"wss://127.0.0.1:{self.csms.port}/ocpp"

    def until_online(self):
        wait_for(lambda: self.csms.is_online(self.station), "the connection", 30)

    def call(self, action, **payload):
        """(status, reason code) of the answer, then the answer."""
        result = self.csms.call(self.station, action, payload)["result"]
        return (result["status"], result.get("statusInfo", {}).get("reasonCode")), result

    def install(self, use, text):
        return self.call("InstallCertificate", certificateType=use, certificate=text)[0]

    def delete(self, data):
        return self.call("DeleteCertificate", certificateHashData=data)[0]

    def roots(self, use):
        """What is listed of that type."""
        asked = use if self.version == "ocpp1.6" else [use]
        (status, _), result = self.call("GetInstalledCertificateIds", certificateType=asked)
        listed = result.get("certificateHashData")
        if self.version != "ocpp1.6":
            assert {entry["certificateType"] for entry in result.get("certificateHashDataChain", [])} <= {use}
            listed = [entry["certificateHashData"] for entry in result.get("certificateHashDataChain", [])] or None
        assert status == ("Accepted" if listed else "NotFound")
        return listed or []

    def refused(self, status, reason):
        """What is answered: 1.6 has no reasons."""
        return status, reason if self.version == "ocpp2.0.1" else None

    def restart_agent(self):
        """With nothing under way that would be said twice."""
        self.events()
        super().restart_agent()

    def ask_signed(self, **more):
        result = self.ask(signingCertificate=self.certificate(), signature="none", retrieveDateTime=LATER, **more)
        return result["result"]["status"]

    def events(self):
        """The security events so far, but those of starts; those in the outbox are waited for."""
        self.until_outbox_empty()
        return [(event["type"], event.get("techInfo")) for event in self.payloads("SecurityEventNotification")
                if event["type"] not in STARTS]

    def check_schemas(self):
        checked = subprocess.run(["node", TOP / "tests/e2e/check-trace.js", self.csms.trace],
                                 capture_output=True, text=True, timeout=60, check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr


OK = ("Accepted", None)


@pytest.mark.parametrize("version", VERSIONS)
def test_manufacturer_root(keys, version):
    """Signed updates are believed from then on and until it is deleted; unsigned ones are refused for good."""
    root = keys / "manufacturer/root.pem"
    with Station(keys, version, firmware={"require_signed": "auto"}) as charger:
        charger.boot_until_known()
        assert charger.roots(MANUFACTURER) == []
        assert charger.ask_signed() == "InvalidCertificate"
        assert charger.install(MANUFACTURER, root.read_text()) == OK
        assert charger.roots(MANUFACTURER) == [hash_data(root)]
        assert charger.install(MANUFACTURER, root.read_text().replace("\n", "\r\n")) == OK
        assert charger.roots(MANUFACTURER) == [hash_data(root)]
        assert charger.ask_signed(requestId=7) == "Accepted"
        charger.restart_agent()
        assert charger.roots(MANUFACTURER) == [hash_data(root)]
        assert charger.ask_signed(requestId=8) == "AcceptedCanceled"
        assert charger.delete(hash_data(root, "sha384")) == OK
        assert charger.roots(MANUFACTURER) == []
        assert charger.delete(hash_data(root)) == ("NotFound", None)
        assert charger.ask_signed(requestId=9) == "InvalidCertificate"
        charger.restart_agent()
        assert charger.ask_signed(requestId=9) == "InvalidCertificate"
        answer = charger.ask()
        assert answer["result"]["status"] == "Rejected" if version == "ocpp2.0.1" else answer["error"]
        invalid = ("InvalidFirmwareSigningCertificate", "signing certificate: no manufacturer root is installed")
        assert charger.events() == [
            invalid, ("ReconfigurationOfSecurityParameters", "a root of the manufacturer was installed"),
            ("ReconfigurationOfSecurityParameters", "a root of the manufacturer was deleted"), invalid, invalid]
        charger.check_schemas()


@pytest.mark.parametrize("version", VERSIONS)
def test_csms_root(keys, version, tmp_path):
    """The CSMS moves to a certificate of the new root, and the charger comes along; downloads do, too."""
    text = make_root(tmp_path, "new")
    server = make_server(tmp_path, "new")
    (old, new) = (hash_data(path) for path in (keys / "csms/root.pem", tmp_path / "new.pem"))
    with Station(keys, version) as charger:
        charger.build_bundle("update", size=1 << 20)
        charger.boot_until_known()
        assert charger.roots(CSMS[version]) == [old]
        assert charger.delete(old) == charger.refused("Failed", "ReadOnly")
        assert charger.install(CSMS[version], text) == OK
        assert charger.roots(CSMS[version]) == [new, old]
        charger.move_csms(server, tmp_path / "new.pem")
        charger.until_online()
        assert charger.delete(new) == charger.refused("Failed", "ReadOnly")
        assert charger.delete({**new, "issuerKeyHash": new["issuerNameHash"]}) == ("NotFound", None)
        charger.restart_agent()
        assert charger.roots(CSMS[version]) == [new, old]
        charger.ask()
        charger.until_status("Downloaded", 30)
        charger.check_schemas()


@pytest.mark.parametrize("version", VERSIONS)
def test_csms_root_that_is_deleted(keys, version, tmp_path):
    """… from a connection that does not stand on it: from then on nobody can show a certificate of it."""
    text = make_root(tmp_path, "new")
    with Station(keys, version) as charger:
        charger.boot_until_known()
        assert charger.install(CSMS[version], text) == OK
        charger.until_outbox_empty()  # events of one type that wait are put together
        assert charger.delete(hash_data(tmp_path / "new.pem", "sha512")) == OK
        assert charger.roots(CSMS[version]) == [hash_data(keys / "csms/root.pem")]
        assert [event[0] for event in charger.events()] == ["ReconfigurationOfSecurityParameters"] * 2
        charger.move_csms(make_server(tmp_path, "new"), tmp_path / "new.pem")
        wait_for(lambda: "unable to get local issuer certificate" in charger.log(), "the refusal")
        assert charger.connections() == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_roots_that_are_refused(keys, version, tmp_path):
    """Of the CSMS's invalid ones there is an event (TC_078); nothing is kept of any."""
    with Station(keys, version) as charger:
        bad = [(keys / name).read_text() for name in ("firmware/ca.pem", "csms/server.pem", "firmware/two.pem")]
        bad += ["PEM", make_root(tmp_path, "short")[:-40]]
        charger.boot_until_known()
        for text in bad:
            assert charger.install(MANUFACTURER, text) == charger.refused("Rejected", "InvalidCertificate")
        assert charger.events() == []
        expired = expired_root(keys / "csms/root.pem")
        assert "BEGIN CERTIFICATE" in expired
        for number, text in enumerate([expired] + bad, 1):
            assert charger.install(CSMS[version], text) == charger.refused("Rejected", "InvalidCertificate")
            assert [event[0] for event in charger.events()] == [INVALID[version]] * number
        assert charger.events()[0][1] == "it has expired or is not valid yet"
        assert charger.roots(MANUFACTURER) == []
        if version == "ocpp2.0.1":
            for use in "V2GRootCertificate", "MORootCertificate":
                assert charger.install(use, (keys / "csms/root.pem").read_text()) == ("Rejected", "UnsupportedParam")
                assert charger.roots(use) == []
            assert charger.call("GetInstalledCertificateIds")[1]["certificateHashDataChain"] == [
                {"certificateType": CSMS[version], "certificateHashData": hash_data(keys / "csms/root.pem")}]
        charger.check_schemas()


@pytest.mark.parametrize("version", VERSIONS)
def test_store_that_is_full(keys, version, tmp_path):
    """Rejected until one is deleted; a disk that fails is another answer, and changes nothing."""
    with Station(keys, version) as charger:
        charger.boot_until_known()
        for number in range(STORE_MAX):
            assert charger.install(MANUFACTURER, make_root(tmp_path, f"root{number}")) == OK
        one_more = make_root(tmp_path, "more")
        assert charger.install(MANUFACTURER, one_more) == charger.refused("Rejected", "OutOfStorage")
        assert charger.roots(MANUFACTURER) == [hash_data(tmp_path / f"root{n}.pem") for n in range(STORE_MAX)]
        in_the_way = charger.folder / "state/certificates/manufacturer.pem.tmp"
        in_the_way.mkdir()
        assert charger.delete(hash_data(tmp_path / "root3.pem")) == charger.refused("Failed", "InternalError")
        in_the_way.rmdir()
        assert charger.delete(hash_data(tmp_path / "root3.pem")) == OK
        in_the_way.mkdir()
        assert charger.install(MANUFACTURER, one_more) == charger.refused("Failed", "InternalError")
        in_the_way.rmdir()
        assert charger.install(MANUFACTURER, one_more) == OK
        assert charger.roots(MANUFACTURER)[-1] == hash_data(tmp_path / "more.pem")
        charger.check_schemas()


@pytest.mark.parametrize("version", VERSIONS)
def test_unencrypted_connection(keys, version):
    """Nothing is changed over it, unless the configuration lets it; to look is allowed."""
    root = keys / "manufacturer/root.pem"
    with Station(keys, version, secure=False) as charger:
        charger.boot_until_known()
        assert charger.install(MANUFACTURER, root.read_text()) == charger.refused("Rejected", "NotEnabled")
        assert charger.delete(hash_data(root)) == charger.refused("Failed", "NotEnabled")
        assert charger.roots(MANUFACTURER) == []
        charger.settings["station"] = {"allow_plain_certificates": "yes"}
        charger.restart_agent()
        assert charger.install(MANUFACTURER, root.read_text()) == OK
        assert charger.roots(MANUFACTURER) == [hash_data(root)]
        assert charger.delete(hash_data(root)) == OK
        charger.check_schemas()


def test_damaged_file_is_mended(keys):
    """The charger starts, tells it, and takes the root again."""
    root = keys / "manufacturer/root.pem"
    with Station(keys, "ocpp2.0.1", firmware={"require_signed": "auto"}) as charger:
        charger.boot_until_known()
        assert charger.install(MANUFACTURER, root.read_text()) == OK
        charger.stop_agent()
        (charger.folder / "state/certificates/manufacturer.pem").write_text(root.read_text()[:-90])
        charger.start_agent()
        charger.until_online()
        assert "manufacturer.pem is damaged; roots that could be read of it and are kept: 0" in charger.log()
        assert charger.roots(MANUFACTURER) == []
        assert charger.install(MANUFACTURER, root.read_text()) == OK
        assert charger.ask_signed() == "Accepted"
