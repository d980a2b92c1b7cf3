/** brctl(8) of bridge-utils 1.7: show, showmacs, addbr, delbr, addif, delif, stp, setageing, setfd, sethello, setmaxage, setbridgeprio, hairpin. */
import { formatMac } from '../base/address.ts';
import { strerror } from '../base/errno.ts';
import type { Refused } from '../base/result.ts';
import type { NetDevice } from '../kernel/device.ts';
import { fdbEntries } from '../kernel/fdb.ts';
import { deleteLink, newLink, setBridge, setLink } from '../kernel/netlink/link.ts';
import { fail, type Blocking, type Program, type ProgramContext, type Tool } from '../process/program.ts';

const USAGE = `Usage: brctl [commands]
commands:
	addbr     	<bridge>		add bridge
	delbr     	<bridge>		delete bridge
	addif     	<bridge> <device>	add interface to bridge
	delif     	<bridge> <device>	delete interface from bridge
	hairpin   	<bridge> <port> {on|off}	turn hairpin on/off
	setageing 	<bridge> <time>		set ageing time
	setbridgeprio	<bridge> <prio>		set bridge priority
	setfd     	<bridge> <time>		set bridge forward delay
	sethello  	<bridge> <time>		set hello time
	setmaxage 	<bridge> <time>		set max message age
	setpathcost	<bridge> <port> <cost>	set path cost
	setportprio	<bridge> <port> <prio>	set port priority
	show      	[ <bridge> ]		show a list of bridges
	showmacs  	<bridge>		show a list of mac addrs
	showstp   	<bridge>		show bridge stp info
	stp       	<bridge> {on|off}	turn stp on/off
`;

const WORDS: Readonly<Record<string, number>> = {
  addbr: 1,
  delbr: 1,
  addif: 2,
  delif: 2,
  hairpin: 3,
  setageing: 2,
  setbridgeprio: 2,
  setfd: 2,
  sethello: 2,
  setmaxage: 2,
  showmacs: 1,
  stp: 2,
};

function* main(ctx: ProgramContext): Program {
  const [command, ...words] = ctx.argv.slice(1);
  if (command === undefined || command === '-h' || command === '--help')
    return yield* fail(ctx, USAGE, command === undefined ? 1 : 0);
  if (command === '-V' || command === '--version') {
    yield* ctx.out('bridge-utils, 1.7.1\n');
    return 0;
  }
  if (['setpathcost', 'setportprio', 'showstp'].includes(command))
    return yield* fail(ctx, `brctl: ${command} is not emulated here`);
  if (command === 'show') return yield* show(ctx, words);
  const count = WORDS[command];
  if (count === undefined) return yield* fail(ctx, `never heard of command [${command}]\n${USAGE}`);
  if (words.length < count) return yield* fail(ctx, `Incorrect number of arguments for command\n${USAGE}`);
  if (command === 'addbr') return yield* add(ctx, words[0] as string);
  const [name = '', second = '', third = ''] = words;
  const bridge = ctx.netns.device(name);
  if (bridge?.bridge === undefined || bridge.bridge === null) {
    const what = bridge === undefined ? 'No such device' : 'Operation not supported';
    if (command === 'delbr')
      return yield* fail(
        ctx,
        bridge === undefined ? `bridge ${name} doesn't exist; can't delete it` : `can't delete bridge ${name}: ${what}`,
      );
    if (command === 'showmacs') return yield* fail(ctx, `read of forward table failed: ${what}`);
    if (command === 'addif' || command === 'delif') return yield* fail(ctx, `bridge ${name} does not exist!`);
    return yield* fail(ctx, `${command} failed: ${what}`);
  }
  switch (command) {
    case 'delbr':
      if (bridge.up) return yield* fail(ctx, `bridge ${name} is still up; can't delete it`);
      deleteLink(bridge);
      return 0;
    case 'showmacs':
      yield* ctx.out(macs(bridge));
      return 0;
    case 'addif':
    case 'delif':
      return yield* port(ctx, bridge, second, command === 'addif');
    case 'hairpin': {
      const dev = ctx.netns.device(second);
      if (dev?.master !== bridge || dev.port === null)
        return yield* fail(ctx, `can't set ${second} to hairpin on bridge ${name}: Invalid argument`);
      if (!isSwitch(third)) return yield* fail(ctx, `expect on/off for argument\n`);
      dev.port.hairpin = isOn(third);
      return 0;
    }
    case 'stp':
      if (!isSwitch(second)) return yield* fail(ctx, 'expect on/off for argument');
      // Spanning trees are not emulated: it can be off, which it is.
      if (isOn(second)) return yield* fail(ctx, 'brctl: stp on is not emulated here');
      return 0;
    default:
      return yield* set(ctx, bridge, command, second);
  }
}

