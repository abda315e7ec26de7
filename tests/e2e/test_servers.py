"""Updates from each kind of server that a charger may be sent to, by the options of [firmware] alone. The real
programs and servers; see stage.py and servers.py."""
import shutil

import pytest

from servers import PASSWORD, USER, Nginx, Sshd, Vsftpd
from stage import Stage


def mutual(server):
    return f"{server.mutual}/update.raucb", {"ca_file": server.ca, "client_cert_file": server.folder / "client.pem",
                                             "client_key": server.folder / "client.key"}


def private(server):
    return f"{server.http}/private/update.raucb", {"credentials_file": server.folder / "logins"}


def ftps(server):
    return f"{server.url}/files/update.raucb", {"ca_file": server.ca, "credentials_file": server.folder / "logins"}


def sftp(server):
    return f"{server.url}/files/update.raucb", {"credentials_file": server.folder / "logins"}


@pytest.mark.parametrize("make,way", [(Nginx, mutual), (Nginx, private), (lambda: Vsftpd(tls=True), ftps),
                                      (Sshd, sftp)], ids=["https", "http", "ftps", "sftp"])
def test_update_from_a_server_that_wants_to_know_who_asks(keys, make, way):
    with Stage(keys) as charger, make() as server:
        shutil.copy(charger.build_bundle("update"), server.files)
        host = "127.0.0.1" if way is private else "localhost"
        lines = [f"{host} {USER} {PASSWORD}", *(f"{host} - - {key}" for key in getattr(server, "keys", ()))]
        (server.folder / "logins").write_text("\n".join(lines) + "\n")
        location, options = way(server)
        charger.settings["firmware"].update(options)
        charger.boot_until_known()
        charger.ask(location=location)
        charger.until_status("Downloaded")
        assert PASSWORD not in charger.log()
