"""Firmware files of mock-csms: uploaded, read by RAUC, signed, served, deleted; and what a kill leaves of them."""
import base64
import hashlib
import json
import os
import socket
import subprocess
import urllib.request

import pytest

from mockcsms import MockCsms, wait_until
from stage import Stage, wait_for

CERTS = os.path.join(os.path.dirname(__file__), "..", "..", "certs")
CONTENT = bytes(range(256)) * 1000
NULLS = {"url", "version", "compatible", "description", "build", "format", "manifestHash", "scheme", "signingCertificate", "signature"}


def make_bundle(folder, keys, form="plain", signer="signer"):
    content = folder / f"content-{form}-{signer}"
    content.mkdir()
    (content / "rootfs.img").write_bytes(os.urandom(1 << 18))
    (content / "manifest.raucm").write_text(
        f"[update]\ncompatible=acme box\nversion=2.1.0\ndescription=for \"tests\" $(x)\nbuild=42\n\n[bundle]\nformat={form}\n\n"
        "[image.rootfs]\nfilename=rootfs.img\n")
    bundle = folder / f"{form}-{signer}.raucb"
    subprocess.run(["rauc", f"--cert={keys}/rauc/{signer}.pem", f"--key={keys}/rauc/{signer}.key", "bundle", content, bundle],
                   check=True, capture_output=True, timeout=60)
    return bundle


@pytest.fixture(scope="module")
def bundle(keys, tmp_path_factory):
    return make_bundle(tmp_path_factory.mktemp("bundle"), keys)


@pytest.fixture
def place(tmp_path):
    return ["--state", tmp_path / "csms.db", "--firmware", tmp_path / "fw"]


def upload(csms, data, name="x.raucb", query="", **headers):
    return csms.request("POST", f"/api/firmware?name={name}{query}", data, headers, timeout=60)


def post(csms, path, body):
    return csms.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})


def listed(csms):
    return csms.get("/api/firmware").json


# Uploads --------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("form", ["plain", "verity"])
def test_bundle_is_read_by_rauc(csms, keys, tmp_path, form):
    bundle = make_bundle(tmp_path, keys, form)
    answer = upload(csms, bundle.read_bytes(), "new.raucb")
    assert answer.status == 201
    assert {k: answer.json[k] for k in ("name", "kind", "version", "compatible", "description", "build", "format", "verified", "note",
                                        "status", "sha256", "size", "path")} == {
        "name": "new.raucb", "kind": "rauc", "version": "2.1.0", "compatible": "acme box", "description": "for \"tests\" $(x)",
        "build": "42", "format": form, "verified": None, "note": None, "status": "ready", "path": f"/firmware/{answer.json['id']}/new.raucb",
        "sha256": hashlib.sha256(bundle.read_bytes()).hexdigest(), "size": bundle.stat().st_size}
    assert csms.get(answer.json["path"]).body == bundle.read_bytes()
    assert listed(csms) == [answer.json] == [csms.get(f"/api/firmware/{answer.json['id']}").json]


@pytest.mark.parametrize("signer, verified", [("signer", True), ("foreign", False)])
def test_keyring_verifies(keys, tmp_path, signer, verified):
    with MockCsms("--rauc-keyring", keys / "rauc/root.pem") as csms:
        told = upload(csms, make_bundle(tmp_path, keys, signer=signer).read_bytes()).json
    assert told["verified"] is verified and told["version"] == "2.1.0" and told["format"] == "plain"
    assert told["note"] is None if verified else told["note"].startswith("RAUC does not accept it by the keyring: ")


def test_what_is_no_bundle_is_taken_too(csms):
    told = upload(csms, CONTENT, "box.bin", "&version=7&description=for%20others").json
    assert told["kind"] == "unknown" and told["version"] == "7" and told["description"] == "for others" and told["verified"] is None
    assert told["note"].startswith("It is no bundle that RAUC can read: ")
    empty = upload(csms, b"", "empty").json
    assert empty["size"] == 0 and empty["sha256"] == hashlib.sha256(b"").hexdigest()
    assert csms.get(empty["path"]).body == b""


def test_without_rauc_it_says_so_and_asks_later(place, bundle):
    with MockCsms(*place, environment={"PATH": "/nonexistent"}) as csms:
        told = upload(csms, bundle.read_bytes()).json
        assert told["kind"] == "unknown" and told["note"].startswith("RAUC is not installed where mock-csms runs")
        assert {name for name, value in told.items() if value is None} == NULLS | {"verified"}
    with MockCsms(*place) as csms:
        wait_until(lambda: listed(csms)[0]["kind"] == "rauc", 30)
        assert listed(csms)[0]["version"] == "2.1.0"


