"""What the agent answers to requests and triggers, what it sends by itself and when, and what becomes of what
could not be delivered. The real programs; see stage.py."""
import datetime
import json
import signal
import ssl
import subprocess
import urllib.request

import pytest

from stage import BINARIES, STARTS, TOP, Stage, in_seconds, wait_for
from charger import MIB, MockCsms, Rauc, run

VERSIONS = ["ocpp2.0.1", "ocpp1.6"]
LATER = in_seconds(3600)
BAD_CERTIFICATES = ["expired", "not-yet-valid", "foreign", "impostor", "via-intermediate", "ca", "no-digital-signature",
                    "no-code-signing", "critical", "rsa1024", "p192", "ed25519", "two"]


def signed_stage(keys, version, **firmware):
    """A charger that believes in manufacturer/root.pem."""
    return Stage(keys, csms={"protocols": version},
                 firmware={"manufacturer_roots": keys / "manufacturer/root.pem", "crl_dir": keys / "crl",
                           "require_signed": "auto", **firmware})


def verdict(answer):
    """Of a request: (status, reason code), or the code of the error."""
    if "error" in answer:
        return answer["error"]["code"]
    return answer["result"].get("status"), answer["result"].get("statusInfo", {}).get("reasonCode")


def rejected(version, reason):
    return "Rejected", reason if version == "ocpp2.0.1" else None


