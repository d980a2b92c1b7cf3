// ipvsadm without -n asks for the names of what it prints, on the wire, once for each time that it prints it.
import { expect, test } from 'vitest';
import { decodeDns, DNS_PTR, dnsReply, encodeDns } from '../../simulator/wire/dns.ts';
import { receiveFrom, udpBind, udpSend, udpSocket } from '../../simulator/transport/index.ts';
import { NetLab } from '../tools/netlab.ts';

function withServer(answer: boolean): { lab: NetLab; asked: string[] } {
  const lab = new NetLab();
  const asked: string[] = [];
  lab.serve(lab.b, 'dns', function* (ctx) {
    const socket = udpSocket(ctx.netns);
    udpBind(socket, 0, 53);
    for (;;) {
      const datagram = yield* receiveFrom(ctx, socket);
      if (!datagram.ok) return 1;
      const query = decodeDns(datagram.value.payload);
      const name = query?.questions[0]?.name;
      if (query === undefined || name === undefined) continue;
      asked.push(name);
      const target = `n${name.split('.')[0]}.lab`;
      const record = { name, class: 1, type: DNS_PTR, ttl: 60, data: { target } };
      if (answer) udpSend(socket, encodeDns(dnsReply(query, [record])), datagram.value.address, datagram.value.port);
    }
  });
  lab.run(lab.a, 'ipvsadm -A -t 10.3.0.100:80 -s rr; ipvsadm -a -t 10.3.0.100:80 -r 10.3.0.9:8000 -m');
  return { lab, asked };
}

const QUESTIONS = ['100.0.3.10.in-addr.arpa', '9.0.3.10.in-addr.arpa'];

test('names that come back are printed', () => {
  const { lab, asked } = withServer(true);
  expect(lab.run(lab.a, 'ipvsadm -l').stdout).toBe(
    'IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\nTCP  n100.lab:http rr\n  -> n9.lab:8000                  Masq    1      0          0         \n',
  );
  expect(asked).toEqual(QUESTIONS);
  expect(lab.run(lab.a, 'ipvsadm -S').stdout).toBe(
    '-A -t n100.lab:http -s rr\n-a -t n100.lab:http -r n9.lab:8000 -m -w 1\n',
  );
  expect(asked).toHaveLength(4);
});

test('with -n nobody is asked', () => {
  const { lab, asked } = withServer(true);
  lab.run(lab.a, 'ipvsadm -ln; ipvsadm -Sn; ipvsadm -lnc');
  expect(asked).toEqual([]);
});

test('a server that is silent is asked twice for each, and addresses stay', () => {
  const { lab, asked } = withServer(false);
  expect(lab.run(lab.a, 'ipvsadm -l').stdout).toContain('TCP  10.3.0.100:http rr\n');
  expect(asked).toEqual(QUESTIONS.flatMap((name) => [name, name]));
});