@pytest.mark.parametrize("path, status, says", [
    ("/api/firmware", 400, "name"), ("/api/firmware?name=", 400, "A name has"), ("/api/firmware?name=.x", 400, "A name has"),
    ("/api/firmware?name=..%2fx", 400, "A name has"), ("/api/firmware?name=" + "x" * 129, 400, "name"),
    ("/api/firmware?name=x&size=3", 400, "no argument"), ("/api/firmware?name=x&version=" + "1" * 129, 400, "version"),
])
def test_bad_upload_is_refused(csms, path, status, says):
    answer = csms.request("POST", path, CONTENT)
    assert answer.status == status and says in answer.json["title"]
    assert listed(csms) == []


def test_form_and_large_file_are_refused():
    with MockCsms("--firmware-max", 1) as csms:
        answer = csms.request("POST", "/api/firmware?name=x", b"x", {"Content-Type": "multipart/form-data; boundary=x"})
        assert answer.status == 415
        assert upload(csms, b"x" * (1 << 20)).status == 201
        connection = csms.connection()
        connection.putrequest("POST", "/api/firmware?name=x")
        connection.putheader("Content-Length", str((1 << 20) + 1))
        connection.endheaders()
        response = connection.getresponse()
        assert response.status == 413 and json.loads(response.read())["title"] == "The body is longer than 1 MiB."
        connection.close()


def test_reader_may_not_upload(tmp_path):
    tokens = tmp_path / "tokens"
    tokens.write_text("read:" + "r" * 20 + "\noperator:" + "o" * 20 + "\n")
    tokens.chmod(0o600)
    with MockCsms("--tokens", tokens, "--firmware", tmp_path / "fw") as csms:
        assert upload(csms, CONTENT, Authorization="Bearer " + "r" * 20).status == 403
        assert upload(csms, CONTENT).status == 401
        assert os.listdir(tmp_path / "fw") == []
        answer = upload(csms, CONTENT, Authorization="Bearer " + "o" * 20)
        assert answer.status == 201
        assert csms.get(answer.json["path"]).body == CONTENT  # stations have no token


# Served ---------------------------------------------------------------------------------------------------------------

N = len(CONTENT)


@pytest.mark.parametrize("value, status, first, last", [
    ("bytes=0-0", 206, 0, 0), ("bytes=100000-", 206, 100000, N - 1), ("bytes=-7", 206, N - 7, N - 1), (f"bytes={N}-", 416, None, None),
    ("bytes=9-5", 200, 0, N - 1)])
def test_ranges(csms, value, status, first, last):
    path = upload(csms, CONTENT).json["path"]
    answer = csms.get(path, Range=value)
    assert answer.status == status and answer.headers["accept-ranges"] == "bytes"
    if first is not None:
        assert answer.body == CONTENT[first:last + 1]
    head = csms.request("HEAD", path)
    assert head.status == 200 and int(head.headers["content-length"]) == N
    assert csms.get(path, Range="bytes=1-2", If_Range=head.headers["etag"]).status == 206
    assert csms.get(path, Range="bytes=1-2", If_Range='"other"').status == 200


def test_only_its_own_path_serves_it(csms):
    number = upload(csms, CONTENT).json["id"]
    for path in (f"/firmware/{number}", f"/firmware/{number}/", f"/firmware/{number}/y.raucb", f"/firmware/{number + 1}/x.raucb",
                 f"/firmware/0{number}/x.raucb", f"/firmware/-{number}/x.raucb", "/firmware/", f"/firmware/{number}/../{number}/y",
                 "/firmware/99999999999999999999/x.raucb"):
        assert csms.get(path).status == 404, path
    assert csms.request("POST", f"/firmware/{number}/x.raucb", "x").status == 405
    assert csms.request("DELETE", f"/firmware/{number}/x.raucb").status == 405


def test_files_of_the_folder_are_served_as_before(tmp_path):
    (tmp_path / "fw.raucb").write_bytes(CONTENT)
    with MockCsms("--files", tmp_path) as csms:
        path = upload(csms, b"other").json["path"]
        assert csms.get("/files/fw.raucb").body == CONTENT and csms.get(path).body == b"other"


# Restarts -------------------------------------------------------------------------------------------------------------

