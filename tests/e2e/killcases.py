"""The updates, and the request for logs, in which test_kill.py kills: together they pass every fail point that these
can pass."""
import dataclasses
import signal

import stage  # noqa: F401 # finds the next
from parts import Program

GOOD = "exit 0\n"
BAD_IN_NEW = "! grep -q 2.0.0 {f}/release || exit 2\n"


@dataclasses.dataclass(frozen=True)
class Case:
    about: str
    end: str  # the last status or security event
    bundle: str = "update.raucb"
    signed: str = None  # the file of the signature, where it is another
    certificate: str = "rsa3072"
    event: str = None  # where there are signatures
    plain: bool = True  # plain 1.6 knows it too
    plain_end: str = None
    slot: str = "A"  # that runs in the end, and is the next boot's
    written: bool = False  # slot B holds the update
    verify: str = GOOD  # verify_update_script
    settings: dict = dataclasses.field(default_factory=dict)
    data_slot: bool = False
    logs: bool = False  # no update is ordered, but logs
    reconnects: bool = False  # the agent opens the connection anew
    closes: bool = False  # the CSMS closes once where it should answer
    flaky: bool = False  # fetching fails until the deed mend
    deeds: tuple = ()  # (after which point, what: true when it is done)
    at_reboot: object = None  # done while the machine is off for the first reboot


def order(member, until):
    """Pause or Resume, until it is done: the answer may be lost."""
    def deed(charger):
        return until in charger.record.names() or charger.bus.busctl(
            "call", "org.raucocpp.Agent1", "/org/raucocpp/Agent1", "org.raucocpp.Agent1", member) is not None
    return deed


def inhibit(charger):
    charger.holder = Program("rauc-ocpp-ctl", [charger.binaries / "rauc-ocpp-ctl", "--bus", charger.bus.address,
                                               "inhibit", "--", "sleep", "60"], charger.folder / "ctl.log")
    return True


def let_go(charger):
    charger.holder.stop(signal.SIGKILL)
    return True


def mend(charger):
    charger.depot.files.mended.add(charger.folder.name)
    return True


def go(charger):
    (charger.folder / "go").touch()
    return True


def close_on(action):
    def deed(charger):
        charger.csms.fault("*", action=action, kind="close", times=1)
        return True
    return deed


def restart_agent(charger):
    if charger.is_online() and charger.stored()[2] > 0:  # its answer lost, a status would be said twice
        return False
    charger.stop_agent(signal.SIGTERM)
    charger.start_agent()
    return trap(False)(charger)


def trap(on):
    def deed(charger):
        charger.boot_loader.trap("hold", "set-state", on)
        return True
    return deed


CASES = {
    "ok": Case("all goes well", "Installed", slot="B", written=True, event="FirmwareUpdated"),
    "bad": Case("the new system is not well", "InstallVerificationFailed", plain_end="InstallationFailed", written=True,
                verify=BAD_IN_NEW),
    "stays": Case("… and there is no way back", "InstallVerificationFailed", plain_end="InstallationFailed", slot="B",
                  written=True, verify=BAD_IN_NEW,
                  at_reboot=lambda charger: charger.boot_loader.run("set-state", "A", "bad")),
    "refused": Case("RAUC refuses the bundle", "InstallationFailed", bundle="foreign.raucb", signed="foreign.raucb"),
    "missing": Case("there is no such file", "DownloadFailed", bundle="none.raucb"),
    "forged": Case("the signature is another file's", "InvalidSignature", signed="update.img", plain=False,
                   event="InvalidFirmwareSignature"),
    "stranger": Case("the signer is not the manufacturer's, and the CSMS closes on the event once",
                     "InvalidFirmwareSigningCertificate", certificate="foreign", plain=False, closes=True,
                     # not on the event of the start, which goes out before
                     deeds=(("after-store/outbox-remove", close_on("SecurityEventNotification")),)),
    "data": Case("nothing bootable is written", "Installed", bundle="data.raucb", signed="data.raucb",
                 event="FirmwareUpdated", data_slot=True, reconnects=True,
                 settings={"pre_download_check": "/bin/true"}),
    "waits": Case("it is scheduled, retried, paused and held", "Installed", slot="B", written=True,
                  event="FirmwareUpdated", flaky=True,
                  settings={"start_jitter": "1s", "pre_install_check": "{f}/check", "check_interval": "1s",
                            "inhibit_grace": "1s"},
                  deeds=(("sent/BootNotification", inhibit),
                         ("after-store/retrying", mend),
                         ("after-store/retrying", order("Pause", "after-store/paused")),
                         ("after-store/paused", order("Resume", "after-store/verifying")),
                         ("after-store/install-scheduled", go), ("after-store/reboot-held", let_go))),
    "resumed": Case("the agent is started anew in the install", "Installed", slot="B", written=True,
                    event="FirmwareUpdated",
                    deeds=(("before-store/installing", trap(True)), ("after-do/install", restart_agent),
                           ("before-do/resume-install", trap(False)))),
    "logs": Case("logs are wanted, and the first upload fails", "Uploaded", logs=True, flaky=True,
                 deeds=(("after-store/log-retrying", mend),)),
}
