/**
 * What differs between Docker eras, as data. One file per era; code asks the era, never the version. Where eras do a thing in
 * ways of their own, the ways have names, and the code that knows them stands where the thing is done.
 */
import type { Platform } from '../base/platform.ts';
import type { Edit } from './edits.ts';

export interface Era {
  /** As scenarios name it. */
  readonly name: string;
  readonly version: string;
  readonly apiVersion: string;
  readonly minApiVersion: string;
  readonly goVersion: string;
  readonly gitCommit: string;
  readonly buildTime: string;
  readonly containerd: { readonly version: string; readonly commit: string };
  readonly runc: { readonly version: string; readonly commit: string };
  /** The machine that it ran on when it was recorded. */
  readonly platform: Platform;
  readonly dataPlane: DataPlane;
  readonly daemon: DaemonHabits;
  readonly client: Client;
}

/** Networks: addresses, rules, devices, and where services are balanced. */
export interface DataPlane {
  /**
   * Rules of the host. `pairs`: DOCKER-ISOLATION drops between each pair of bridges; `stages`: DOCKER-USER and two stages of
   * isolation, the bridges' rules in FORWARD; `forward chain`: all in DOCKER-FORWARD, DOCKER-CT and DOCKER-BRIDGE.
   */
  readonly hostRules: 'pairs' | 'stages' | 'forward chain';
  /** How a rule for answers of a published port asks for the connection's state. */
  readonly stateMatch: 'state' | 'conntrack';
  /** `every sandbox`: each task balances for itself; `own sandbox`: the node's `lb_…` does. */
  readonly balancing: 'every sandbox' | 'own sandbox';
  /** net.ipv4.vs.* that the balancing sandbox gets. */
  readonly balancerKnobs: Readonly<Record<string, string>>;
  /** Of the ingress network; undefined where it takes the first of the swarm's pool. */
  readonly ingressSubnet: string | undefined;
  /** Addresses of the ingress network that nobody gets: the allocator asks twice for the first node's. */
  readonly ingressSkipped: number;
  /** Numbers of devices in an overlay's namespace: `one count` (vxlan1, veth2) or each kind its own (vxlan0, veth0). */
  readonly overlayDevices: 'one count' | 'by kind';
  /** Rules of encrypted overlays: which match reads the VXLAN network, and with it what they are (engine/network/encryption.ts). */
  readonly encryptionRules: 'u32' | 'bpf';
  /** What nodes call each other in gossip. */
  readonly peerNames: 'id' | 'host and id';
  /** Addresses of the swarm's networks: the lowest that is free, or the one after the last that was given. */
  readonly addresses: 'lowest' | 'serial';
  /** Whose id follows `gateway_`. */
  readonly gatewayNames: 'container' | 'sandbox';
  /** IPv6 in sandboxes and overlays. */
  readonly ipv6: boolean;
  /** `::1` on the loopback of sandboxes and overlays. */
  readonly loopback6: boolean;
  /** How often a new address in a sandbox is made known on its link (an ARP request for itself), once a second. */
  readonly announcements: number;
  /** Addresses are given with their broadcast address. */
  readonly broadcast: boolean;
  /** A virtual address is its own broadcast address. */
  readonly virtualBroadcast: boolean;
  /** VLAN entries in the forwarding table of br0. */
  readonly overlayVlan: boolean;
  /** MACs of bridges and of what is on them: from the address, or random. */
  readonly bridgeMacs: 'address' | 'random';
  /** What a client hears of a name that no server of the host's has answered. */
  readonly unansweredNames: 'SERVFAIL' | 'silence';
  /** Whence a task's name server asks those of the host. */
  readonly namesAskedFrom: 'sandbox' | 'host';
  /** What a task's /etc/resolv.conf says beside the server: nothing, or how it came about, with the host's servers in this form. */
  readonly resolvConf: 'bare' | 'explained' | 'explained, host()';
  /** Tails of the IPv6 lines in a task's /etc/hosts. */
  readonly hostsTail: '::0' | '::';
}

