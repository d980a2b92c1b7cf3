// ping, curl, ss, nc and the resolvers, against what the real ones printed on the same little network.
import { describe, expect, test } from 'vitest';
import { whoamiProgram } from '../../simulator/services/http.ts';
import { decodeDns, DNS_A, DNS_PTR, DNS_SERVFAIL, dnsReply, encodeDns } from '../../simulator/wire/dns.ts';
import { ipv4 } from '../../simulator/base/address.ts';
import type { Program, ProgramContext } from '../../simulator/process/program.ts';
import { SocketFile, receiveFrom, tcpBind, tcpListen, tcpSocket, udpBind, udpSend, udpSocket } from '../../simulator/transport/index.ts';
import { NetLab, plain } from './netlab.ts';

describe('ping', () => {
  const cases: { line: string; stdout?: string; stderr?: string; status: number }[] = [
    {
      line: 'ping -c 3 -i 0.3 10.2.0.2',
      stdout:
        'PING 10.2.0.2 (10.2.0.2) 56(84) bytes of data.\n64 bytes from 10.2.0.2: icmp_seq=1 ttl=63 time=T ms\n64 bytes from 10.2.0.2: icmp_seq=2 ttl=63 time=T ms\n64 bytes from 10.2.0.2: icmp_seq=3 ttl=63 time=T ms\n\n--- 10.2.0.2 ping statistics ---\n3 packets transmitted, 3 received, 0% packet loss, time Tms\nrtt min/avg/max/mdev = R ms\n',
      status: 0,
    },
    {
      line: 'ping -q -c 3 -i 0.3 10.2.0.2',
      stdout: 'PING 10.2.0.2 (10.2.0.2) 56(84) bytes of data.\n\n--- 10.2.0.2 ping statistics ---\n3 packets transmitted, 3 received, 0% packet loss, time Tms\nrtt min/avg/max/mdev = R ms\n',
      status: 0,
    },
    {
      line: 'ping -c 4 -W 1 10.1.0.77',
      stdout:
        'PING 10.1.0.77 (10.1.0.77) 56(84) bytes of data.\nFrom 10.1.0.2 icmp_seq=1 Destination Host Unreachable\nFrom 10.1.0.2 icmp_seq=2 Destination Host Unreachable\nFrom 10.1.0.2 icmp_seq=3 Destination Host Unreachable\nFrom 10.1.0.2 icmp_seq=4 Destination Host Unreachable\n\n--- 10.1.0.77 ping statistics ---\n4 packets transmitted, 0 received, +4 errors, 100% packet loss, time Tms\npipe 4\n',
      status: 1,
    },
    {
      line: 'ping -c 2 -W 1 10.2.0.77',
      stdout: 'PING 10.2.0.77 (10.2.0.77) 56(84) bytes of data.\n\n--- 10.2.0.77 ping statistics ---\n2 packets transmitted, 0 received, 100% packet loss, time Tms\n\n',
      status: 1,
    },
    {
      line: 'ping -c 2 -W 1 10.9.9.9',
      stdout:
        'PING 10.9.9.9 (10.9.9.9) 56(84) bytes of data.\nFrom 10.1.0.1 icmp_seq=1 Destination Net Unreachable\nFrom 10.1.0.1 icmp_seq=2 Destination Net Unreachable\n\n--- 10.9.9.9 ping statistics ---\n2 packets transmitted, 0 received, +2 errors, 100% packet loss, time Tms\n\n',
      status: 1,
    },
    {
      line: 'ping -c 1 -t 1 -W 1 10.2.0.2',
      stdout: 'PING 10.2.0.2 (10.2.0.2) 56(84) bytes of data.\nFrom 10.1.0.1 icmp_seq=1 Time to live exceeded\n\n--- 10.2.0.2 ping statistics ---\n1 packets transmitted, 0 received, +1 errors, 100% packet loss, time Tms\n\n',
      status: 1,
    },
    {
      line: 'ping -c 1 -s 2000 10.2.0.2',
      stdout: 'PING 10.2.0.2 (10.2.0.2) 2000(2028) bytes of data.\n2008 bytes from 10.2.0.2: icmp_seq=1 ttl=63 time=T ms\n\n--- 10.2.0.2 ping statistics ---\n1 packets transmitted, 1 received, 0% packet loss, time Tms\nrtt min/avg/max/mdev = R ms\n',
      status: 0,
    },
    {
      line: 'ping -c 1 -s 1473 -M do 10.2.0.2',
      stdout: 'PING 10.2.0.2 (10.2.0.2) 1473(1501) bytes of data.\n\n--- 10.2.0.2 ping statistics ---\n1 packets transmitted, 0 received, +1 errors, 100% packet loss, time Tms\n\n',
      stderr: 'ping: sendmsg: Message too long\n',
      status: 1,
    },
    { line: 'ping', stderr: 'ping: usage error: Destination address required\n', status: 2 },
    {
      line: 'ping -c 1 -I e0 10.2.0.2',
      stdout: 'PING 10.2.0.2 (10.2.0.2) from 10.1.0.2 e0: 56(84) bytes of data.\n64 bytes from 10.2.0.2: icmp_seq=1 ttl=63 time=T ms\n\n--- 10.2.0.2 ping statistics ---\n1 packets transmitted, 1 received, 0% packet loss, time Tms\nrtt min/avg/max/mdev = R ms\n',
      status: 0,
    },
    { line: 'ping -c 1 -I nosuch 10.2.0.2', stderr: 'ping: SO_BINDTODEVICE nosuch: No such device\n', status: 2 },
    { line: 'ping -c 1 -I 10.1.0.99 10.2.0.2', stderr: 'ping: bind: Cannot assign requested address\n', status: 2 },
    { line: 'ping -c 0 10.1.0.1', stderr: "ping: invalid argument: '0': out of range: 1 <= value <= 9223372036854775807\n", status: 1 },
    { line: 'ping -c 1 10.2.0.300', stderr: 'ping: 10.2.0.300: Temporary failure in name resolution\n', status: 2 },
    { line: 'ping -f 10.1.0.1', stderr: 'ping: option -f is not emulated here\n', status: 2 },
    {
      line: 'bbping -c 2 10.2.0.2',
      stdout:
        'PING 10.2.0.2 (10.2.0.2): 56 data bytes\n64 bytes from 10.2.0.2: seq=0 ttl=63 time=T ms\n64 bytes from 10.2.0.2: seq=1 ttl=63 time=T ms\n\n--- 10.2.0.2 ping statistics ---\n2 packets transmitted, 2 packets received, 0% packet loss\nround-trip min/avg/max = R ms\n',
      status: 0,
    },
    { line: 'bbping -c 2 -W 1 10.1.0.77', stdout: 'PING 10.1.0.77 (10.1.0.77): 56 data bytes\n\n--- 10.1.0.77 ping statistics ---\n2 packets transmitted, 0 packets received, 100% packet loss\n', status: 1 },
    { line: 'bbping nosuch', stderr: "ping: bad address 'nosuch'\n", status: 1 },
  ];
  test.each(cases)('$line', ({ line, stdout = '', stderr = '', status }) => {
    const lab = new NetLab();
    const outcome = lab.run(lab.a, line);
    expect({ stdout: plain(outcome.stdout), stderr: outcome.stderr, status: outcome.status }).toEqual({ stdout, stderr, status });
  });

  test('says connect: when there is no route', () => {
    const lab = new NetLab();
    expect(lab.run(lab.r, 'ping -c 1 -W 1 10.9.9.9')).toEqual({ stdout: '', stderr: 'ping: connect: Network is unreachable\n', status: 2 });
  });
});