def check_schemas(charger, version):
    checked = subprocess.run(["node", TOP / "tests/e2e/check-trace.js", version, charger.csms.trace],
                             capture_output=True, text=True, timeout=60, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def restart_csms(charger, *options):
    """Another mock-csms on the same port."""
    charger.listen()
    charger.csms.stop()
    charger.csms = MockCsms(BINARIES / "mock-csms", charger.folder, charger.folder / "files", options=options,
                            port=charger.csms.port)


# ---- update requests ----

@pytest.mark.parametrize("version", VERSIONS)
def test_verdict_on_a_signed_request(keys, version):
    """In the order of docs/behaviour.md: address, signature there at all, certificate; nothing begins."""
    with signed_stage(keys, version) as charger:
        charger.boot_until_known()
        revoked = {"signingCertificate": charger.certificate("revoked"), "signature": "none"}
        for url in "gopher://127.0.0.1/x", "rubbish", "http://", "http:///x", "https://a host/x", "file:///etc/passwd":
            assert verdict(charger.ask(location=url, **revoked)) == rejected(version, "InvalidURL"), url
        charger.beat()
        assert charger.events() == []
        if version == "ocpp2.0.1":
            assert verdict(charger.ask())[0] == "Rejected"
            assert verdict(charger.ask(signature="none"))[0] == "Rejected"
            assert verdict(charger.ask(signingCertificate=charger.certificate()))[0] == "Rejected"
        else:
            assert verdict(charger.ask()) == "NotSupported"
        assert verdict(charger.ask(**revoked))[0] == "RevokedCertificate"
        certificates = [charger.certificate(name) for name in BAD_CERTIFICATES] + ["none", charger.certificate()[:-99]]
        for certificate in certificates:
            answer = charger.ask(signingCertificate=certificate, signature="none")
            assert verdict(answer)[0] == "InvalidCertificate", certificate
        charger.until_outbox_empty()
        assert charger.events() == ["InvalidFirmwareSigningCertificate"] * (1 + len(certificates))
        assert charger.statuses() == [] and charger.job == "idle"
        check_schemas(charger, version)


@pytest.mark.parametrize("version", VERSIONS)
def test_same_request_again_and_another(keys, version):
    """The same gives the same answer, and nothing begins anew; another one ends the first without a word."""
    with signed_stage(keys, version) as charger:
        charger.boot_until_known()
        signed = {"signingCertificate": charger.certificate(), "signature": "none", "retrieveDateTime": LATER}
        for number, (more, word) in enumerate([({"requestId": 1}, "Accepted"), ({"requestId": 2}, "AcceptedCanceled"),
                                               ({"requestId": 2, "retries": 7}, "AcceptedCanceled")]):
            assert [verdict(charger.ask(**signed, **more))[0] for _ in range(2)] == [word] * 2
            charger.until_outbox_empty()
            charger.restart_agent()
            assert verdict(charger.ask(**signed, **more))[0] == word
            charger.beat()
            assert len(charger.reports()) == number + 1
        assert charger.reports() == [{"status": "DownloadScheduled", "requestId": n} for n in (1, 2, 2)]


def test_replaced_download_says_nothing_more(keys):
    """Also what was sent and not answered is not said again; the answer comes before the first status."""
    with Stage(keys, firmware={"download_rate": "1M"}, csms={"message_timeout": "1s"}) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        charger.beat()
        charger.csms.fault(charger.station, action="FirmwareStatusNotification", kind="never")
        charger.ask(requestId=1)
        charger.until_status("Downloading")
        assert verdict(charger.ask(requestId=2, location=charger.csms.file_url("none")))[0] == "AcceptedCanceled"
        charger.until_status("DownloadFailed")
        assert [(report["requestId"], report["status"]) for report in charger.reports()] == [
            (1, "Downloading"), (2, "Downloading"), (2, "DownloadFailed")]
        frames = [f for f in charger.sent() if f[0] == 3 or f[2] == "FirmwareStatusNotification"]
        assert [f[0] for f in frames] == [3, 3, 2, 3, 2, 2]  # the first one is of beat()


def test_plain_requests(keys):
    """They have no words to refuse an address, and no id: the next one simply takes the place."""
    with Stage(keys, csms={"protocols": "ocpp1.6"}, firmware={"download_rate": "1M"}) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        for url in "gopher://127.0.0.1/x", "rubbish":
            before = len(charger.statuses())
            assert charger.ask(location=url) == {"result": {}}
            wait_for(lambda n=before: charger.statuses()[n:] == ["DownloadFailed"], "DownloadFailed")
        charger.ask()
        wait_for(lambda: charger.statuses()[2:] == ["Downloading"], "Downloading")
        assert charger.ask(location=charger.csms.file_url("none")) == {"result": {}}
        wait_for(lambda: charger.statuses()[3:] == ["Downloading", "DownloadFailed"], "the end of the second")
        assert charger.job == "idle"


def test_signatures_are_required_from_the_first_root_on(keys):
    """… even if it goes away; only require_signed = no turns that off, and then half a signature is refused too."""
    with signed_stage(keys, "ocpp2.0.1") as charger:
        charger.boot_until_known()
        signed = {"signingCertificate": charger.certificate(), "signature": "none"}
        charger.stop_agent()
        charger.settings["firmware"]["manufacturer_roots"] = None
        charger.restart_agent()
        assert verdict(charger.ask())[0] == "Rejected"
        assert verdict(charger.ask(**signed))[0] == "InvalidCertificate"
        charger.settings["firmware"]["require_signed"] = "no"
        charger.restart_agent()
        assert [verdict(charger.ask(**{half: signed[half]}))[0] for half in signed] == ["Rejected"] * 2
        assert verdict(charger.ask(retrieveDateTime=LATER)) == ("Accepted", None)


@pytest.mark.parametrize("version,signed", [("ocpp2.0.1", True), ("ocpp1.6", True), ("ocpp1.6", False)])
def test_update_that_can_not_be_stopped(keys, version, signed):
    """While RAUC writes, a restart is due or the new system is on trial; the same request is still no other."""
    with signed_stage(keys, version, require_signed="auto" if signed else "no") as charger:
        bundle = charger.build_bundle("update")
        charger.boot_until_known()
        wait_for(lambda: charger.boot_loader.attempts("A") == 3, "the mark of this boot")
        order = {"requestId": 1, "retrieveDateTime": in_seconds(-7200)}
        if signed:
            order.update(signingCertificate=charger.certificate(), signature=charger.sign(bundle))

        def ask_in_vain():
            refusal = rejected(version, "FwUpdateInProgress") if signed else "GenericError"
            assert verdict(charger.ask(**order, retries=1)) == refusal
            if signed:
                assert verdict(charger.ask(**order))[0] == "Accepted"

        charger.boot_loader.trap("hold", "set-state")
        charger.ask(**order)
        charger.until_job("installing")
        ask_in_vain()
        last = {"status": "Installing", **({"requestId": 1} if signed else {})}
        action = "ExtendedTriggerMessage" if signed and version == "ocpp1.6" else "TriggerMessage"
        wait_for(lambda: charger.reports()[-1] == last, "Installing")
        assert charger.trigger("FirmwareStatusNotification", action) == "Accepted"
        wait_for(lambda: charger.reports()[-2:] == [last, last], "the last status once more")
        charger.boot_loader.trap("hold", "set-state", on=False)
        wait_for(lambda: charger.reboot_asked, "the reboot")
        ask_in_vain()
        charger.boot_loader.trap("hold", "set-state")
        charger.tick()
        charger.until_job("trial-mark")
        wait_for(lambda: charger.csms.is_online(charger.station), "the connection")
        ask_in_vain()
        charger.boot_loader.trap("hold", "set-state", on=False)
        charger.until_status("Installed")
        assert charger.finals() == ["Installed"] and charger.statuses().count("Downloading") == 1
        charger.trigger("FirmwareStatusNotification", action)
        wait_for(lambda: charger.reports()[-1] == {"status": "Idle"}, "Idle")


# ---- triggers ----

def asked_for(charger, message, action="TriggerMessage", **more):
    """The verdict, and the calls that it led to; not the event of a start, which may come at any time."""
    before = len(charger.listen())
    answer = charger.trigger(message, action, **more)
    charger.beat()
    return answer, [call for call in charger.listen()[before:]
                    if call != ("Heartbeat", {}) and call[1].get("type") not in STARTS]


def connector_of(call):
    return call[1].get("evseId", call[1].get("connectorId"))


@pytest.mark.parametrize("version", VERSIONS)
def test_messages_that_are_asked_for(keys, version):
    """F06 of 2.0.1, TriggerMessage and ExtendedTriggerMessage of 1.6: the answer first, then what was asked for."""
    is_16 = version == "ocpp1.6"
    actions = ["TriggerMessage", "ExtendedTriggerMessage"] if is_16 else ["TriggerMessage"]
    every = [0, 1, 2] if is_16 else [1, 2]

    def connector(number):
        return {"connectorId": number} if is_16 else {"evse": {"id": number}}

    with Stage(keys, csms={"protocols": version}, station={"connectors": "2"},
               firmware={"download_rate": "1M"}) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        wait_for(lambda: len(charger.payloads("StatusNotification")) == len(every), "the connectors")
        for action in actions:
            status = "SignedFirmwareStatusNotification" if action != "TriggerMessage" else "FirmwareStatusNotification"
            idle = "Accepted", [(status, {"status": "Idle"})]
            assert asked_for(charger, "FirmwareStatusNotification", action) == idle
            assert asked_for(charger, "FirmwareStatusNotification", action, **connector(9)) == idle  # F06.FR.02
            assert asked_for(charger, "BootNotification", action) == ("Rejected", [])
            assert asked_for(charger, "MeterValues", action) == ("NotImplemented", [])
            for number in (-1, 3) if is_16 else (-1, 0, 3):
                assert asked_for(charger, "StatusNotification", action, **connector(number)) == ("Rejected", [])
            for number in every:
                answer, calls = asked_for(charger, "StatusNotification", action, **connector(number))
                assert (answer, [connector_of(call) for call in calls]) == ("Accepted", [number])
            before = len(charger.payloads("StatusNotification"))
            assert charger.trigger("StatusNotification", action) == "Accepted"
            wait_for(lambda n=before: len(charger.payloads("StatusNotification")) == n + len(every), "all connectors")
            assert [connector_of(c) for c in charger.listen() if c[0] == "StatusNotification"][before:] == every
        log = "LogStatusNotification", {"status": "Idle"}
        assert asked_for(charger, "LogStatusNotification", actions[-1]) == ("Accepted", [log])
        if is_16:
            diagnostics = "DiagnosticsStatusNotification", {"status": "Idle"}
            assert asked_for(charger, "DiagnosticsStatusNotification") == ("Accepted", [diagnostics])
            assert asked_for(charger, "SignChargePointCertificate", actions[-1]) == ("NotImplemented", [])
        else:
            for message in "TransactionEvent", "SignCombinedCertificate", "PublishFirmwareStatusNotification":
                assert asked_for(charger, message) == ("NotImplemented", [])
        follow_an_update(charger, is_16)
        check_schemas(charger, version)


def follow_an_update(charger, is_16):
    """L01.FR.25, .26; the core of 1.6 has Idle as soon as nothing goes on."""
    name, request_id = "FirmwareStatusNotification", {} if is_16 else {"requestId": 7}
    charger.ask(requestId=7)
    charger.until_status("Downloading")
    assert asked_for(charger, name) == ("Accepted", [(name, {"status": "Downloading", **request_id})])
    charger.ask(requestId=7, location=charger.csms.file_url("none"))
    charger.until_status("DownloadFailed")
    last = {"status": "Idle"} if is_16 else {"status": "DownloadFailed", **request_id}
    assert asked_for(charger, name) == ("Accepted", [(name, last)])


def test_connector_that_an_evse_does_not_have(keys):
    with Stage(keys) as charger:
        charger.boot_until_known()
        charger.beat()
        assert charger.trigger("StatusNotification", evse={"id": 1, "connectorId": 1}) == "Accepted"
        assert charger.trigger("StatusNotification", evse={"id": 1, "connectorId": 2}) == "Rejected"


# ---- BootNotification and Heartbeat ----

def times_of(charger, action):
    """When mock-csms got these calls, in seconds."""
    entries = [json.loads(line) for line in charger.csms.trace.read_text().splitlines()]
    return [datetime.datetime.fromisoformat(e["time"].rstrip("Z")).timestamp() for e in entries
            if e.get("frame", [])[2:3] == [action] and e["from"] == "station"]


def until_rejected(charger):
    charger.csms.fault("*", action="BootNotification", kind="rejected", seconds=1, times=0)
    charger.boot_until_known()
    wait_for(lambda: "BootNotification with Rejected" in charger.log(), "the rejection")


def answers_to(charger, frames):
    """What is answered to these CALLs before the next BootNotification, [(id, code)]."""
    for number, frame in enumerate(frames):
        charger.send_raw(f'[2,"r{number}"{frame}]')
    before = len(charger.boot_reports())
    wait_for(lambda: len(charger.boot_reports()) > before, "BootNotification")
    return [tuple(f[1:3]) for f in charger.sent() if f[0] in (3, 4)]


@pytest.mark.parametrize("version", VERSIONS)
def test_rejected_station(keys, version):
    """B03.FR.08; in 1.6 nothing is answered. BootNotification comes again after the interval, and nothing else."""
    with Stage(keys, csms={"protocols": version}) as charger:
        until_rejected(charger)
        calls = [',"TriggerMessage",{"requestedMessage":"Heartbeat"}', ',"TriggerMessage",{}', ',"Explode",{}']
        expected = [(f"r{n}", "SecurityError") for n in range(3)] if version == "ocpp2.0.1" else []
        assert answers_to(charger, calls) == expected
        first, second, *_ = times_of(charger, "BootNotification")
        assert 1 <= second - first < 5
        assert {action for action, _ in charger.listen()} == {"BootNotification"}
        charger.csms.fault("*", action="BootNotification", kind="none")
        charger.csms.fault(charger.station, action="BootNotification", kind="none")
        wait_for(lambda: "accepted the station" in charger.log(), "the acceptance")
        charger.beat()
        assert charger.connections() == 1


MALFORMED = [',"TriggerMessage"', ',5,{}', ',"TriggerMessage",[]']


@pytest.mark.parametrize("version", VERSIONS)
def test_malformed_call_to_a_rejected_station(keys, version):
    """It is no way around: silence, in 2.0.1 or SecurityError."""
    with Stage(keys, csms={"protocols": version}) as charger:
        until_rejected(charger)
        answers = answers_to(charger, MALFORMED)
        assert {code for _, code in answers} <= ({"SecurityError"} if version == "ocpp2.0.1" else set())


@pytest.mark.parametrize("version", VERSIONS)
def test_pending_station(keys, version):
    """It answers, and sends what was asked for; what is to be reported waits for the acceptance. From then on
    Heartbeat comes by the interval of that answer."""
    with Stage(keys, csms={"protocols": version}) as charger:
        restart_csms(charger, "--interval", "1")
        charger.csms.fault("*", action="BootNotification", kind="pending", seconds=2)
        charger.boot_until_known()
        wait_for(lambda: "BootNotification with Pending" in charger.log(), "Pending")
        charger.beat()
        assert verdict(charger.ask(location=charger.csms.file_url("none")))[0] in ("Accepted", None)
        wait_for(lambda: len(charger.payloads("Heartbeat")) == 2, "a Heartbeat that nobody asked for")
        said = [action for action, _ in charger.listen()]
        accepted = said.index("BootNotification", 1)
        assert said[:accepted] == ["BootNotification", "Heartbeat"] and said.count("BootNotification") == 2
        assert charger.statuses() == ["Downloading", "DownloadFailed"]
        begun, second = times_of(charger, "BootNotification")
        assert second - begun >= 2 and 1 <= times_of(charger, "Heartbeat")[1] - second < 5


# ---- the outbox ----

def test_order_is_kept_without_the_csms(keys):
    """Over a restart of the agent that pulls the plug on it."""
    with Stage(keys) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        charger.beat()
        charger.csms.fault(charger.station, action="FirmwareStatusNotification", kind="never", times=0)
        charger.ask(installDateTime=LATER, requestId=5)
        charger.until_job("install-scheduled")
        assert charger.statuses() == ["Downloading"]
        charger.csms.stop()
        wait_for(lambda: "Connection to the CSMS ended" in charger.log(), "the end of the connection")
        charger.stop_agent(signal.SIGKILL)
        charger.start_agent()
        wait_for(lambda: "Can't connect to the CSMS" in charger.log(), "a try in vain")
        charger.stop_agent(signal.SIGKILL)
        url = charger.csms.ocpp
        restart_csms(charger)
        assert charger.csms.ocpp == url
        charger.start_agent()
        charger.until_status("InstallScheduled")
        assert charger.statuses()[1:] == ["Downloading", "Downloaded", "InstallScheduled"]
        assert {report["requestId"] for report in charger.reports()} == {5}


def test_another_csms_is_not_told_what_was_for_the_old_one(keys):
    with Stage(keys) as charger:
        charger.boot_until_known()
        charger.beat()
        charger.csms.fault(charger.station, action="FirmwareStatusNotification", kind="never", times=1)
        charger.ask(location=charger.csms.file_url("none"))
        wait_for(lambda: charger.outbox() == ["Downloading", "DownloadFailed"], "the statuses")
        charger.stop_agent()
        charger.settings["csms"] = {"url": f"ws://localhost:{charger.csms.port}/ocpp"}
        charger.restart_agent()
        charger.beat()
        assert "The CSMS is now localhost, was 127.0.0.1: what was still to be said" in charger.log()
        assert charger.outbox() == [] and charger.statuses() == ["Downloading"]


# ---- security events of the connection ----

def use_tls(charger, name, root="root"):
    """A mock-csms with this certificate, and an agent that believes in this root."""
    restart_csms(charger, "--tls-cert", charger.pki / f"csms/{name}.pem", "--tls-key", charger.pki / f"csms/{name}.key")
    charger.csms.http = f"https://127.0.0.1:{charger.csms.port}"
    context = ssl.create_default_context(cafile=charger.pki / "csms/root.pem")
    charger.csms.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                                      urllib.request.HTTPSHandler(context=context))
    charger.settings["csms"].update(url=f"wss://127.0.0.1:{charger.csms.port}/ocpp",
                                    ca_file=charger.pki / f"csms/{root}.pem")


