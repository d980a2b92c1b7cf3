// Random command lines for ipvsadm, from its grammar and from byte soup: nothing may crash or wait, and what is printed can be
// restored. FUZZ_LINES says how many lines (2,000 in CI, 100,000 for a long night); FUZZ_SEED which ones.
import { expect, test } from 'vitest';
import { RandomStream } from '../../simulator/base/random.ts';
import { DirectorLab } from '../ipvs/director.ts';

const LINES = Number(process.env['FUZZ_LINES'] ?? 2000);
const SEED = Number(process.env['FUZZ_SEED'] ?? 1);
const PER_LAB = 250;

const COMMANDS =
  '-A -E -D -C -R -S -a -e -d -L -l -Z -h -v --set --start-daemon --stop-daemon --list --zero --add-service --clear --save'.split(
    ' ',
  );
const OPTIONS =
  '-t -u -f -s -p -M -r -m -g -i -w -x -y -n -c -o -b -6 --sctp-service --pe --timeout --daemon --stats --rate --exact --thresholds --persistent-conn --nosort --sort --tun-type --tun-port --tun-info --tun-nocsum --syncid --mcast-interface --mcast-port --mcast-ttl --sync-maxlen --tcp-service --weight --nosuch -z'.split(
    ' ',
  );
const VALUES =
  '10.1.0.100:80 10.1.0.100:http 10.1.0.101:0 10.1.0.102 10.2.0.11 10.2.0.12:80 10.2.0.300:80 [fd00::1]:80 [fd00::2] fd00::3 ::1 256 0 -1 1 70000 4294967296 rr wrr lc wlc lblc lblcr dh sh sed nq fo ovf mh twos nosuch sh-port sh-port,sh-fallback mh-fallback 255.255.255.0 64 300 900 120 ipip gue master backup eth0 constructor __proto__ toString'.split(
    ' ',
  );

function soup(random: RandomStream): string {
  let text = '';
  for (let i = random.below(24); i > 0; i--)
    text += String.fromCharCode(33 + random.below(random.below(8) === 0 ? 60000 : 94));
  return text;
}

function randomLine(random: RandomStream): string {
  const pick = (list: readonly string[]): string => list[random.below(list.length)] as string;
  const words = random.below(12) === 0 ? [] : [pick(COMMANDS)];
  for (let i = random.below(7); i > 0; i--) {
    const kind = random.below(20);
    if (kind === 0) words.push(soup(random));
    else if (kind < 3) words.push(pick(VALUES));
    else words.push(pick(OPTIONS), ...(random.below(4) === 0 ? [] : [pick(VALUES)]));
  }
  // Enough that go well, so that the others meet services.
  if (random.below(4) === 0)
    return `-A ${pick(['-t', '-u', '--sctp-service'])} 10.1.0.10${random.below(4)}:80 -s ${pick(['rr', 'wrr', 'sh', 'mh', 'lblc', 'lblcr', 'twos'])}`;
  if (random.below(4) === 0)
    return `-a -t 10.1.0.10${random.below(4)}:80 -r 10.2.0.1${1 + random.below(3)} ${pick(['-m', '-g', '-i'])} -w ${random.below(5)}`;
  return words.join(' ');
}

test(`${LINES} command lines`, () => {
  const random = new RandomStream(SEED, 'fuzz ipvsadm');
  let lab = new DirectorLab();
  for (let i = 0; i < LINES; i++) {
    if (i % PER_LAB === 0) lab = new DirectorLab();
    const line = randomLine(random);
    const { stdout, stderr, exit } = lab.ipvsadm(
      line,
      random.below(3) === 0 ? `${randomLine(random)}\n${soup(random)}\n` : '',
    );
    expect(Number.isInteger(exit), line).toBe(true);
    expect(exit === 0 || stderr !== '', `${line}\n${stdout}`).toBe(true);
    expect(stdout + stderr, line).not.toMatch(/undefined|NaN|\[object/);
    if (i % 40 !== 39) continue;
    expect(lab.seq(1)).toHaveLength(1);
    const saved = lab.ipvsadm('-S -n').stdout;
    lab.setUp('-C');
    expect(lab.ipvsadm('-R', saved)).toEqual({ stdout: '', stderr: '', exit: 0 });
    expect(lab.ipvsadm('-S -n').stdout).toBe(saved);
  }
}, 600_000);
