# Sends, serves and captures inside the namespaces of the differential test. Speaks lines of JSON: one request, one answer.
import ctypes, errno, json, os, select, socket, struct, sys, time

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
HOME = os.open("/proc/self/ns/net", os.O_RDONLY)


def enter(fd):
    if libc.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Namespace:
    def __init__(self, name, tcp, udp):
        self.name = name
        fd = os.open("/run/netns/" + name, os.O_RDONLY)
        enter(fd)
        try:
            self.tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            self.tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            self.tap.setblocking(False)
            self.raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
            self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            self.udp, self.tcp = [], []
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
        finally:
            enter(HOME)
            os.close(fd)

    def close(self):
        for s in [self.tap, self.raw] + self.udp + self.tcp:
            s.close()


spaces = {}


def drain(poller, by_fd, quiet, limit, frames):
    end = time.monotonic() + limit
    while True:
        left = min(quiet, end - time.monotonic())
        events = poller.poll(max(left, 0))
        if not events:
            return
        for fd, _ in events:
            ns, s = by_fd[fd]
            while True:
                try:
                    if s is ns.tap:
                        data, address = s.recvfrom(65536)
                        if address[1] in (0x0800, 0x0806):
                            frames.append([ns.name, address[0], "out" if address[2] == 4 else "in", data.hex()])
                    else:
                        data, address = s.recvfrom(65536)
                        if data == b"ok":
                            continue
                        try:
                            s.sendto(b"ok", address)
                        except OSError:
                            pass
                except BlockingIOError:
                    break
                except OSError:
                    pass
        if time.monotonic() > end:
            return


def main():
    poller, by_fd = None, {}
    for line in sys.stdin:
        request = json.loads(line)
        answer = {}
        try:
            if request["op"] == "open":
                poller = select.epoll()
                by_fd = {}
                for name in request["names"]:
                    ns = spaces[name] = Namespace(name, request["tcp"], request["udp"])
                    for s in [ns.tap] + ns.udp:
                        poller.register(s.fileno(), select.EPOLLIN)
                        by_fd[s.fileno()] = (ns, s)
                drain(poller, by_fd, request["quiet"], 0.5, [])
            elif request["op"] == "send":
                frames = []
                drain(poller, by_fd, 0, 0, frames)
                frames = []
                error = ""
                try:
                    spaces[request["name"]].raw.sendto(bytes.fromhex(request["packet"]), (request["to"], 0))
                except OSError as e:
                    error = errno.errorcode.get(e.errno, str(e.errno))
                drain(poller, by_fd, request["quiet"], 0.4, frames)
                answer = {"error": error, "frames": frames}
            elif request["op"] == "close":
                for ns in spaces.values():
                    ns.close()
                spaces.clear()
                if poller is not None:
                    poller.close()
        except OSError as e:
            answer = {"failure": str(e)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


main()