def test_all_survives_a_restart(place, tmp_path, bundle):
    with MockCsms(*place) as csms:
        upload(csms, bundle.read_bytes())
        post(csms, "/api/firmware/elsewhere", {"url": "https://example.org/a/b.raucb?x=1", "version": "3"})
        before = listed(csms)
        assert [told["status"] for told in before] == ["ready", "elsewhere"]
    with MockCsms(*place) as csms:
        assert listed(csms) == before
        assert csms.get(before[0]["path"]).body == bundle.read_bytes()
        first = csms.get("/api/firmware?limit=1")
        assert first.json == before[:1] and first.headers["next-after"] == str(before[0]["id"])
        assert "next-after" not in csms.get("/api/firmware?limit=100").headers
        second = csms.get(f"/api/firmware?limit=1&after={before[0]['id']}")
        assert second.json == before[1:] and first.headers["total-count"] == second.headers["total-count"] == "2"


@pytest.mark.parametrize("spoil", [os.unlink, lambda path: os.truncate(path, 1000)])
def test_file_that_has_gone_is_told_and_never_served_in_part(place, tmp_path, spoil):
    with MockCsms(*place) as csms:
        told = upload(csms, CONTENT).json
        assert csms.get(told["path"]).status == 200
        spoil(next((tmp_path / "fw").iterdir()))
        assert csms.get(told["path"]).status == 404
        assert csms.get(told["path"], Range="bytes=0-9").status == 404
        assert listed(csms)[0]["status"] == "missing"
    with MockCsms(*place) as csms:
        assert listed(csms)[0]["status"] == "missing" and csms.get(told["path"]).status == 404
        assert csms.request("DELETE", f"/api/firmware/{told['id']}").status == 204
        assert listed(csms) == [] and os.listdir(tmp_path / "fw") == []


def test_killed_in_an_upload(place, tmp_path):
    csms = MockCsms(*place)
    told = upload(csms, CONTENT, "whole").json
    with socket.create_connection(("127.0.0.1", csms.port)) as sock:
        sock.sendall(f"POST /api/firmware?name=half HTTP/1.1\r\nHost: localhost\r\nContent-Length: {2 * N}\r\n\r\n".encode() + CONTENT)
        wait_until(lambda: len(os.listdir(tmp_path / "fw")) == 2)
        part = next(path for path in (tmp_path / "fw").iterdir() if path.name.startswith("."))
        wait_until(lambda: part.stat().st_size > 0)
        csms.process.kill()
        csms.process.wait()
    csms.stop()
    (tmp_path / "fw" / "others.raucb").write_bytes(b"not ours")
    (tmp_path / "fw" / ".hidden").write_bytes(b"not ours")
    with MockCsms(*place) as csms:
        assert listed(csms) == [told] and csms.get(told["path"]).body == CONTENT
        assert not part.exists()
        assert (tmp_path / "fw" / "others.raucb").exists() and (tmp_path / "fw" / ".hidden").exists()


def test_upload_that_breaks_off_leaves_nothing(place, tmp_path):
    with MockCsms(*place) as csms:
        with socket.create_connection(("127.0.0.1", csms.port)) as sock:
            sock.sendall(f"POST /api/firmware?name=half HTTP/1.1\r\nHost: localhost\r\nContent-Length: {2 * N}\r\n\r\n".encode() + CONTENT)
            wait_until(lambda: os.listdir(tmp_path / "fw"))
        wait_until(lambda: not os.listdir(tmp_path / "fw"))
        assert listed(csms) == []


def test_killed_between_row_and_file(place, tmp_path):
    """A hidden file that has a row is whole."""
    with MockCsms(*place) as csms:
        told = upload(csms, CONTENT).json
    file = next((tmp_path / "fw").iterdir())
    file.rename(file.with_name("." + file.name))
    with MockCsms(*place) as csms:
        assert listed(csms) == [told] and csms.get(told["path"]).body == CONTENT
    assert file.exists()


def test_folder_belongs_to_one(place, tmp_path):
    with MockCsms(*place):
        with pytest.raises(RuntimeError, match="Another mock-csms has the firmware folder"):
            MockCsms("--firmware", tmp_path / "fw")


def test_temporary_folder_is_made_when_needed_and_goes(tmp_path):
    with MockCsms(environment={"TMPDIR": str(tmp_path)}) as csms:
        assert os.listdir(tmp_path) == []
        answer = upload(csms, CONTENT)
        assert answer.status == 201 and csms.get(answer.json["path"]).body == CONTENT
        assert [path.read_bytes() for path in tmp_path.glob("mock-csms-*/*")] == [CONTENT]
    assert os.listdir(tmp_path) == []
    with MockCsms(environment={"TMPDIR": str(tmp_path / "nowhere")}) as csms:
        assert upload(csms, CONTENT).status == 500