describe('curl', () => {
  test('-sS prints the body, -sv the recorded conversation', () => {
    const lab = new NetLab();
    lab.serve(lab.b, '/app/http', whoamiProgram);
    expect(lab.run(lab.a, 'curl -sS http://10.2.0.2:8000/')).toEqual({ stdout: "I'm c0ffee\n", stderr: '', status: 0 });
    const verbose = lab.run(lab.a, 'curl -sv http://b:8000/');
    expect(plain(verbose.stderr)).toBe(
      '* Host b:8000 was resolved.\n* IPv6: (none)\n* IPv4: 10.2.0.2\n*   Trying 10.2.0.2:8000...\n* Connected to b (10.2.0.2) port 8000\n* using HTTP/1.x\n> GET / HTTP/1.1\r\n> Host: b:8000\r\n> User-Agent: curl/8.14.1\r\n> Accept: */*\r\n> \r\n* Request completely sent off\n< HTTP/1.1 200 OK\r\n< Date: D\r\n< Content-Length: 11\r\n< Content-Type: text/plain; charset=utf-8\r\n< \r\n{ [11 bytes data]\n* Connection #0 to host b left intact\n',
    );
    expect(verbose.stdout).toBe("I'm c0ffee\n");
  });

  const failures: { line: string; stderr: string; status: number }[] = [
    { line: 'curl -sS --max-time 3 http://10.2.0.2/', stderr: 'curl: (7) Failed to connect to 10.2.0.2 port 80 after T ms: Could not connect to server\n', status: 7 },
    { line: 'curl -sS --max-time 3 http://10.2.0.77/', stderr: 'curl: (28) Connection timed out after T milliseconds\n', status: 28 },
    { line: 'curl -sS --max-time 3 http://10.9.9.9/', stderr: 'curl: (7) Failed to connect to 10.9.9.9 port 80 after T ms: Could not connect to server\n', status: 7 },
    { line: 'curl -s --max-time 3 http://10.9.9.9/', stderr: '', status: 7 },
    { line: 'curl -sS http://nosuch/', stderr: 'curl: (6) Could not resolve host: nosuch\n', status: 6 },
    { line: 'curl -sS', stderr: "curl: (2) no URL specified\ncurl: try 'curl --help' or 'curl --manual' for more information\n", status: 2 },
    { line: 'curl --compressed http://b/', stderr: 'curl: option --compressed is not emulated here\n', status: 2 },
    { line: 'curl --bogus http://b/', stderr: "curl: option --bogus: is unknown\ncurl: try 'curl --help' or 'curl --manual' for more information\n", status: 2 },
  ];
  test.each(failures)('$line', ({ line, stderr, status }) => {
    const lab = new NetLab();
    const outcome = lab.run(lab.a, line);
    expect({ stdout: outcome.stdout, stderr: plain(outcome.stderr), status: outcome.status }).toEqual({ stdout: '', stderr, status });
  });

  test('-w, -o, -I and two URLs over one connection', () => {
    const lab = new NetLab();
    lab.serve(lab.b, '/app/http', whoamiProgram);
    expect(lab.run(lab.a, `curl -s -o /dev/null -w '%{http_code} %{size_download} %{num_connects}\\n' b:8000`).stdout).toBe('200 11 1\n');
    expect(plain(lab.run(lab.a, 'curl -sI b:8000').stdout)).toBe('HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 11\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n');
    const two = lab.run(lab.a, "curl -s -w '%{num_connects} ' b:8000/a b:8000/b");
    expect(two.stdout).toBe("I'm c0ffee\n1 I'm c0ffee\n0 ");
  });

  test('without -s and a terminal it draws its meter', () => {
    const lab = new NetLab();
    lab.serve(lab.b, '/app/http', whoamiProgram);
    const { stderr } = lab.run(lab.a, 'curl b:8000');
    expect(stderr.replace(/100    11  100    11    0     0 +\d+k?      0 --:--:-- --:--:-- --:--:-- +\d+k?/, 'LAST')).toBe(
      '  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n                                 Dload  Upload   Total   Spent    Left  Speed\n\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0\rLAST\n',
    );
  });

  test('localhost goes to ::1 first, and hangs when that listener never accepts', () => {
    const lab = new NetLab();
    lab.serve(lab.a, 'dockerd', function* (ctx): Program {
      const listener = tcpSocket(ctx.netns, true);
      tcpBind(listener, 0, 8000);
      tcpListen(listener, 4096);
      ctx.install(new SocketFile(listener));
      return yield* sleepForever(ctx);
    });
    const outcome = lab.run(lab.a, 'curl -sv http://localhost:8000/', 120);
    expect(outcome.status).toBe(-1);
    expect(outcome.stderr).toBe(
      '* Host localhost:8000 was resolved.\n* IPv6: ::1\n* IPv4: 127.0.0.1\n*   Trying [::1]:8000...\n* Connected to localhost (::1) port 8000\n* using HTTP/1.x\n> GET / HTTP/1.1\r\n> Host: localhost:8000\r\n> User-Agent: curl/8.14.1\r\n> Accept: */*\r\n> \r\n* Request completely sent off\n',
    );
  });
});

