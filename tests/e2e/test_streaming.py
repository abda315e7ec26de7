"""Updates that RAUC fetches by itself. The real programs, but for RAUC, which is played where this host can't do what
it does; see streaming_rauc.py and stage.py."""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from servers import PASSWORD, USER, Nginx
from stage import Stage, ctl, in_seconds, wait_for
from charger import digest
from parts import Bus, Program, Rauc, run

WHOLE = ["Downloading", "Downloaded", "Installing", "InstallRebooting", "Installed"]


@pytest.fixture(name="site", scope="module")
def make_site():
    with Nginx() as server:
        (server.folder / "logins").write_text(f"localhost {USER} {PASSWORD}\n")
        yield server


class StreamingRauc(Rauc):
    """The real one on a bus of its own, behind the played one."""

    def __init__(self, charger):
        inner = charger.folder / "inner"
        inner.mkdir()
        super().__init__(charger.folder, Bus(inner), charger.boot_loader, charger.pki / "rauc/root.pem")
        self.outer, self.played = charger.bus, None

    def start(self, slot):
        super().start(slot)
        self.played = Program("played RAUC", [sys.executable, Path(__file__).parent / "streaming_rauc.py",
                                              self.outer.address, self.bus.address, self.folder],
                              self.folder / "played.log")
        wait_for(lambda: self.outer.has("de.pengutronix.rauc"), "the played RAUC")

    def stop(self, how=signal.SIGTERM):
        if self.played:
            self.played.stop(how)
            self.played = None
        super().stop(how)


class Streaming(Stage):
    """A charger whose RAUC streams, and whose kernel has what that needs."""

    def __init__(self, keys, site, **firmware):
        super().__init__(keys, firmware={"fetch": "stream", "retries": "0", **firmware})
        self.site = site
        self.rauc = StreamingRauc(self)
        for module in "nbd", "dm_mod", "dm_verity":
            (self.folder / "boot/sys/module" / module).mkdir(parents=True)

    def _tear_down(self):
        try:
            self.rauc.stop(signal.SIGKILL)
            self.rauc.bus.program.stop(signal.SIGKILL)
        finally:
            super()._tear_down()

    def publish(self, bundle):
        target = self.site.files / "update.raucb"
        shutil.copy(bundle, target.with_suffix(".new"))
        os.replace(target.with_suffix(".new"), target)

    def calls(self):
        """[(method, location, arguments)] of bundles."""
        file = self.folder / "calls"
        return [tuple(json.loads(line)) for line in file.read_text().splitlines()] if file.exists() else []

    def spool(self):
        return sorted(p.name for p in (self.folder / "state/spool").glob("bundle*"))

    def hold(self):
        holder = Program("rauc-ocpp-ctl", [self.binaries / "rauc-ocpp-ctl", "--bus", self.bus.address, "inhibit", "--",
                                           "sleep", "60"], self.folder / "ctl.log")
        wait_for(lambda: "holds the charger" in self.log(), "the lock")
        return holder

    def shown(self):
        return json.loads(ctl(self, "status", "--json")[1])


def test_bundle_is_streamed_and_never_stored(keys, site):
    with Streaming(keys, site) as charger:
        charger.publish(charger.build_bundle("update"))
        charger.boot_until_known()
        charger.ask(location=f"{site.http}/update.raucb")
        charger.until_status("InstallRebooting")
        assert charger.spool() == []
        charger.until_status("Installed", ticking=True)
        assert charger.statuses() == WHOLE and charger.slot_holds("B", "update")
        look, again, install = charger.calls()
        assert look == again == ("InspectBundle", f"{site.http}/update.raucb", {})
        assert install[2]["require-manifest-hash"] == digest(site.files / "update.raucb") and "transaction-id" in install[2]
        assert charger.shown()["bundleFormat"] == "verity"