/** What the daemon says in its API. */
export interface DaemonHabits {
  readonly logPlugins: readonly string[];
  readonly networkPlugins: readonly string[];
  readonly runtimes: readonly string[];
  /** `Using metacopy`, `userxattr`: whether the storage driver says so. */
  readonly driverStatus: readonly (readonly [string, string])[];
  readonly securityOptions: readonly string[];
  readonly insecureRegistries: readonly string[];
  readonly warnings: readonly string[];
  /** The daemon's id: a UUID, or twelve groups of four letters (a key's fingerprint). */
  readonly idForm: 'uuid' | 'fingerprint';
  /** `docker info` and `docker version` name containerd, runc and init as parts. */
  readonly components: boolean;
  /** Version of docker-init, as the daemon found it. */
  readonly init: { readonly version: string; readonly commit: string };
  /** `docker info` tells the swarm's address pools: to whom, never, or always. */
  readonly addressPools: boolean;
  /** What stands before and behind the reason when a program cannot be started in a container, and its exit status. */
  readonly execFailure: { readonly before: string; readonly after: string; readonly status: number };
  /** What is said of an image whose digest no registry tells: who creates a service hears it, or the reason, at each update as well. */
  readonly noDigest: 'once' | 'with reason';
  /** An image without a tag stays so in a service. */
  readonly keepsImageNames: boolean;
  /** What the inspection of a service adds: on request all defaults, or always those that the client of the time sent. */
  readonly serviceDefaults: 'on request' | 'few';
  readonly electionTick: number;
  /** A container's short id is among its aliases on networks of its own making. */
  readonly idIsAlias: boolean;
  /** Answers of the API that differ from those of today. */
  readonly edits: readonly Edit[];
}

/** Help texts, where they differ from those of 26.1. */
export interface HelpHabits {
  /** What a usage text begins with. */
  readonly lead: '\n' | '';
  /** Subcommands are listed where they cannot be used as well. */
  readonly listsAll: boolean;
  /** What it says of commands and words that do not fit: as of old, or (28) shorter. */
  readonly complaints: 'cobra' | 'short';
  /** Commands that it does not have yet. */
  readonly unknownCommands: readonly string[];
  /** Aliases are listed with the whole command. */
  readonly fullAliases: boolean;
  /** `--format` of lists (% is what is listed) and of single objects; undefined for the long text. */
  readonly formats: readonly [list: string, one: string] | undefined;
  /** Done to the text of every option. */
  readonly rewrites: readonly (readonly [from: RegExp, to: string])[];
  /** Usage lines of commands. */
  readonly usage: Readonly<Record<string, string>>;
  /** Texts of commands (`docker login`) and options (`docker inspect --type`). */
  readonly words: Readonly<Record<string, string>>;
  /** Options that it has besides, by command: name, letter, type, text. They are not emulated. */
  readonly added: Readonly<
    Record<string, readonly (readonly [name: string, short: string, type: string, says: string])[]>
  >;
}

/** The `docker` command. */
export interface Client {
  readonly gitCommit: string;
  readonly buildTime: string;
  /** Where its texts come from: the year of the release whose wording it has. */
  readonly wording: '2017' | '2018' | '2020' | '2024' | '2025';
  /** `docker version` prints `Experimental:` of the client. */
  readonly experimental: string | undefined;
  readonly context: boolean;
  /** Least width of a table's columns; and lists (by Go's type of a row) with no least width and columns of their own. */
  readonly tables: { readonly minimum: number; readonly narrow: Readonly<Record<string, string>> };
  /** `network inspect` of what is not there: in the client's words, where later ones have the daemon's. */
  readonly noSuchObject: boolean;
  readonly help: HelpHabits;
  /** Options that it does not know yet, by command. */
  readonly unknownOptions: Readonly<Record<string, readonly string[]>>;
  /** `service create` adds `:latest` to an image without a tag. */
  readonly tagsImages: boolean;
  /** `service create` and its kin return at once. */
  readonly detaches: boolean;
  readonly compose: string | undefined;
}