@pytest.mark.parametrize("version,event", [("ocpp2.0.1", "InvalidCsmsCertificate"),
                                           ("ocpp1.6", "InvalidCentralSystemCertificate")])
def test_csms_that_is_not_who_it_should_be(keys, version, event):
    """No connection but to the right one; of the wrong ones the right one hears by an event with their number."""
    with Stage(keys, csms={"protocols": version}) as charger:
        wrong = [("server", "foreign-root"), ("expired", "root"), ("wrong-name", "root"), ("foreign", "root")]
        for number, (name, root) in enumerate(wrong, 1):
            use_tls(charger, name, root)
            if number == 1:
                charger.boot()
            else:
                charger.start_agent()
            wait_for(lambda n=number: charger.log().count("Can't connect to the CSMS") >= n, f"the refusal of {name}")
            wait_for(lambda n=number: charger.database("SELECT value, count FROM outbox") ==
                     [("StartupOfTheDevice", 1), ("InvalidCsmsCertificate", n)], f"the event of {name}")
            charger.stop_agent()
        assert charger.connections() == 0
        use_tls(charger, "server")
        charger.start_agent()
        wait_for(lambda: charger.events(), "the event")
        charger.beat()
        assert charger.events() == [event]
        assert charger.payloads("SecurityEventNotification")[1]["techInfo"] == f"{len(wrong)} times since then"


