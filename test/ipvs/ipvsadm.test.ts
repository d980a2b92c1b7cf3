// What ipvsadm prints and refuses, as version 1.31 did on a 6.12 kernel (recording kernel-ipvs).
import { describe, expect, test } from 'vitest';
import { procIpVs, procIpVsConn, procIpVsStats, readIpvsSysctl, writeIpvsSysctl } from '../../simulator/ipvs/index.ts';
import { DirectorLab } from './director.ts';

const HEAD = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
`;

/** Command, stderr, exit status; with a service 10.1.0.100:80 that has 10.2.0.11:80. */
const ERRORS: readonly (readonly [string, string, number])[] = [
  ['-A', "You need to supply the 'service-address' option for the 'add-service' command", 2],
  ['-A -t', '-t: missing argument', 255],
  ['-A -t 10.1.0.100', 'Zero port specified for non-persistent service', 2],
  ['-A -t 10.1.0.100:99999', 'illegal virtual server address[:port] specified', 2],
  ['-A -t 10.1.0.300:80', 'illegal virtual server address[:port] specified', 2],
  ['-A -t nosuchhost:80', 'illegal virtual server address[:port] specified', 2],
  ['-A -t 10.1.0.100:80 -s rr', 'Service already exists', 255],
  ['-A -t 10.1.0.101:80 -s nosuch', 'Scheduler or persistence engine not found', 255],
  ['-A -f 0', "invalid fwmark value `0' specified", 2],
  ['-A -f xyz', "invalid fwmark value `xyz' specified", 2],
  ['-A -f 5 -t 10.1.0.101:80', "multiple 'service-address' options specified", 2],
  ['-a -t 10.1.0.100:80 -r 10.2.0.11:80 -m', 'Destination already exists', 255],
  ['-a -t 10.1.0.100:80', "You need to supply the 'real-server' option for the 'add-server' command", 2],
  ['-a -t 10.9.9.9:80 -r 10.2.0.11 -m', 'Service not defined', 255],
  ['-a -t 10.1.0.100:80 -r 10.2.0.12 -m -w -1', 'illegal weight specified', 2],
  ['-a -t 10.1.0.100:80 -r 10.2.0.12 -m -w abc', 'illegal weight specified', 2],
  ['-a -t 10.1.0.100:80 -r 10.2.0.400 -m', 'illegal real server address[:port] specified', 2],
  ['-a -t 10.1.0.100:80 -r 10.2.0.12 -g -m', "multiple 'forwarding-method' options specified", 2],
  ['-e -t 10.1.0.100:80 -r 10.2.0.99 -m -w 2', 'No such destination', 255],
  ['-e -t 10.9.9.9:80 -r 10.2.0.99 -m', 'Service not defined', 255],
  ['-E -t 10.9.9.9:80 -s rr', 'No such service', 255],
  ['-D -t 10.9.9.9:80', 'No such service', 255],
  ['-D -f 99', 'No such service', 255],
  ['-d -t 10.1.0.100:80 -r 10.2.0.99', 'No such destination', 255],
  ['-d -t 10.9.9.9:80 -r 10.2.0.99', 'Service not defined', 255],
  ['-l -t 10.9.9.9:80', 'No such service', 1],
  ['-Z -t 10.9.9.9:80', 'No such service', 255],
  ['-z', "Try `ipvsadm -h' or 'ipvsadm --help' for more information.", 255],
  ['--nosuch', "Try `ipvsadm -h' or 'ipvsadm --help' for more information.", 255],
  ['-A -D -t 10.1.0.100:80', "invalid option `-D'", 2],
  ['-A -t 10.1.0.102:80 -r 10.2.0.11', "Illegal 'real-server' option with the 'add-service' command", 2],
  ['-A -t 10.1.0.102:80 -p abc', "invalid timeout value `abc' specified", 2],
  ['-a -f 99 -r 10.2.0.11 -m', 'Service not defined', 255],
  ['-a -t 10.1.0.100:80 -r [fd00::5]:80 -m', 'Different address family is allowed only for tunneling servers', 2],
  ['-ln extra', 'unexpected argument extra', 2],
  ['-R -x', '-x: missing argument', 255],
  ['--set 1 2', '--set option requires 3 timeout values', 2],
  // Not of the recording: what is not emulated says so.
  ['-a -t 10.1.0.100:80 -r 10.2.0.12 -i --tun-type gue', 'ipvsadm: option --tun-type gue is not emulated here', 2],
  ['-A -t 10.1.0.101:80 --pe sip', 'ipvsadm: option --pe is not emulated here', 2],
  ['--start-daemon master', 'ipvsadm: the synchronisation daemon is not emulated here', 2],
  ['--start-daemon', "Try `ipvsadm -h' or 'ipvsadm --help' for more information.", 255],
];