function isSwitch(word: string): boolean {
  return ['on', 'off', 'yes', 'no', '1', '0'].includes(word);
}

function isOn(word: string): boolean {
  return word === 'on' || word === 'yes' || word === '1';
}

function* add(ctx: ProgramContext, name: string): Blocking<number> {
  const made = newLink(ctx.netns, { name, link: { kind: 'bridge', bridge: {} }, origin: ctx.origin });
  if (made.ok) return 0;
  return yield* fail(
    ctx,
    made.errno === 'EEXIST'
      ? `device ${name} already exists; can't create bridge with the same name`
      : `add bridge failed: ${strerror(made.errno)}`,
  );
}

function* port(ctx: ProgramContext, bridge: NetDevice, name: string, add_: boolean): Blocking<number> {
  const dev = ctx.netns.device(name);
  if (dev === undefined) return yield* fail(ctx, `interface ${name} does not exist!`);
  if (add_ && dev.master !== null)
    return yield* fail(
      ctx,
      `device ${name} is already a member of a bridge; can't enslave it to bridge ${bridge.name}.`,
    );
  if (!add_ && dev.master !== bridge) return yield* fail(ctx, `device ${name} is not a port of ${bridge.name}`);
  const changed = setLink(dev, { master: add_ ? bridge : null });
  return changed.ok
    ? 0
    : yield* fail(
        ctx,
        `can't ${add_ ? 'add' : 'delete'} ${name} ${add_ ? 'to' : 'from'} bridge ${bridge.name}: ${strerror((changed as Refused).errno)}`,
      );
}

function* set(ctx: ProgramContext, bridge: NetDevice, command: string, word: string): Blocking<number> {
  if (!/^\d+(\.\d+)?$/.test(word)) return yield* fail(ctx, 'bad time value');
  const hundredths = Math.round(Number(word) * 100);
  const settings = {
    setageing: { ageingTime: hundredths },
    setfd: { forwardDelay: hundredths },
    sethello: { helloTime: hundredths },
    setmaxage: { maxAge: hundredths },
    setbridgeprio: { priority: Math.trunc(Number(word)) & 0xffff },
  }[command];
  if (settings !== undefined) setBridge(bridge, settings);
  return 0;
}

function* show(ctx: ProgramContext, names: readonly string[]): Blocking<number> {
  const bridges = [...ctx.netns.devices.values()]
    .filter((dev) => dev.bridge !== null)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const wanted: NetDevice[] = names.length === 0 ? bridges : [];
  let trouble = '';
  for (const name of names) {
    const found = bridges.find((dev) => dev.name === name);
    if (found !== undefined) wanted.push(found);
    else
      trouble +=
        ctx.netns.device(name) === undefined ? `bridge ${name} does not exist!\n` : `device ${name} is not a bridge!\n`;
  }
  let text = 'bridge name\tbridge id\t\tSTP enabled\tinterfaces\n';
  for (const dev of wanted) {
    const state = dev.bridge;
    if (state === null) continue;
    text += `${dev.name}\t\t${state.priority.toString(16).padStart(4, '0')}.${formatMac(dev.mac).replaceAll(':', '')}\t${state.stp ? 'yes' : 'no'}\t\t`;
    text += `${state.ports
      .map((one) => one.name)
      .sort()
      .join('\n\t\t\t\t\t\t\t')}\n`;
  }
  yield* ctx.out(text);
  return trouble === '' ? 0 : yield* fail(ctx, trouble);
}

/** The database by address; entries written by hand count as not local. */
function macs(bridge: NetDevice): string {
  const state = bridge.bridge;
  if (state === null) return '';
  const { now } = bridge.ns.kernel;
  let text = 'port no\tmac addr\t\tis local?\tageing timer\n';
  const entries = fdbEntries(state.fdb, now, state.ageing).filter((entry) => entry.port !== null);
  for (const entry of entries.sort((a, b) => a.mac - b.mac)) {
    const age = entry.dynamic ? (now - entry.updated) / 1_000_000 : 0;
    const number = String(entry.port?.port?.number ?? 0).padStart(3);
    text += `${number}\t${formatMac(entry.mac)}\t${entry.state === 'permanent' ? 'yes' : 'no'}\t\t${age.toFixed(2).padStart(7)}\n`;
  }
  return text;
}

export const brctlTool: Tool = {
  name: 'brctl',
  directory: '/usr/sbin',
  summary: 'show and change Ethernet bridges',
  main,
  complete: (words, ctx) => (words.length === 2 ? ['show', ...Object.keys(WORDS)] : [...ctx.netns.byName.keys()]),
};
