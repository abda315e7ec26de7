"""mock-csms asks a station that is silent by a ping, keeps the one that answers and gives up the one that does not. It takes
the minute and a half that mock-csms takes; nothing else does meanwhile, so it has a file (a worker of the run) to itself."""
import contextlib
import threading

from mockcsms import MockCsms
from wsclient import Station


def test_a_silent_station_is_asked_and_given_up():
    with MockCsms() as csms, Station(csms.port, "DEAD") as dead, Station(csms.port, "ALIVE") as alive:
        def answer_pings():
            with contextlib.suppress(OSError):
                alive.recv_message(timeout=200)
        reader = threading.Thread(target=answer_pings, daemon=True)
        reader.start()
        dead.sock.settimeout(200)
        asked = dead.sock.recv(100)
        assert asked[0] == 0x89  # a ping
        assert dead.sock.recv(100) == b""  # closed
        assert {i: s["online"] for i, s in csms.stations().items()} == {"DEAD": False, "ALIVE": True}
        assert reader.is_alive()
