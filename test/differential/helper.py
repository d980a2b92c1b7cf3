# Builds, sends, serves, captures and looks inside the namespaces of the differential test. Speaks lines of JSON: one request
# (a whole case), one answer.
import ctypes, errno, fcntl, json, mmap, os, re, select, signal, socket, struct, subprocess, sys, time

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
SIOCOUTQ = 0x5411
# TCP_ESTABLISHED, TCP_CLOSE_WAIT
TALKING = (1, 8)
SOL_PACKET, PACKET_RX_RING, PACKET_VERSION, TPACKET_V2, TP_STATUS_USER = 263, 5, 10, 1, 1
HOME = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
IP_IN = re.compile(r"ip -n (\S+) (.*)")
BRIDGE_IN = re.compile(r"bridge -n (\S+) (.*)")
EXEC_IN = re.compile(r"ip netns exec (\S+) (.*)")
SYSCTL = re.compile(r"sysctl -qw (.*)")


def enter(fd):
    if libc.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Inside:
    """with Inside(name): what is opened and started belongs to that namespace."""

    def __init__(self, name):
        self.fd = os.open("/run/netns/" + name, os.O_RDONLY | os.O_CLOEXEC)

    def __enter__(self):
        enter(self.fd)

    def __exit__(self, *_):
        enter(HOME)
        os.close(self.fd)


