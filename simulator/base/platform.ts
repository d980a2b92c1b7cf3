/**
 * The machine below an engine: what its distribution, kernel and tools say of themselves and do otherwise than those of another
 * year. Data of an era (eras/); kernel, netfilter and tools ask it, never the version. {@link DEBIAN_13} is what every
 * comment of this project without a year means.
 */
export interface Platform {
  /** `PRETTY_NAME` of /etc/os-release. */
  readonly distribution: string;
  readonly osVersion: string;
  /** `uname -r` */
  readonly kernel: string;
  /** Octets of memory. */
  readonly memory: number;
  readonly cgroup: '1' | '2';
  /** Default queueing discipline of a physical device. */
  readonly qdisc: string;
  /** IFA_PROTO (Linux 5.18): an address says who made it, `proto kernel_lo`. */
  readonly addressOrigin: boolean;
  /** Linux before 5.14: the lowest address of a subnet is a broadcast address too. */
  readonly lowestIsBroadcast: boolean;
  /** Queues of a veth: one, or one for each CPU (Linux 5.13). */
  readonly vethQueues: 'one' | 'per CPU';
  /** Connections of IPVS: a table of fixed size, or one that grows with need and is made with the first service. */
  readonly ipvsTable: 'fixed' | 'growing';
  /** Names below net/ipv4/vs that the kernel has beside those of Linux 5.10, in the order of the alphabet, as `name = value`. */
  readonly ipvsKnobs: readonly string[];
  /** Values below net/ipv4/vs that follow the memory and the CPUs of the machine. */
  readonly ipvsValues: Readonly<Record<string, string>>;
  /** Lines of /proc/net/xfrm_stat. */
  readonly xfrmCounters: 28 | 30 | 32;
  /** Of a TCP SYN: from net.ipv4.tcp_rmem's maximum, 6 MB or more. */
  readonly windowScale: number;
  /** Linux before 5.11: a traced packet's return from a chain is told, by a rule or at its end. */
  readonly tracesReturns: boolean;
  readonly nft: NftRelease;
  readonly iptables: IptablesRelease;
  readonly iproute: IprouteRelease;
  readonly conntrack: string;
  readonly curl: CurlRelease;
  readonly dig: DigRelease;
  /** Whether the busybox of images looks names up (a static one of Debian 11 does not; its nslookup asks by itself). */
  readonly busyboxNames: boolean;
  /** What `ping` says of an echo that is longer than its device takes: the error of its socket, or (iputils before 2021) the queued one. */
  readonly pingTooLong: 'sendmsg' | 'local error';
}

export interface NftRelease {
  readonly version: string;
  /** How it words rules and packets: `2021` (0.9.8), `2025` (1.1). */
  readonly words: '2021' | '2025';
}

export interface IptablesRelease {
  readonly version: string;
  /** The tables that `iptables` without a suffix is about. */
  readonly backend: 'nft' | 'legacy';
  /** `iptables-save` says `(nf_tables)` behind its version. */
  readonly saveNamesBackend: boolean;
  /** `-C` prints the rule that it finds (1.8.7 with nf_tables). */
  readonly checkPrints: boolean;
  /** `xtables-monitor` before 1.8.8: rules begin with `-4`, and no blank stands behind an identification. */
  readonly terseMonitor: boolean;
  /** With nf_tables: whether a policy counts from the start, or only once somebody has set it (1.8.7). */
  readonly policiesCount: 'always' | 'once set';
}

export interface IprouteRelease {
  readonly version: string;
  readonly libbpf: string;
  /** `ip link` shows a queue length of 0. */
  readonly zeroQueue: boolean;
  /** `ip neigh` ends its lines with a blank. */
  readonly neighbourBlank: boolean;
  /** What `ip -d link` knows: `2020` (5.9), `2025` (6.15), `2026` (7.2). */
  readonly details: '2020' | '2025' | '2026';
}

export interface DigRelease {
  readonly version: string;
  readonly namesTransport: boolean;
  /** `host` and `dig` without an answer: one line at the end, or (9.18) one for each attempt and another end. */
  readonly silence: 'at the end' | 'each attempt';
}

export interface CurlRelease {
  readonly version: string;
  /** Words for a connection that was refused or made. */
  readonly words: 'port 7.74' | 'port 8.14' | 'colon 8.22';
  /** Which family `localhost` is tried with first. */
  readonly localhost: 4 | 6;
}

export const DEBIAN_13: Platform = {
  distribution: 'Debian GNU/Linux 13 (trixie)',
  osVersion: '13',
  kernel: '6.12.107+deb13-cloud-amd64',
  memory: 6220595200,
  cgroup: '2',
  qdisc: 'fq_codel',
  addressOrigin: true,
  lowestIsBroadcast: false,
  vethQueues: 'per CPU',
  ipvsTable: 'fixed',
  ipvsKnobs: ['est_cpulist', 'est_nice', 'run_estimation'],
  ipvsValues: {},
  xfrmCounters: 30,
  windowScale: 7,
  tracesReturns: false,
  nft: { version: 'v1.1.3 (Commodore Bullmoose #4)', words: '2025' },
  iptables: {
    version: '1.8.11',
    backend: 'nft',
    saveNamesBackend: true,
    checkPrints: false,
    terseMonitor: false,
    policiesCount: 'always',
  },
  iproute: { version: '6.15.0', libbpf: '1.5.0', zeroQueue: false, neighbourBlank: true, details: '2025' },
  conntrack: '1.4.8',
  curl: { version: '8.14.1', words: 'port 8.14', localhost: 6 },
  dig: { version: '9.20.26-1~deb13u1-Debian', namesTransport: true, silence: 'each attempt' },
  busyboxNames: true,
  pingTooLong: 'sendmsg',
};