describe('errors', () => {
  test.each(ERRORS)('ipvsadm %s', (line, stderr, exit) => {
    const lab = new DirectorLab();
    lab.setUp('-A -t 10.1.0.100:80 -s rr', '-a -t 10.1.0.100:80 -r 10.2.0.11:80 -m');
    expect(lab.ipvsadm(line)).toEqual({ stdout: '', stderr: `${stderr}\n`, exit });
  });

  test('restoring stops at the first line that fails', () => {
    const lab = new DirectorLab();
    lab.setUp('-A -t 10.1.0.100:80 -s rr');
    expect(lab.ipvsadm('-R', 'garbage\n')).toMatchObject({
      stderr: "Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n",
      exit: 255,
    });
    expect(lab.ipvsadm('-R', '-A -f 9 -s rr\n-A -t 10.1.0.100:80\n-A -f 10 -s rr\n')).toMatchObject({
      stderr: 'Service already exists\n',
      exit: 255,
    });
    expect(lab.ipvsadm('-Sn').stdout).toBe('-A -t 10.1.0.100:80 -s rr\n-A -f 9 -s rr\n');
  });
});

describe('listings', () => {
  test('services and servers, sorted, in every column set', () => {
    const lab = new DirectorLab();
    lab.setUp(
      '-A -f 7 -s sh -b sh-port',
      '-a -f 7 -r 10.2.0.11 -m -x 100 -y 50',
      '-A -u 10.1.0.100:53',
      '-A -t 10.1.0.100:80 -s wrr -p 600',
      '-a -t 10.1.0.100:80 -r 10.2.0.12:80 -g -w 2',
      '-a -t 10.1.0.100:80 -r 10.2.0.11:80 -m -w 3',
      '-A -t 10.1.0.101:0 -s rr -p',
    );
    expect(lab.ipvsadm('-ln').stdout).toBe(`${HEAD}TCP  10.1.0.100:80 wrr persistent 600
  -> 10.2.0.11:80                 Masq    3      0          0         
  -> 10.2.0.12:80                 Route   2      0          0         
TCP  10.1.0.101:0 rr persistent 360
UDP  10.1.0.100:53 wlc
FWM  7 sh (sh-port)
  -> 10.2.0.11:0                  Masq    1      0          0         
`);
    expect(lab.ipvsadm('-S').stdout).toBe(`-A -t 10.1.0.100:http -s wrr -p 600
-a -t 10.1.0.100:http -r 10.2.0.11:http -m -w 3
-a -t 10.1.0.100:http -r 10.2.0.12:http -g -w 2
-A -t 10.1.0.101:0 -s rr -p 360
-A -u 10.1.0.100:domain -s wlc
-A -f 7 -s sh -b sh-port
-a -f 7 -r 10.2.0.11:0 -m -w 1
`);
    expect(lab.ipvsadm('-Ln -f 7 --thresholds').stdout)
      .toBe(`Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn 
  -> RemoteAddress:Port
FWM  7 sh (sh-port)
  -> 10.2.0.11:0                  100        50         0          0         
`);
    expect(lab.ipvsadm('-Ln -t 10.1.0.100:80 --persistent-conn').stdout)
      .toBe(`Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn 
  -> RemoteAddress:Port
TCP  10.1.0.100:80 wrr persistent 600
  -> 10.2.0.11:80                 3         0           0          0         
  -> 10.2.0.12:80                 2         0           0          0         
`);
    const saved = lab.ipvsadm('-Sn').stdout;
    lab.setUp('-C');
    expect(lab.ipvsadm('-Sn').stdout).toBe('');
    expect(lab.ipvsadm('-R', saved).exit).toBe(0);
    expect(lab.ipvsadm('-Sn').stdout).toBe(saved);
  });

  test('without services, and the other lists', () => {
    const lab = new DirectorLab();
    expect(lab.ipvsadm('-ln').stdout).toBe(HEAD);
    expect(lab.ipvsadm('').stdout).toBe(HEAD);
    expect(lab.ipvsadm('-l --timeout').stdout).toBe('Timeout (tcp tcpfin udp): 900 120 300\n');
    lab.setUp('--set 100 0 20');
    expect(lab.ipvsadm('-l --timeout').stdout).toBe('Timeout (tcp tcpfin udp): 100 120 20\n');
    expect(lab.ipvsadm('-lnc').stdout).toBe(
      'IPVS connection entries\npro expire state       source             virtual            destination\n',
    );
    expect(lab.ipvsadm('--version').stdout).toBe('ipvsadm v1.31 2019/12/24 (compiled with popt and IPVS v1.2.1)\n');
  });

  test('counters of connections that came and went', () => {
    const lab = new DirectorLab();
    lab.service('rr', [1, 1]);
    lab.seq(1);
    // Not sampled yet, as recorded.
    expect(lab.ipvsadm('-ln --stats').stdout).toContain(
      'TCP  10.1.0.100:80                       0        0        0        0        0\n',
    );
    lab.run(2_000_000);
    expect(lab.ipvsadm('-ln --stats').stdout).toBe(`IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
  -> RemoteAddress:Port
TCP  10.1.0.100:80                       1        5        3      268      166
  -> 10.2.0.11:80                        0        0        0        0        0
  -> 10.2.0.12:80                        1        5        3      268      166
`);
    expect(lab.ipvsadm('-lnc').stdout).toMatch(
      /\nTCP 01:5\d {2}TIME_WAIT {3}10\.1\.0\.2:\d+ +10\.1\.0\.100:80 {6}10\.2\.0\.12:80\n$/,
    );
    expect(lab.ipvsadm('-ln').stdout).toContain(
      '  -> 10.2.0.12:80                 Masq    1      0          1         \n',
    );
    expect(lab.ipvsadm('-ln --rate').stdout).toMatch(/TCP {2}10\.1\.0\.100:80 {23}0 {8}1 {8}0 {7}3\d {7}2\d\n/);
    lab.setUp('-Z');
    expect(lab.ipvsadm('-ln --stats --exact').stdout).toContain(
      'TCP  10.1.0.100:80                       0        0        0        0        0\n',
    );
    lab.run(120_000_000);
    expect(lab.ipvsadm('-ln').stdout).toContain(
      '  -> 10.2.0.12:80                 Masq    1      0          0         \n',
    );
  });
});