def test_folder_beside_the_state(tmp_path):
    with MockCsms("--state", tmp_path / "csms.db") as csms:
        upload(csms, CONTENT)
        assert [path.read_bytes() for path in (tmp_path / "csms.db.firmware").iterdir()] == [CONTENT]


# Elsewhere ------------------------------------------------------------------------------------------------------------

def test_file_elsewhere(csms):
    answer = post(csms, "/api/firmware/elsewhere", {"url": "ftp://example.org/a/b.bin", "version": "3", "compatible": "box"})
    assert answer.status == 201
    told = answer.json
    assert (told["name"], told["status"], told["path"], told["size"]) == ("b.bin", "elsewhere", None, None)
    assert (told["version"], told["compatible"], told["url"]) == ("3", "box", "ftp://example.org/a/b.bin")
    assert csms.get(f"/firmware/{told['id']}/b.bin").status == 404


@pytest.mark.parametrize("body, says", [
    ({}, "url"), ({"url": "x"}, "url must be"), ({"url": "file:///etc/passwd"}, "url must be"), ({"url": "http://a b"}, "url must be"),
    ({"url": "http://a/" + "x" * 512}, "url"), ({"url": "http://a/x", "more": 1}, "more"), ({"url": 1}, "url"),
    ({"url": "http://a/x", "sha256": "x" * 64}, "sha256"), ({"url": "http://a/x", "name": "../x"}, "A name has"), ([], "JSON object"),
])
def test_bad_file_elsewhere_is_refused(csms, body, says):
    answer = post(csms, "/api/firmware/elsewhere", body)
    assert answer.status == 400 and says in answer.json["title"]


# Signatures -----------------------------------------------------------------------------------------------------------

def signing(keys, name, scheme):
    return {"key": (keys / f"firmware/{name}.key").read_text(), "certificate": (keys / f"firmware/{name}.pem").read_text(), "scheme": scheme}


def test_signature_is_kept_and_the_key_is_not(place, tmp_path, keys):
    order = signing(keys, "p256", "ecdsa")
    with MockCsms(*place) as csms:
        number = upload(csms, CONTENT).json["id"]
        answer = post(csms, f"/api/firmware/{number}/sign", order)
        assert answer.status == 200 and answer.json["scheme"] == "ecdsa" and answer.json["signingCertificate"] == order["certificate"]
        (tmp_path / "signature").write_bytes(base64.b64decode(answer.json["signature"]))
        (tmp_path / "content").write_bytes(CONTENT)
        public = subprocess.run(["openssl", "x509", "-in", keys / "firmware/p256.pem", "-pubkey", "-noout"], check=True,
                                capture_output=True, timeout=30).stdout
        (tmp_path / "public").write_bytes(public)
        subprocess.run(["openssl", "dgst", "-sha256", "-verify", tmp_path / "public", "-signature", tmp_path / "signature",
                        tmp_path / "content"], check=True, timeout=30)
        secret = order["key"].splitlines()[1].encode()
        for path in tmp_path.rglob("*"):
            assert path.is_dir() or secret not in path.read_bytes()
    assert secret.decode() not in csms.errors
    with MockCsms(*place) as csms:
        assert listed(csms) == [answer.json]


def test_signature_brought_along(csms, keys, tmp_path):
    number = upload(csms, CONTENT).json["id"]
    (tmp_path / "content").write_bytes(CONTENT)
    certificate = (keys / "firmware/rsa2048.pem").read_text()

    def bring(*options, **more):
        made = subprocess.run([os.path.join(CERTS, "sign-firmware"), "--key", keys / "firmware/rsa2048.key", *options,
                               tmp_path / "content"], check=True, capture_output=True, text=True, timeout=30).stdout
        return post(csms, f"/api/firmware/{number}/sign", {"certificate": certificate, "signature": made.strip(), **more})

    assert bring("--pss").json["scheme"] == "pss"
    assert bring("--pkcs1").json["scheme"] == "pkcs1"
    assert bring(scheme="pss").status == 400
    (tmp_path / "content").write_bytes(CONTENT[1:])
    answer = bring()
    assert answer.status == 400 and answer.json["title"] == "The signature is not the certificate's over this file."
    assert listed(csms)[0]["scheme"] == "pkcs1"  # the good one stays