function* sleepForever(ctx: ProgramContext): Program {
  for (;;) yield* ctx.sleep(3_600_000_000);
}

describe('ss', () => {
  test('-lntp lays its columns out as recorded', () => {
    const lab = new NetLab();
    expect(lab.run(lab.a, 'ss -lntp').stdout).toBe('State Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n');
    lab.serve(lab.a, '/app/http', whoamiProgram);
    const shown = lab.run(lab.a, 'ss -lntp').stdout;
    const pid = /pid=(\d+)/.exec(shown)?.[1] ?? '';
    expect(shown).toBe(
      `State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess${' '.repeat(20 + pid.length)}\nLISTEN 0      4096               *:8000            *:*    users:(("http",pid=${pid},fd=3))\n`,
    );
    expect(lab.run(lab.a, "ss -Hltn 'sport = :8000'").stdout).toBe('LISTEN 0 4096 *:8000 *:*\n');
    expect(lab.run(lab.a, "ss -Hltn 'sport = :80 or dport = :22'").stdout).toBe('');
  });

  test('-nt shows what a task sees of connections that nobody accepts', () => {
    const lab = new NetLab();
    lab.serve(lab.b, 'dockerd', function* (ctx): Program {
      const listener = tcpSocket(ctx.netns, true);
      tcpBind(listener, 0, 8000);
      tcpListen(listener, 4096);
      return yield* sleepForever(ctx);
    });
    lab.run(lab.a, 'curl -sS --max-time 1 http://10.2.0.2:8000/');
    const [header, row] = lab.run(lab.b, 'ss -nt').stdout.split('\n');
    expect(header).toBe('State      Recv-Q Send-Q     Local Address:Port      Peer Address:Port '.trimEnd().padEnd(header?.length ?? 0));
    expect(row?.replace(/:\d{5}/, ':P').replace(/ +/g, ' ').trim()).toBe('CLOSE-WAIT 78 0 [::ffff:10.2.0.2]:8000 [::ffff:10.1.0.2]:P');
  });

  test('-o shows timers, -a and states the rest', () => {
    const lab = new NetLab();
    lab.serve(lab.b, '/app/http', whoamiProgram);
    lab.run(lab.a, 'curl -sS b:8000; sleep 0.1');
    expect(lab.run(lab.a, 'ss -Htn').stdout).toBe('');
    expect(lab.run(lab.a, 'ss -Htan').stdout).toMatch(/^TIME-WAIT 0 0 10\.1\.0\.2:\d+ 10\.2\.0\.2:8000\n$/);
    expect(lab.run(lab.a, 'ss -Htno state time-wait').stdout).toMatch(/^0 0 10\.1\.0\.2:\d+ 10\.2\.0\.2:8000 timer:\(timewait,(1min|59(\.\d+ms|sec)),0\)\n$/);
    expect(lab.run(lab.a, 'ss -Htan dst 10.2.0.2:8000 and dport != :80').stdout).not.toBe('');
    expect(lab.run(lab.a, 'ss -Htan dst 10.3.0.0/16').stdout).toBe('');
  });

  test('-s of a namespace without sockets', () => {
    const lab = new NetLab();
    expect(lab.run(lab.a, 'ss -s').stdout).toBe(
      'Total: 0\nTCP:   0 (estab 0, closed 0, orphaned 0, timewait 0)\n\nTransport Total     IP        IPv6\nRAW\t  0         0         0        \nUDP\t  0         0         0        \nTCP\t  0         0         0        \nINET\t  0         0         0        \nFRAG\t  0         0         0        \n\n',
    );
  });

  test('an unknown letter fails in its words', () => {
    const lab = new NetLab();
    const outcome = lab.run(lab.a, 'ss -nosuch');
    expect(outcome.stderr.split('\n').slice(0, 3)).toEqual(["ss: invalid option -- 'c'", 'Usage: ss [ OPTIONS ]', '       ss [ OPTIONS ] [ FILTER ]']);
    expect(outcome.status).toBe(255);
  });
});