@pytest.mark.parametrize("version,event", [("ocpp2.0.1", "FailedToAuthenticateAtCsms"),
                                           ("ocpp1.6", "FailedToAuthenticateAtCentralSystem")])
def test_password_that_is_wrong(keys, version, event, tmp_path):
    """One event, however often it is tried."""
    (tmp_path / "passwords").write_text("CS001:correct horse battery\n")
    (tmp_path / "password").write_text("wrong horse battery\n")
    with Stage(keys, csms={"protocols": version, "password_file": tmp_path / "password",
                           "backoff_repeat_times": "0"}) as charger:
        restart_csms(charger, "--passwords", tmp_path / "passwords")
        charger.boot()
        wait_for(lambda: charger.log().count("Can't connect to the CSMS") >= 2, "the second try")
        charger.stop_agent()
        (tmp_path / "password").write_text("correct horse battery\n")
        charger.start_agent()
        wait_for(lambda: charger.events(), "the event")
        charger.beat()
        assert charger.events() == [event]


# ---- after the install ----

def test_reboot_that_never_comes(keys):
    """Asked for three times; the old slot is the next boot's again before the failure is said."""
    with Stage(keys, firmware={"reboot_timeout": "1s"}) as charger:
        charger.build_bundle("update")
        asked = charger.folder / "asked"
        charger.settings["firmware"]["reboot_command"] = charger.script("no-reboot", f"echo >>{asked}\nexit 1\n")
        charger.boot_until_known()
        charger.ask()
        charger.until_status("InstallationFailed")
        assert asked.read_text() == "\n" * 3
        assert charger.log().count("no-reboot ended with 1") == 3
        assert charger.boot_loader.primary == "A" and charger.boot_loader.state("B") == "bad"
        assert charger.statuses() == ["Downloading", "Downloaded", "Installing", "InstallRebooting",
                                      "InstallationFailed"]
        assert charger.job == "idle"