def test_server_that_wants_to_know_who_asks(keys, site):
    """What a download would be given goes to RAUC."""
    options = {"ca_file": site.ca, "client_cert_file": site.folder / "client.pem",
               "client_key": site.folder / "client.key", "credentials_file": site.folder / "logins"}
    with Streaming(keys, site, **options) as charger:
        charger.publish(charger.build_bundle("update"))
        charger.boot_until_known()
        charger.ask(location=f"{site.mutual}/update.raucb")
        charger.until_status("Installed", ticking=True)
        charger.ask(location=f"{site.https}/private/update.raucb")
        wait_for(lambda: charger.statuses().count("InstallRebooting") == 2, "the second install")
        assert len(charger.calls()) == 6
        for _, _, arguments in charger.calls():
            assert arguments["tls-ca"] == site.ca and arguments["tls-key"] == f"{site.folder}/client.key"
            assert arguments["http-headers"][0].startswith("Authorization: Basic ")
        assert PASSWORD not in charger.log()


@pytest.mark.parametrize("comes", [True, False])
def test_rauc_that_starts_after_the_agent(keys, site, comes):
    """It is waited for, and no attempt is lost: the CSMS may be there before it."""
    with Streaming(keys, site) as charger:
        charger.publish(charger.build_bundle("update"))
        start, charger.rauc.start = charger.rauc.start, lambda slot: None
        charger.boot_until_known()
        charger.ask(location=f"{site.http}/update.raucb")
        charger.until_status("Downloading")
        charger.beat()
        assert charger.statuses() == ["Downloading"]
        if comes:
            charger.rauc.start = start
            start("A")
            charger.until_status("Installed", ticking=True)
            assert charger.statuses() == WHOLE
        else:
            charger.until_status("DownloadFailed")
            assert "there is no RAUC on the bus" in charger.shown()["reason"]


def test_server_without_ranges(keys, site):
    """It is the look that fails, so it was the download."""
    with Streaming(keys, site, retry_interval="0") as charger:
        charger.publish(charger.build_bundle("update"))
        charger.boot_until_known()
        charger.ask(location=f"{site.http}/whole/update.raucb", retries=1)
        charger.until_status("DownloadFailed")
        assert charger.statuses() == ["Downloading", "DownloadFailed"]
        assert [method for method, _, _ in charger.calls()] == ["InspectBundle"] * 2
        assert "range requests not supported" in charger.shown()["reason"]


def test_bundle_that_is_exchanged_before_the_install(keys, site):
    with Streaming(keys, site, hold="install") as charger:
        other = charger.build_bundle("other", version="3.0.0")
        charger.publish(charger.build_bundle("update"))
        charger.boot_until_known()
        holder = charger.hold()
        charger.ask(location=f"{site.http}/update.raucb")
        charger.until_status("InstallScheduled")
        charger.publish(other)
        holder.stop(signal.SIGKILL)
        charger.until_status("InstallationFailed")
        assert "is not the one that was there at first" in charger.shown()["reason"]
        assert charger.version_of("B") is None


def test_install_time_is_waited_for_before_the_first_byte(keys, site):
    with Streaming(keys, site) as charger:
        charger.publish(charger.build_bundle("update"))
        charger.boot_until_known()
        charger.ask(location=f"{site.http}/update.raucb", installDateTime=in_seconds(5))
        charger.until_status("DownloadScheduled")
        assert charger.calls() == []
        charger.until_status("Installed", ticking=True, seconds=60)
        assert charger.statuses() == ["DownloadScheduled", *WHOLE]


def test_signed_update_goes_to_the_spool(keys, site):
    with Streaming(keys, site, manufacturer_roots=keys / "manufacturer/root.pem") as charger:
        bundle = charger.build_bundle("update")
        charger.publish(bundle)
        charger.boot_until_known()
        charger.ask(location=f"{site.http}/update.raucb", signature=charger.sign(bundle),
                    signingCertificate=charger.certificate())
        charger.until_status("SignatureVerified")
        assert "bundle.raucb" in charger.spool()
        charger.until_status("Installed", ticking=True)
        assert all(location.startswith("/") for _, location, _ in charger.calls())


