"""RAUC 1.14 as it streams, played for hosts without nbd and dm-verity: streaming_rauc.py OUTER INNER FOLDER.
It has RAUC's name on the bus OUTER and passes on to a real RAUC, on the bus INNER, what that can do. A bundle behind a
URL is read by Range, as RAUC does it, then given to the real one as a file; it is said to be a verity bundle, and its
hash stands for the manifest's. What it is called with becomes lines of FOLDER/calls."""
import hashlib
import json
import pathlib
import ssl
import sys
import urllib.request

from gi.repository import Gio, GLib

RAUC, OBJECT, INTERFACE = "de.pengutronix.rauc", "/", "de.pengutronix.rauc.Installer"
PROPERTIES = "org.freedesktop.DBus.Properties"
XML = f"""<node><interface name="{INTERFACE}">
<method name="InstallBundle"><arg type="s" direction="in"/><arg type="a{{sv}}" direction="in"/></method>
<method name="InspectBundle"><arg type="s" direction="in"/><arg type="a{{sv}}" direction="in"/>
<arg type="a{{sv}}" direction="out"/></method>
<method name="Mark"><arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="s" direction="out"/>
<arg type="s" direction="out"/></method>
<method name="GetSlotStatus"><arg type="a(sa{{sv}})" direction="out"/></method>
<method name="GetArtifactStatus"><arg type="aa{{sv}}" direction="out"/></method>
<method name="GetPrimary"><arg type="s" direction="out"/></method>
<signal name="Completed"><arg type="i"/></signal>
<property name="Operation" type="s" access="read"/><property name="LastError" type="s" access="read"/>
<property name="Progress" type="(isi)" access="read"/><property name="Compatible" type="s" access="read"/>
<property name="BootSlot" type="s" access="read"/></interface></node>"""
KNOWN = {"tls-cert", "tls-key", "tls-ca", "http-headers", "transaction-id", "require-manifest-hash"}


class Played:
    def __init__(self, outer, inner, folder):
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        self.outer, self.inner = (Gio.DBusConnection.new_for_address_sync(a, flags, None, None) for a in (outer, inner))
        self.folder = pathlib.Path(folder)
        self.bundle = self.folder / "streamed.raucb"
        for signal, interface in ("Completed", INTERFACE), ("PropertiesChanged", PROPERTIES):
            self.inner.signal_subscribe(RAUC, interface, signal, OBJECT, None, 0, self.pass_signal)
        self.outer.register_object(OBJECT, Gio.DBusNodeInfo.new_for_xml(XML).interfaces[0], self.on_call, self.on_get)
        Gio.bus_own_name_on_connection(self.outer, RAUC, 0, None, None)

    def pass_signal(self, _connection, _sender, path, interface, signal, parameters):
        self.outer.emit_signal(None, path, interface, signal, parameters)

    def ask(self, interface, method, parameters):
        return self.inner.call_sync(RAUC, OBJECT, interface, method, parameters, None, 0, -1, None)

    def on_get(self, _connection, _sender, _path, _interface, name):
        return self.ask(PROPERTIES, "Get", GLib.Variant("(ss)", (INTERFACE, name))).get_child_value(0).get_variant()

    def on_call(self, _connection, _sender, _path, _interface, method, parameters, invocation):
        try:
            special = {"InspectBundle": self.inspect, "InstallBundle": self.install}.get(method)
            answer = special(*parameters.unpack()) if special else self.ask(INTERFACE, method, parameters)
            invocation.return_value(answer)
        except (GLib.Error, OSError, ValueError) as e:
            invocation.return_error_literal(Gio.io_error_quark(), Gio.IOErrorEnum.FAILED_HANDLED, str(e))

    def read(self, location, arguments):
        """Into the file, by two ranges."""
        if unknown := set(arguments) - KNOWN:
            raise ValueError(f"Unsupported key: {unknown.pop()}")
        if location.startswith("/"):
            return location
        tls = ssl.create_default_context(cafile=arguments.get("tls-ca"))
        tls.verify_flags &= ~ssl.VERIFY_X509_STRICT  # Python's own from 3.13 on, not libcurl's nor RAUC's
        if "tls-cert" in arguments:
            tls.load_cert_chain(arguments["tls-cert"], arguments["tls-key"])
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=tls))
        headers = dict(h.split(": ", 1) for h in arguments.get("http-headers", ()))
        content = b""
        for part in "0-3", "4-":
            with opener.open(urllib.request.Request(location, headers={**headers, "Range": f"bytes={part}"})) as answer:
                if answer.status != 206:
                    raise ValueError("range requests not supported by server")
                content += answer.read()
        self.bundle.write_bytes(content)
        return str(self.bundle)

    def note(self, method, location, arguments):
        with open(self.folder / "calls", "a", encoding="utf-8") as calls:
            calls.write(json.dumps([method, location, arguments]) + "\n")

    @staticmethod
    def digest(path):
        return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()

    def inspect(self, location, arguments):
        self.note("InspectBundle", location, arguments)
        path = self.read(location, arguments)
        compatible, version = self.ask(INTERFACE, "Info", GLib.Variant("(s)", (path,))).unpack()
        texts = {"update": {"compatible": compatible, "version": version}, "bundle": {"format": "verity"}}
        info = {name: GLib.Variant("v", GLib.Variant("a{sv}", {k: GLib.Variant("s", v) for k, v in values.items()}))
                for name, values in texts.items()}
        info["manifest-hash"] = GLib.Variant("s", self.digest(path))
        return GLib.Variant("(a{sv})", (info,))

    def install(self, location, arguments):
        self.note("InstallBundle", location, arguments)
        path = self.read(location, arguments)
        if arguments.get("require-manifest-hash", self.digest(path)) != self.digest(path):
            GLib.idle_add(lambda: self.outer.emit_signal(None, OBJECT, INTERFACE, "Completed", GLib.Variant("(i)", (1,))))
            return None
        return self.ask(INTERFACE, "InstallBundle", GLib.Variant("(sa{sv})", (path, self.known_inside(arguments))))

    def known_inside(self, arguments):
        """What the real one takes as well: from 1.10 on it keeps the transaction's id with the slot, where the agent looks for it."""
        xml = self.ask("org.freedesktop.DBus.Introspectable", "Introspect", None).unpack()[0]
        names = ["transaction-id"] if 'name="InspectBundle"' in xml else []
        return {name: GLib.Variant("s", arguments[name]) for name in names if name in arguments}


if __name__ == "__main__":
    played = Played(*sys.argv[1:])
    GLib.MainLoop().run()