@pytest.mark.parametrize("change, says", [
    ({"certificate": None}, "certificate"), ({"key": None}, "It takes"), ({"scheme": None}, "It takes"), ({"scheme": "rsa"}, "scheme must be"),
    ({"scheme": "pss"}, "The scheme does not suit"), ({"key": "x"}, "The key must be"), ({"certificate": "x"}, "The certificate must be"),
    ({"signature": "AAAA"}, "Either"), ({"more": 1}, "more"), ({"key": "rsa2048"}, "do not belong together"),
])
def test_bad_signing_is_refused(csms, keys, change, says):
    number = upload(csms, CONTENT).json["id"]
    body = signing(keys, "p256", "ecdsa") | change
    if body.get("key") == "rsa2048":
        body["key"] = signing(keys, "rsa2048", "pss")["key"]
    answer = post(csms, f"/api/firmware/{number}/sign", {name: value for name, value in body.items() if value is not None})
    assert answer.status == 400 and says in answer.json["title"], answer.json
    assert listed(csms)[0]["signature"] is None


def test_encrypted_key(csms, keys, tmp_path):
    number = upload(csms, CONTENT).json["id"]
    subprocess.run(["openssl", "pkey", "-in", keys / "firmware/rsa2048.key", "-aes256", "-passout", "pass:sesame", "-out",
                    tmp_path / "key"], check=True, timeout=30)
    body = signing(keys, "rsa2048", "pss") | {"key": (tmp_path / "key").read_text()}
    answer = post(csms, f"/api/firmware/{number}/sign", body)
    assert answer.status == 400 and answer.json["title"] == "The key is encrypted: it needs its passphrase."
    assert post(csms, f"/api/firmware/{number}/sign", body | {"passphrase": "other"}).status == 400
    assert post(csms, f"/api/firmware/{number}/sign", body | {"passphrase": "sesame"}).status == 200


def test_file_elsewhere_is_signed_by_its_hash(csms, keys):
    digest = hashlib.sha256(CONTENT).hexdigest()
    plain = post(csms, "/api/firmware/elsewhere", {"url": "http://example.org/x"}).json["id"]
    hashed = post(csms, "/api/firmware/elsewhere", {"url": "http://example.org/x", "sha256": digest}).json["id"]
    assert post(csms, f"/api/firmware/{plain}/sign", signing(keys, "p256", "ecdsa")).status == 409
    assert post(csms, f"/api/firmware/{hashed}/sign", signing(keys, "p256", "ecdsa")).status == 200


# Deleted --------------------------------------------------------------------------------------------------------------

def test_delete(place, tmp_path):
    with MockCsms(*place) as csms:
        first, second = upload(csms, CONTENT).json, upload(csms, b"second", "y").json
        assert csms.request("DELETE", f"/api/firmware/{first['id']}").status == 204
        assert listed(csms) == [second] and len(os.listdir(tmp_path / "fw")) == 1
        assert csms.get(first["path"]).status == 404
        for missing in (first["id"], 99, "x", "-1"):
            assert csms.request("DELETE", f"/api/firmware/{missing}").status == 404
            assert csms.get(f"/api/firmware/{missing}").status == 404
    with MockCsms(*place) as csms:
        assert listed(csms) == [second]
        assert csms.request("DELETE", f"/api/firmware/{second['id']}").status == 204
        assert upload(csms, CONTENT).json["id"] > second["id"]  # no URL ever means another file


# The agent ------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("protocol, key, scheme", [
    ("ocpp1.6", "rsa3072", "pss"), ("ocpp1.6", "p256", "ecdsa"),
    ("ocpp2.0.1", "rsa2048", "pss"), ("ocpp2.0.1", "rsa3072", "pkcs1"), ("ocpp2.0.1", "p384", "ecdsa")])
def test_agent_installs_what_was_uploaded_and_signed(keys, protocol, key, scheme):
    with Stage(keys, csms={"protocols": protocol},
               firmware={"manufacturer_roots": keys / "manufacturer/root.pem", "require_signed": "yes"}) as charger:
        def call(path, data, kind):
            request = urllib.request.Request(charger.csms.http + path, data=data, headers={"Content-Type": kind}, method="POST")
            with charger.csms.opener.open(request, timeout=60) as response:
                return json.load(response)

        charger.boot_until_known()
        bundle = charger.build_bundle("update")
        told = call("/api/firmware?name=update.raucb", bundle.read_bytes(), "application/octet-stream")
        bundle.unlink()  # it is not served from the folder
        assert told["version"] == "2.0.0"
        signed = call(f"/api/firmware/{told['id']}/sign", json.dumps(signing(keys, key, scheme)).encode(), "application/json")
        charger.ask(location=charger.csms.http + signed["path"], signingCertificate=signed["signingCertificate"],
                    signature=signed["signature"])
        wait_for(lambda: "SignatureVerified" in charger.statuses() or charger.finals(), charger.statuses, 60)
        assert "SignatureVerified" in charger.statuses()
        charger.until_job("rebooting", "rebooting-armed", "due", seconds=60)
        assert charger.slot_holds("B", "update")