describe('netstat', () => {
  test('-lnt and -lnu as busybox prints them', () => {
    const lab = new NetLab();
    const header = 'Active Internet connections (only servers)\nProto Recv-Q Send-Q Local Address           Foreign Address         State       \n';
    lab.serve(lab.b, '/app/http', whoamiProgram);
    lab.serve(lab.b, 'named', nameServer);
    expect(lab.run(lab.b, 'netstat -lnt').stdout).toBe(`${header}tcp        0      0 :::8000                 :::*                    LISTEN      \n`);
    expect(lab.run(lab.b, 'netstat -lnu').stdout).toBe(`${header}udp        0      0 0.0.0.0:53              0.0.0.0:*                           \n`);
  });
});

describe('nc', () => {
  test('-z to closed ports', () => {
    const lab = new NetLab();
    expect(lab.run(lab.a, 'nc -zv -w 2 10.2.0.2 80')).toEqual({ stdout: '', stderr: 'nc: connect to 10.2.0.2 port 80 (tcp) failed: Connection refused\n', status: 1 });
    expect(lab.run(lab.a, 'nc -zvu -w 1 10.2.0.2 53')).toEqual({ stdout: '', stderr: '', status: 1 });
  });

  test('carries lines both ways', () => {
    const lab = new NetLab();
    lab.host.exec('echo pong | nc -l -p 7000 -q 1', { netns: lab.b });
    lab.scheduler.run(lab.scheduler.now + 1_000_000);
    expect(lab.run(lab.a, 'echo ping | nc -v -q 2 10.2.0.2 7000')).toEqual({ stdout: 'pong\n', stderr: 'Connection to 10.2.0.2 7000 port [tcp/*] succeeded!\n', status: 0 });
  });
});