def run(words, text=None):
    done = subprocess.run(words, input=text, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def sysctl(settings):
    for setting in settings.split():
        name, value = setting.split("=", 1)
        with open("/proc/sys/" + name.replace(".", "/"), "w") as f:
            f.write(value)


def build(lines, restores, restore):
    """The command lines in order, those for one namespace in one process. Answers what failed."""
    failed = []

    def batch(words, group):
        code, out, err = run(words + ["-batch", "-"], "\n".join(group) + "\n")
        if code != 0 or err != "":
            failed.append(" ".join(words) + ": " + (out + err).strip() + " in: " + "; ".join(group))

    group_words, group = None, []
    later = [line for line in lines if line.startswith("ip netns add ")]
    batch(["ip"], [line[3:] for line in later])
    for line in later:
        # As Linux 6.12 has it; newer kernels let windows grow further, and so scale them more.
        with Inside(line.split()[3]):
            try:
                with open("/proc/sys/net/ipv4/tcp_rmem", "w") as f:
                    f.write("4096 131072 6291456")
            except OSError:
                pass
    lines = [line for line in lines if not line.startswith("ip netns add ")]
    for line in lines + [None]:
        words, rest = None, None
        if line is not None:
            if m := IP_IN.fullmatch(line):
                words, rest = ["ip", "-n", m[1]], m[2]
            elif m := BRIDGE_IN.fullmatch(line):
                words, rest = ["bridge", "-n", m[1]], m[2]
            elif line.startswith("ip link "):
                words, rest = ["ip"], line[3:]
        if group and words != group_words:
            batch(group_words, group)
            group = []
        group_words = words
        if words is not None:
            group.append(rest)
        elif line is not None:
            try:
                m = EXEC_IN.fullmatch(line)
                if m is None:
                    raise OSError(0, "no such line here")
                with Inside(m[1]):
                    if s := SYSCTL.fullmatch(m[2]):
                        sysctl(s[1])
                    else:
                        code, out, err = run(["bash", "-c", m[2]])
                        if code != 0:
                            failed.append(line + ": " + err.strip())
            except OSError as e:
                failed.append(line + ": " + str(e))
    for name, text in restores:
        with Inside(name):
            code, out, err = run([restore], text)
        if code != 0:
            failed.append(name + " " + restore + ": " + err.strip() + "\n" + text)
    return failed


class Tap:
    """
    Hears all devices of the present namespace. Frames are copied into a ring while they pass: a clone that waits in a
    socket's queue shows what became of its octets later (fragments that were put together and cut again, for one).
    """

    FRAME, FRAMES, BLOCK = 4096, 256, 65536

    def __init__(self):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.setsockopt(SOL_PACKET, PACKET_VERSION, TPACKET_V2)
        blocks = self.FRAME * self.FRAMES // self.BLOCK
        self.socket.setsockopt(SOL_PACKET, PACKET_RX_RING, struct.pack("IIII", self.BLOCK, blocks, self.FRAME, self.FRAMES))
        self.ring = mmap.mmap(self.socket.fileno(), self.FRAME * self.FRAMES)
        self.names = dict(socket.if_nameindex())
        self.at = 0

    def fileno(self):
        return self.socket.fileno()

    def frames(self):
        while True:
            place = self.at * self.FRAME
            status, _, length, mac = struct.unpack_from("IIIH", self.ring, place)
            if not status & TP_STATUS_USER:
                return
            protocol, index, _, kind = struct.unpack_from("!H", self.ring, place + 34)[0], *struct.unpack_from("IHB", self.ring, place + 36)
            data = self.ring[place + mac : place + mac + length]
            struct.pack_into("I", self.ring, place, 0)
            self.at = (self.at + 1) % self.FRAMES
            if protocol in (0x0800, 0x0806):
                yield self.names.get(index, str(index)), "out" if kind == 4 else "in", data


class Namespace:
    def __init__(self, name, tcp, udp):
        self.name = name
        with Inside(name):
            self.tap = Tap()
            self.raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
            self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            self.udp, self.tcp, self.clients = [], [], {}
            for port in udp:
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                s.bind(("0.0.0.0", port))
                s.setblocking(False)
                self.udp.append(s)
            for port in tcp:
                s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
                s.bind(("0.0.0.0", port))
                s.listen(16)
                self.tcp.append(s)


def serve(s):
    """Answers datagrams; answers are not answered, or two servers would talk for ever."""
    while True:
        try:
            data, address = s.recvfrom(65536)
        except OSError as e:
            if e.errno == errno.EAGAIN:
                return
            continue
        if data != b"ok":
            attempt(lambda: s.sendto(b"ok", address))


class Watch:
    """What is heard in all namespaces, and the servers."""

    def __init__(self, spaces):
        self.poller = select.epoll()
        self.by_fd = {}
        for ns in spaces.values():
            for s in [ns.tap] + ns.udp:
                self.poller.register(s.fileno(), select.EPOLLIN)
                self.by_fd[s.fileno()] = (ns, s)

    def drain(self, quiet, limit, frames):
        """Listens until nothing was heard for `quiet` seconds."""
        end = time.monotonic() + limit
        while True:
            events = self.poller.poll(max(min(quiet, end - time.monotonic()), 0))
            if not events:
                return
            for fd, _ in events:
                ns, s = self.by_fd[fd]
                if s is ns.tap:
                    frames.extend([ns.name, device, way, data.hex()] for device, way, data in s.frames())
                else:
                    serve(s)
            if time.monotonic() > end:
                return


def name_of(e):
    return errno.errorcode.get(e.errno, str(e.errno))


def attempt(call):
    try:
        call()
        return ""
    except OSError as e:
        return name_of(e)


def client(ns, probe, kind):
    """The socket at the probe's source; a datagram one stays for later probes."""
    key = (probe["src"], probe["sport"])
    if kind == socket.SOCK_DGRAM and key in ns.clients:
        return ns.clients[key], ""
    with Inside(ns.name):
        s = socket.socket(socket.AF_INET, kind)
    s.setblocking(False)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    error = attempt(lambda: s.bind(key))
    ns.clients[key if kind == socket.SOCK_DGRAM else object()] = s
    return s, error


def converse(ns, probe):
    """The steps of a connection: each is sent, then silence is waited for."""
    s, error = client(ns, probe, socket.SOCK_STREAM)
    yield error or attempt(lambda: s.connect((probe["dst"], probe["dport"])))
    if error == "":
        code = s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code == 0 and probe["length"] > 0:
            yield attempt(lambda: s.send(b"a" * probe["length"]))
        # Behind what is not acknowledged no end is sent: probes of the tail's loss follow by a clock of the kernel's own.
        state = s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        if state in TALKING and struct.unpack("i", fcntl.ioctl(s, SIOCOUTQ, bytes(4)))[0] > 0:
            return
    if probe["ending"] == "reset":
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if probe["ending"] != "open":
        s.close()
        yield ""


def steps(ns, probe):
    if probe["how"] == "raw":
        yield attempt(lambda: ns.raw.sendto(bytes.fromhex(probe["packet"]), (probe["dst"], 0)))
    elif probe["protocol"] == "tcp":
        yield from converse(ns, probe)
    else:
        s, error = client(ns, probe, socket.SOCK_DGRAM)
        yield error or attempt(lambda: s.sendto(b"a" * probe["length"], (probe["dst"], probe["dport"])))


def connections():
    try:
        with open("/proc/net/nf_conntrack") as f:
            return "".join(line.split(None, 2)[2] for line in f if line.startswith("ipv4"))
    except FileNotFoundError:
        return run(["conntrack", "-L"])[1]


def case(request):
    failed = build(request["lines"], request["restores"], request["backend"] + "-restore")
    answer = {"failed": failed, "probes": [], "rules": {}, "connections": {}}
    if failed:
        return answer
    spaces = {}
    for name in request["names"]:
        spaces[name] = Namespace(name, request["tcp"], request["udp"])
    watch = Watch(spaces)
    quiet = request["quiet"]
    watch.drain(quiet, 0.5, [])
    for probe in request["probes"]:
        frames, errors, gaps = [], [], []
        then = time.monotonic()
        for error in steps(spaces[probe["node"]], probe):
            watch.drain(quiet, 0.4, frames)
            now = time.monotonic()
            errors.append(error)
            gaps.append(now - then)
            then = now
        answer["probes"].append({"errors": errors, "frames": frames, "gaps": gaps})
    for name in request["observe"]:
        with Inside(name):
            answer["rules"][name] = run([request["backend"] + "-save", "-c"])[1]
            answer["connections"][name] = connections()
    return answer


def answer_to(request):
    try:
        return case(request)
    except (OSError, subprocess.SubprocessError) as e:
        return {"failure": repr(e)}


def forget(names):
    """Deletes the namespaces; those that never were are no matter."""
    known = set(os.listdir("/run/netns")) if os.path.isdir("/run/netns") else set()
    mine = [name for name in names if name in known]
    if mine:
        run(["ip", "-batch", "-"], "".join("netns del " + name + "\n" for name in mine))


def main():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for line in sys.stdin:
        request = json.loads(line)
        # A process for each case: what it takes the kernel to close capturing sockets and namespaces holds up nobody.
        if os.fork() == 0:
            try:
                sys.stdout.write(json.dumps(answer_to(request)) + "\n")
                sys.stdout.flush()
                forget(request["names"])
            except (OSError, subprocess.SubprocessError):
                # What is left is swept at the end, or at the next start.
                pass
            finally:
                os._exit(0)
        reap(os.WNOHANG)
    reap(0)


def reap(options):
    try:
        while os.waitpid(-1, options) != (0, 0):
            pass
    except ChildProcessError:
        pass


main()
