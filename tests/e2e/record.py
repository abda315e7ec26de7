"""What stations and CSMS said in the tests, kept for two questions at the end of a run: was every frame of the agent's
valid by the official schemas, and was every action that it serves exchanged by some test? OCPP_RECORD names the file;
without it nothing is kept."""
import json
import os


def current_test():
    """Its name, without what pytest adds for the phase."""
    return os.environ.get("PYTEST_CURRENT_TEST", "").rsplit(" (", 1)[0]


def keep(trace):
    """Appends the frames of a trace of mock-csms."""
    record = os.environ.get("OCPP_RECORD")
    if not record or not trace.exists():
        return
    test = current_test()
    entries = map(json.loads, trace.read_text(errors="replace").splitlines())
    text = "".join(json.dumps({**e, "test": test}) + "\n" for e in entries if "frame" in e)
    out = os.open(record, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.write(out, text.encode())  # at once: tests run side by side
    os.close(out)
