// Makes the golden stories of this folder from recordings of a real swarm:
//   node test/paths/extract.mjs RECORDINGS_DIRECTORY
// One file per recording. A section per namespace and packet (the SYN, the SYN+ACK, and the VXLAN packets that carry them),
// a line per rule that matched or policy that ended a chain, as `xtables-monitor --trace` printed it on the real machines.
// The raw table is left out: the recording put its TRACE rules there. Ephemeral ports are written C (client) and V (VXLAN).
import fs from 'node:fs';
import path from 'node:path';

const [directory] = process.argv.slice(2);
for (const name of ['packet-path', 'packet-path-local', 'packet-path-loopback', 'packet-path-vip']) {
  const recording = JSON.parse(fs.readFileSync(path.join(directory, `${name}.json`), 'utf8'));
  const sections = recording.steps.filter((step) => step.cmd.includes('xtables-monitor --trace')).flatMap((step) => sectionsOf(step, recording.names));
  const request = recording.steps.find((step) => /\bcurl\b/.test(step.cmd) && step.exit === 0);
  const before = recording.steps.slice(0, recording.steps.indexOf(request));
  const setup = before.filter((step) => /^docker (swarm (init|join )|network create|service create)/.test(step.cmd)).map((step) => `@ ${step.node} ${step.cmd.replace(/SWMTKN-\S+/, 'TOKEN')}`);
  const lines = [`# ${name}: rules met by the SYN and the SYN+ACK, as recorded; made by extract.mjs`, ...setup, `? ${request.node} ${portable(request.cmd, recording.names)}`, ...sections];
  fs.writeFileSync(new URL(`${name}.story`, import.meta.url), `${lines.join('\n')}\n`);
}

/** A namespace file of a task is another one every time: asked of docker instead. */
function portable(cmd, names) {
  for (const [symbol, value] of Object.entries(names)) {
    if (typeof value !== 'object') continue;
    const ask = `$(docker inspect -f '{{.NetworkSettings.SandboxKey}}' $(docker ps -q -f name=${symbol}))`;
    cmd = cmd.replace(value.netns, ask);
  }
  return cmd;
}

/** `netns 1-vof90f3rnb` → `overlay ingress`, `container whoami.1.je8…` → `task whoami.1`; other names as they are. */
function placeOf(ns, names) {
  if (ns === 'host') return 'host';
  const text = ns.replace(/^(netns|container) /, '');
  for (const [symbol, value] of Object.entries(names)) {
    if (symbol.endsWith('.netns') && value === text) return `overlay ${symbol.slice(0, -6)}`;
    if (typeof value === 'object' && value.container === text) return `task ${symbol}`;
  }
  return text.replace(/^lb_\w{9}$/, 'lb');
}

function sectionsOf(step, names) {
  const packets = new Map();
  let fields = {};
  for (const line of step.stdout.split('\n')) {
    const packet = /^PACKET: \d+ (\w+) (.*)$/.exec(line);
    if (packet) {
      fields = { id: packet[1], flags: /(SYN ACK|SYN|FIN ACK|PSH ACK|ACK|RST) *$/.exec(packet[2].replace(/ MARK=\S+/, ''))?.[1] ?? '' };
      for (const [, key, value] of packet[2].matchAll(/(\w+)=(\S*)/g)) fields[key] = value;
      continue;
    }
    const trace = /^ TRACE: \d+ (\w+) (\w+):([\w-]+):(rule|policy|return):(?:0x\w+:)?(\S+?)(?::(\S+))? *(?: iptables (.*))?$/.exec(line);
    if (!trace || trace[2] === 'raw') continue;
    const [, id, table, chain, kind, verdict, to, command] = trace;
    const wrapped = fields.DPORT === '4789' && !fields.flags;
    if (!wrapped && fields.flags !== 'SYN' && fields.flags !== 'SYN ACK') continue;
    const text = (command ?? '').replace(/^-t \w+ /, '').trim();
    const word = verdict === '0xfffffffb' ? 'RETURN' : verdict;
    const address = `${fields.SRC}:${port(fields.SPORT, wrapped)} > ${fields.DST}:${port(fields.DPORT, false)}`;
    const out = `${table} ${chain} ${kind} ${word}${to ? ` ${to}` : ''} | ${text || '-'} | ${address} ttl ${fields.TTL} mark ${fields.MARK ?? '0x0'}`;
    const key = wrapped ? `VXLAN ${fields.SRC} > ${fields.DST} len ${fields.LEN}` : fields.flags === 'SYN' ? 'SYN' : 'SYN+ACK';
    // Of VXLAN only the first packet each way, which carries the SYN or the SYN+ACK (110 octets).
    if (wrapped && fields.LEN !== '110') continue;
    void id;
    if (!packets.has(key)) packets.set(key, []);
    packets.get(key).push(out);
  }
  return [...packets].map(([key, lines]) => `\n[${step.node} ${placeOf(step.ns, names)}] ${key}\n${lines.join('\n')}`);
}

function port(text, tunnel) {
  const number = Number(text);
  if (tunnel) return 'V';
  return number >= 32768 ? 'C' : text;
}
