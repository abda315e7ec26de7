"""What a trace of mock-csms says of the requests in it: each that was accepted has told exactly one end, which is said
again only where its answer went astray or somebody asked for it."""
import datetime

UPDATES = {"UpdateFirmware", "SignedUpdateFirmware"}
TELLING = {"FirmwareStatusNotification": "update", "SignedFirmwareStatusNotification": "update",
           "LogStatusNotification": "logs"}
# Which of them tells what it told last once more when it is triggered.
TRIGGERED = {"FirmwareStatusNotification": "update", "LogStatusNotification": "logs"}
FINAL = {"update": {"Installed", "InstallationFailed", "InstallVerificationFailed", "InvalidSignature", "DownloadFailed"},
         "logs": {"Uploaded", "UploadFailure", "PermissionDenied", "BadMessage", "NotSupportedOperation", "AcceptedCanceled"}}
NEAR = 3.0  # seconds within which an answer may have got lost with its connection
SLOW = 0.5  # seconds after which an answer may have come too late: half of what the agent waits for it


class Told:
    """A final status on the wire."""

    def __init__(self, word, when):
        self.word, self.when = word, when
        self.answered = False  # in time


class Request:
    """answer: the station's word; None: it is not known."""

    def __init__(self, kind, number):
        self.kind, self.number, self.answer, self.told = kind, number, None, []

    @property
    def may_be_accepted(self):
        return self.answer is None or self.answer.startswith("Accepted")


class Trace:
    def __init__(self, entries):
        self.requests, self.triggers = [], []
        self._by_id, self._asked, self._said = {}, {}, {}
        for e in entries:
            frame = e.get("frame")
            if isinstance(frame, list) and len(frame) > 2 and isinstance(frame[1], str):
                when = datetime.datetime.fromisoformat(e["time"].replace("Z", "+00:00")).timestamp()
                self._take(e["from"], frame, when)

    def _take(self, who, frame, when):
        if frame[0] == 2 and len(frame) == 4 and isinstance(frame[3], dict):
            (self._ask if who == "csms" else self._tell)(frame[1], frame[2], frame[3], when)
        elif frame[0] in (3, 4):
            self._told(frame, when) if who == "csms" else self._answer(frame)

    def _ask(self, call, action, payload, when):
        number = payload.get("requestId")
        if (action in UPDATES or action == "GetLog") and isinstance(number, int) and number > 0:
            request = Request("update" if action in UPDATES else "logs", number)
            self.requests.append(request)
            self._by_id[request.kind, number] = self._asked[call] = request
        elif payload.get("requestedMessage") in TRIGGERED:
            self.triggers.append((TRIGGERED[payload["requestedMessage"]], when))

    def _answer(self, frame):
        request = self._asked.pop(frame[1], None)
        if request:
            request.answer = str(frame[2].get("status")) if frame[0] == 3 else str(frame[2])

    def _tell(self, call, action, payload, when):
        kind = TELLING.get(action)
        request = self._by_id.get((kind, payload.get("requestId")))
        if request and payload["status"] in FINAL[kind]:
            self._said[call] = told = Told(payload["status"], when)
            request.told.append(told)

    def _told(self, frame, when):
        told = self._said.pop(frame[1], None)
        if told:
            told.answered = when - told.when < SLOW

    def _ends_wanted(self, request, silent_kinds):
        """How many ends are right. One that was superseded without a word for it has none."""
        if not request.may_be_accepted:
            return {0}
        if request.answer is None:
            return {0, 1}
        if request.kind in silent_kinds:
            later = self.requests[self.requests.index(request) + 1:]
            for other in later:
                if other.kind == request.kind and other.may_be_accepted:
                    return {0, 1} if other.answer is None else {0} if other.answer == "AcceptedCanceled" else {1}
        return {1}

    def _is_excused(self, kind, first, again, disturbed):
        """May this end have been said once more?"""
        return (not first.answered or any(first.when - NEAR <= d <= again.when for d in disturbed) or
                any(k == kind and first.when - NEAR <= w <= again.when for k, w in self.triggers))

    def complaints(self, disturbed, silent_kinds):
        bad = []
        for r in self.requests:
            words = {t.word for t in r.told}
            if len(words) not in self._ends_wanted(r, silent_kinds):
                bad.append(f"{r.kind} {r.number} was answered {r.answer} and told {sorted(words) or 'no end'}")
            for first, again in zip(r.told, r.told[1:]):
                if first.word == again.word and not self._is_excused(r.kind, first, again, disturbed):
                    bad.append(f"{r.kind} {r.number} told {again.word} again though it was answered")
        return bad

    def numbers(self):
        """For people."""
        accepted = [r for r in self.requests if r.answer and r.answer.startswith("Accepted")]
        ended = sum(bool(r.told) for r in accepted)
        words = {}
        for r in accepted:
            for word in {t.word for t in r.told}:
                words[word] = words.get(word, 0) + 1
        return (f"{len(self.requests)} requests, {len(accepted)} accepted, {ended} told their end: " +
                ", ".join(f"{n} {w}" for w, n in sorted(words.items())))