def test_bundle_without_anything_to_boot(keys):
    """No restart; Installed comes on a new connection, without a new BootNotification."""
    with Stage(keys) as charger:
        slot, content = charger.folder / "data.img", charger.folder / "bundles" / "data"
        slot.write_bytes(bytes(MIB))
        content.mkdir()
        (content / "data.img").write_bytes(b"tariffs\n" * 512)
        (content / "manifest.raucm").write_text("[update]\ncompatible=demo-charger\n\n[bundle]\nformat=plain\n\n"
                                                "[image.data]\nfilename=data.img\n")
        run("rauc", "bundle", f"--cert={keys}/rauc/signer.pem", f"--key={keys}/rauc/signer.key", content,
            charger.folder / "files" / "data.raucb")
        charger.rauc = Rauc(charger.folder, charger.bus, charger.boot_loader, keys / "rauc/root.pem",
                            more=f"\n[slot.data.0]\ndevice={slot}\ntype=raw\n")
        charger.boot_until_known()
        charger.ask(location=charger.csms.file_url("data.raucb"))
        charger.until_status("Installed")
        assert charger.statuses() == ["Downloading", "Downloaded", "Installing", "Installed"]
        wait_for(lambda: charger.events() == ["FirmwareUpdated"], "the event")
        log = charger.log()
        assert charger.connections() == 2 and log.rindex("Connected to the CSMS") < log.index(": Installed")
        assert slot.read_bytes().startswith(b"tariffs\n" * 512) and charger.boot_loader.primary == "A"
        assert not charger.reboot_asked and len(charger.boot_reports()) == 1
