// `ip xfrm` against the recorded one (overlay-encrypted.json, steps 20 to 22), its errors, and what it refuses.
import { beforeEach, expect, test } from 'vitest';
import { Machine, newUniverse } from './ip-machine.ts';

const STATE = `src 192.168.56.11 dst 192.168.56.12
	proto esp spi 0xcfab4099 reqid 13681891 mode transport
	replay-window 0 
	aead rfc4106(gcm(aes)) 0x8da5228363014d402f32fc85777e257ccfab4099 64
	anti-replay context: seq 0x0, oseq 0x0, bitmap 0x00000000
	sel src 0.0.0.0/0 dst 0.0.0.0/0 
`;
const POLICY = `src 192.168.56.11/32 dst 192.168.56.12/32 proto udp dport 4789 
	dir out priority 0 ptype main 
	mark 0xd0c4e3/0xffffffff 
	tmpl src 192.168.56.11 dst 192.168.56.12
		proto esp spi 0xcfab4099 reqid 13681891 mode transport
`;
const LIFETIME = `	lifetime config:
	  limit: soft (INF)(bytes), hard (INF)(bytes)
	  limit: soft (INF)(packets), hard (INF)(packets)
	  expire add: soft 0(sec), hard 0(sec)
	  expire use: soft 0(sec), hard 0(sec)
	lifetime current:
	  0(bytes), 0(packets)
	  add DATE use -
`;
const LONG_STATE = `src 192.168.56.11 dst 192.168.56.12
	proto esp spi 0xcfab4099(3484106905) reqid 13681891(0x00d0c4e3) mode transport
	replay-window 0 seq 0x00000000 flag  (0x00000000)
	aead rfc4106(gcm(aes)) 0x8da5228363014d402f32fc85777e257ccfab4099 (160 bits) 64
	anti-replay context: seq 0x0, oseq 0x0, bitmap 0x00000000
	sel src 0.0.0.0/0 dst 0.0.0.0/0 uid 0
${LIFETIME}	stats:
	  replay-window 0 replay 0 failed 0
`;
const LONG_POLICY = `src 192.168.56.11/32 dst 192.168.56.12/32 proto udp dport 4789 uid 0
	dir out action allow index 1 priority 0 ptype main share any flag  (0x00000000)
${LIFETIME}	mark 0xd0c4e3/0xffffffff 
	tmpl src 192.168.56.11 dst 192.168.56.12
		proto esp spi 0xcfab4099(3484106905) reqid 13681891(0x00d0c4e3) mode transport
		level required share any 
		enc-mask ffffffff auth-mask ffffffff comp-mask ffffffff
`;

const ID = 'src 192.168.56.11 dst 192.168.56.12 proto esp spi 0xcfab4099';
const ADD_STATE = `ip xfrm state add ${ID} reqid 13681891 mode transport aead rfc4106(gcm(aes)) 0x8da5228363014d402f32fc85777e257ccfab4099 64`;
const SELECTOR = 'src 192.168.56.11/32 dst 192.168.56.12/32 proto udp dport 4789 dir out mark 0xd0c4e3';
const ADD_POLICY = `ip xfrm policy add ${SELECTOR} tmpl ${ID} reqid 13681891 mode transport`;

let machine: Machine;
beforeEach(() => {
  machine = new Machine('node1', newUniverse(), '192.168.56.11/24', '08:00:27:38:00:11');
});

test('nothing at first; what was added is listed as the real one lists it, and goes again', () => {
  for (const command of ['ip xfrm state', 'ip x s', 'ip xfrm policy list', 'ip -s x p'])
    expect(machine.run(command)).toEqual({ stdout: '', stderr: '', exit: 0 });
  expect([machine.run(ADD_STATE), machine.run(ADD_POLICY)]).toEqual(
    Array.from({ length: 2 }, () => ({ stdout: '', stderr: '', exit: 0 })),
  );
  const dateless = (command: string): string =>
    machine.run(command).stdout.replace(/(?<=add )\S+ [\d:]+|(?<=add )-/g, 'DATE');
  expect(dateless('ip xfrm state')).toBe(STATE);
  expect(dateless('ip xfrm policy')).toBe(POLICY);
  expect(dateless('ip -s xfrm state')).toBe(LONG_STATE);
  expect(dateless('ip -s xfrm policy')).toBe(LONG_POLICY);
  expect(machine.run(`ip xfrm state get ${ID}`).stdout).toBe(STATE);
  expect(machine.run(`ip xfrm policy get ${SELECTOR}`).stdout).toBe(POLICY);
  expect(machine.run('ip xfrm state list nokeys').stdout).toContain('rfc4106(gcm(aes)) <<Keys hidden>> 64\n');
  expect(machine.run('ip xfrm state list src 192.168.56.12').stdout).toBe('');
  expect(machine.run('ip xfrm policy list dir in').stdout).toBe('');
  expect(machine.run('ip xfrm state count').stdout).toBe('\t SAD count 1\n');
  expect(machine.run('ip xfrm policy count').stdout).toBe('\t SPD IN  0 OUT 1 FWD 0\n');
  for (const command of [`ip xfrm state delete ${ID}`, `ip xfrm policy delete ${SELECTOR}`])
    expect(machine.run(command).exit).toBe(0);
  expect(machine.run('ip xfrm state').stdout + machine.run('ip xfrm policy').stdout).toBe('');
});

test.each([
  [ADD_STATE, 2, 'RTNETLINK answers: File exists\n'],
  [ADD_POLICY, 2, 'RTNETLINK answers: File exists\n'],
  ['ip xfrm state get src 10.0.0.1 dst 10.0.0.2 proto esp spi 1', 2, 'RTNETLINK answers: No such process\n'],
  ['ip xfrm policy delete src 10.0.0.1/32 dir out', 2, 'RTNETLINK answers: No such file or directory\n'],
  ['ip xfrm policy add src 10.0.0.1/32', 1, 'Not enough information: DIR is required.\n'],
  ['ip xfrm state add reqid 1', 1, 'Not enough information: ID is required\n'],
  ['ip xfrm state nosuch', 255, 'Command "nosuch" is unknown, try "ip xfrm state help".\n'],
  ['ip xfrm nosuch', 255, 'Object "nosuch" is unknown, try "ip xfrm help".\n'],
  ['ip xfrm monitor', 1, 'ip: xfrm monitor is not emulated here\n'],
  [`ip xfrm state add ${ID} mode tunnel`, 1, 'ip: xfrm mode tunnel is not emulated here\n'],
  ['ip xfrm state add src 10.0.0.1 dst 10.0.0.2 proto ah spi 1', 1, 'ip: xfrm proto ah is not emulated here\n'],
  [`ip xfrm state add ${ID} enc cbc(aes) 0x00`, 1, 'ip: xfrm state enc is not emulated here\n'],
  [`ip xfrm state add ${ID} replay-window 32`, 1, 'ip: xfrm replay-window is not emulated here\n'],
])('%s: exit %i', (command, exit, stderr) => {
  machine.run(ADD_STATE);
  machine.run(ADD_POLICY);
  expect(machine.run(command)).toEqual({ stdout: '', stderr, exit });
});