describe('/proc', () => {
  test('files say the same in hexadecimal', () => {
    const lab = new DirectorLab();
    expect(procIpVsConn(lab.d)).toBe(
      'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n',
    );
    lab.service('rr', [1]);
    lab.setUp('-A -f 256 -s rr');
    lab.seq(1);
    expect(procIpVs(lab.d).split('\n').slice(3)).toEqual([
      'TCP  0A010064:0050 rr ',
      '  -> 0A02000B:0050      Masq    1      0          1         ',
      'FWM  00000100 rr ',
      '',
    ]);
    expect(procIpVsConn(lab.d)).toMatch(/\nTCP 0A010002 [0-9A-F]{4} 0A010064 0050 0A02000B 0050 TIME_WAIT {7}1\d\d\n$/);
    lab.run(2_000_000);
    expect(procIpVsStats(lab.d).split('\n')[2]).toBe('       1        5        3              10C               A6');
  });

  test('sysctls', () => {
    const lab = new DirectorLab();
    expect(readIpvsSysctl(lab.d, 'sync_threshold')).toBe('3\t50');
    expect(readIpvsSysctl(lab.d, 'conn_reuse_mode')).toBe('1');
    expect(writeIpvsSysctl(lab.d, 'conntrack', '1\n').ok).toBe(true);
    expect(readIpvsSysctl(lab.d, 'conntrack')).toBe('1');
    expect(readIpvsSysctl(lab.c, 'conntrack')).toBe('0');
    expect(writeIpvsSysctl(lab.d, 'conntrack', 'x')).toMatchObject({ errno: 'EINVAL' });
    expect(writeIpvsSysctl(lab.d, 'drop_entry', '9')).toMatchObject({ errno: 'EINVAL' });
    expect(writeIpvsSysctl(lab.d, 'nosuch', '1')).toMatchObject({ errno: 'ENOENT' });
  });
});