/** Answers for `web`, 10.2.0.2 backwards, and SERVFAIL for the rest. */
function* nameServer(ctx: ProgramContext): Program {
  const socket = udpSocket(ctx.netns);
  udpBind(socket, 0, 53);
  for (;;) {
    const datagram = yield* receiveFrom(ctx, socket);
    const query = datagram.ok ? decodeDns(datagram.value.payload) : undefined;
    if (!datagram.ok || query === undefined) continue;
    const [question] = query.questions;
    const base = { name: question?.name ?? '', class: 1, ttl: 600 };
    const answers =
      question?.name === 'web'
        ? question.type === DNS_A
          ? [{ ...base, type: DNS_A, data: { address: ipv4('192.168.200.2') } }]
          : []
        : question?.name === '2.0.2.10.in-addr.arpa'
          ? [{ ...base, type: DNS_PTR, data: { target: 'task.demonet' } }]
          : undefined;
    const reply = answers === undefined ? { ...dnsReply(query, [], DNS_SERVFAIL), recursionAvailable: false } : dnsReply(query, answers);
    udpSend(socket, encodeDns(reply), datagram.value.address, datagram.value.port);
  }
}

describe('resolvers', () => {
  const ask = (line: string): ReturnType<NetLab['run']> => {
    const lab = new NetLab();
    lab.serve(lab.b, 'named', nameServer);
    return lab.run(lab.a, line);
  };

  test('dig prints header, question and answer at its columns', () => {
    const outcome = ask('dig web');
    expect(outcome.stdout.replace(/id: \d+/, 'id: N').replace(/time: \d+/, 'time: N').replace(/WHEN: .*/, 'WHEN: W').replace(/rcvd: \d+/, 'rcvd: N')).toBe(
      '\n; <<>> DiG 9.20.26-1~deb13u1-Debian <<>> web\n;; global options: +cmd\n;; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: N\n;; flags: qr rd ra; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 0\n\n;; QUESTION SECTION:\n;web.				IN	A\n\n;; ANSWER SECTION:\nweb.			600	IN	A	192.168.200.2\n\n;; Query time: N msec\n;; SERVER: 10.2.0.2#53(10.2.0.2) (UDP)\n;; WHEN: W\n;; MSG SIZE  rcvd: N\n\n',
    );
  });

  test.each([
    ['dig +short web', '192.168.200.2\n', 0],
    ['dig +short nosuch', '', 0],
    ['dig +noall +answer web', 'web.			600	IN	A	192.168.200.2\n', 0],
    ['dig +noall +answer -x 10.2.0.2', '2.0.2.10.in-addr.arpa.	600	IN	PTR	task.demonet.\n', 0],
    ['nslookup web', 'Server:\t\t10.2.0.2\nAddress:\t10.2.0.2#53\n\nNon-authoritative answer:\nName:\tweb\nAddress: 192.168.200.2\n\n', 0],
    ['nslookup nosuch', ";; Got SERVFAIL reply from 10.2.0.2\nServer:\t\t10.2.0.2\nAddress:\t10.2.0.2#53\n\n** server can't find nosuch: SERVFAIL\n\n", 1],
    ['bbnslookup web', 'Server:\t\t10.2.0.2\nAddress:\t10.2.0.2:53\n\nNon-authoritative answer:\nName:\tweb\nAddress: 192.168.200.2\n\nNon-authoritative answer:\n\n', 0],
    ['bbnslookup nosuch', "Server:\t\t10.2.0.2\nAddress:\t10.2.0.2:53\n\n** server can't find nosuch: SERVFAIL\n\n** server can't find nosuch: SERVFAIL\n\n", 1],
    ['bbnslookup 10.2.0.2', 'Server:\t\t10.2.0.2\nAddress:\t10.2.0.2:53\n\nNon-authoritative answer:\n2.0.2.10.in-addr.arpa\tname = task.demonet\n\n', 0],
    ['host nosuch', 'Host nosuch not found: 2(SERVFAIL)\n', 1],
    ['getent hosts web', '192.168.200.2   web\n', 0],
    ['getent hosts b.lab', '10.2.0.2        b b.lab\n', 0],
    ['getent hosts nosuch', '', 2],
  ])('%s', (line, stdout, status) => {
    const outcome = ask(line);
    expect({ stdout: outcome.stdout, status: outcome.status }).toEqual({ stdout, status });
  });

  test('ping shows the name of who answers when it was given a name', () => {
    const outcome = ask('ping -c 1 task; ping -c 1 b');
    expect(plain(outcome.stdout)).toContain('64 bytes from b (10.2.0.2): icmp_seq=1 ttl=63 time=T ms\n');
    expect(outcome.stderr).toBe('ping: task: Temporary failure in name resolution\n');
  });

  test('wget says what it does', () => {
    const lab = new NetLab();
    lab.serve(lab.b, '/app/http', whoamiProgram);
    expect(lab.run(lab.a, 'wget -q -O - http://b:8000/').stdout).toBe("I'm c0ffee\n");
    expect(lab.run(lab.a, 'wget -O /tmp/x http://10.2.0.2:81/').stderr).toContain('Connecting to 10.2.0.2:81... failed: Connection refused.\n');
  });
});