@pytest.mark.parametrize("fetch,end", [("auto", "Installed"), ("spool", "DownloadFailed")])
def test_spool_without_room(keys, site, fetch, end):
    with Streaming(keys, site, fetch=fetch) as charger:
        charger.publish(charger.build_bundle("update"))
        spool = charger.folder / "state/spool"
        spool.mkdir(parents=True)
        run("mount", "-t", "tmpfs", "-o", "size=8M", "none", spool)
        try:
            charger.boot_until_known()
            charger.ask(location=f"{site.http}/update.raucb")
            charger.until_status(end, ticking=True)
            assert charger.statuses() == (WHOLE if end == "Installed" else ["Downloading", end])
            assert ("RAUC streams the bundle instead" in charger.log()) == (fetch == "auto")
        finally:
            charger.stop_agent()
            subprocess.run(["umount", spool], check=False)


def test_kernel_that_can_not_stream(keys, site):
    with Streaming(keys, site) as charger:
        (charger.folder / "boot/sys/module/nbd").rmdir()
        charger.publish(charger.build_bundle("update"))
        charger.boot_until_known()
        assert "for streaming RAUC needs nbd in the kernel" in charger.log()
        charger.ask(location=f"{site.http}/update.raucb", retries=3)
        charger.until_status("DownloadFailed")
        assert charger.calls() == []


def test_what_the_rauc_of_this_host_can_not_stream(keys, site):
    """Not played: before 1.9 (Debian 12) nothing, later (Debian 13) no bundle of the plain format, which is this one's."""
    with Streaming(keys, site) as charger:
        charger.rauc = Rauc(charger.folder, charger.bus, charger.boot_loader, charger.pki / "rauc/root.pem")
        charger.publish(charger.build_bundle("update"))
        charger.boot_until_known()
        version = subprocess.run(["rauc", "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
        streams = tuple(map(int, version.split(".")[:2])) >= (1, 9)
        charger.ask(location=f"{site.http}/update.raucb", retries=0 if streams else 3)
        charger.until_status("DownloadFailed")
        assert ("'plain' not supported in streaming mode" if streams else "RAUC can't stream") in charger.shown()["reason"]


def test_update_that_was_ordered_at_the_charger(keys, site):
    with Streaming(keys, site, require_signed="yes") as charger:
        charger.publish(charger.build_bundle("update"))
        charger.boot_until_known()
        assert ctl(charger, "install", f"{site.http}/update.raucb")[0] == 0
        wait_for(lambda: charger.tick() or "InstallBundle" in str(charger.calls()), "the install")
        assert charger.calls()[-1][1] == f"{site.http}/update.raucb"


def test_pause_forgets_the_look(keys, site):
    """What RAUC answers to it is nothing to whatever comes after."""
    with Streaming(keys, site, retries="0") as charger:
        charger.publish(charger.build_bundle("update"))
        charger.boot_until_known()
        with socket.create_server(("127.0.0.1", 0)) as silent:
            charger.ask(location=f"http://127.0.0.1:{silent.getsockname()[1]}/update.raucb")
            wait_for(charger.calls, "the look")
            assert ctl(charger, "pause")[0] == 0
            charger.until_status("DownloadPaused")
        charger.bus.property("de.pengutronix.rauc", "/", "de.pengutronix.rauc.Installer", "Operation")  # after the look
        charger.beat()
        assert charger.job == "paused" and charger.finals() == []
        charger.ask(location=f"{site.http}/update.raucb")
        charger.until_status("Installed", ticking=True)


def test_restart_in_a_streamed_install(keys, site):
    """It is begun anew, from where it was looked at."""
    with Streaming(keys, site) as charger:
        charger.publish(charger.build_bundle("update"))
        charger.boot_loader.trap("hold", "set-primary")
        charger.boot_until_known()
        charger.ask(location=f"{site.http}/update.raucb")
        wait_for(lambda: charger.loader_calls("set-primary B"), "the end of the install")
        charger.until_outbox_empty()
        charger.power_off(signal.SIGKILL)
        charger.boot_loader.trap("hold", "set-primary", on=False)
        charger.boot()
        charger.until_status("Installed", ticking=True)
        assert charger.statuses() == WHOLE and charger.slot_holds("B", "update")
