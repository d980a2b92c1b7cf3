// Random operations on a cluster, with faults, and what must hold once it has come to rest.
import { expect } from 'vitest';
import type { World } from '../../simulator/lab/world.ts';
import { cluster, pass, type } from './world.ts';

const NODES = ['node1', 'node2', 'node3'] as const;
const SERVICES = ['red', 'green', 'blue'] as const;
const NETWORKS = ['neta', 'netb'] as const;
/**
 * Virtual seconds in which everything comes to rest: a node is missed for 15, gossip exchanges all it knows every 30, and a bridge
 * remembers for 300 where it saw a link address; a new leader gives addresses again from the lowest on.
 */
const REST = 330;

type Node = (typeof NODES)[number];
type ServiceName = (typeof SERVICES)[number];

/** One thing that may happen. */
export type Operation =
  | {
      readonly do: 'create';
      readonly service: ServiceName;
      readonly replicas: number;
      readonly published: boolean;
      readonly network: number;
      readonly global: boolean;
    }
  | { readonly do: 'scale'; readonly service: ServiceName; readonly replicas: number }
  | { readonly do: 'remove' | 'force'; readonly service: ServiceName }
  | { readonly do: 'availability'; readonly node: Node; readonly to: 'active' | 'pause' | 'drain' }
  | { readonly do: 'role'; readonly node: 'node2' | 'node3'; readonly to: 'promote' | 'demote' }
  | { readonly do: 'kill task'; readonly node: Node }
  | { readonly do: 'kill daemon'; readonly node: Node }
  | { readonly do: 'cut off'; readonly node: Node }
  | { readonly do: 'block'; readonly node: Node; readonly port: 2377 | 7946 | 4789 }
  | { readonly do: 'wait'; readonly seconds: number }
  | { readonly do: 'heal' }
  | { readonly do: 'rest' };

const PORTS: Readonly<Record<ServiceName, number>> = { red: 8001, green: 8002, blue: 8003 };

/** `exit` and both streams. */
function attempt(world: World, host: string, line: string): string {
  return type(world, host, `${line}; echo "exit $?"`, 90);
}

export class Chaos {
  readonly world: World;
  readonly log: string[] = [];
  /** What is there when nothing runs, by machine. */
  private readonly empty: ReadonlyMap<string, string>;

  constructor(seed: number) {
    this.world = cluster({ seed });
    for (const name of NETWORKS) type(this.world, 'node1', `docker network create -d overlay ${name}`);
    // Chains for published ports come with the first one, and stay.
    type(
      this.world,
      'node1',
      'docker service create -q --name first --mode global -p 8000:8000 --no-resolve-image jwilder/whoami; docker service rm first',
    );
    pass(this.world, REST);
    this.empty = this.leftovers();
  }

  /** Who asks: a manager whose daemon answers. */
  private asker(): string | undefined {
    return NODES.find((node) => attempt(this.world, node, 'docker node ls -q >/dev/null 2>&1').endsWith('exit 0'));
  }

  run(operation: Operation): void {
    const { world } = this;
    this.log.push(JSON.stringify(operation));
    switch (operation.do) {
      case 'create': {
        const network = NETWORKS[operation.network];
        const words = [
          operation.global ? '--mode global' : `--replicas ${operation.replicas}`,
          operation.published ? `-p ${PORTS[operation.service]}:8000` : '',
          network === undefined ? '' : `--network ${network}`,
        ];
        return this.ask(
          `docker service create -d --name ${operation.service} --no-resolve-image ${words.join(' ')} jwilder/whoami`,
        );
      }
      case 'scale':
        return this.ask(`docker service scale -d ${operation.service}=${operation.replicas}`);
      case 'remove':
        return this.ask(`docker service rm ${operation.service}`);
      case 'force':
        return this.ask(`docker service update -d --force ${operation.service}`);
      case 'availability':
        return this.ask(`docker node update --availability ${operation.to} ${operation.node}`);
      case 'role':
        return this.ask(`docker node ${operation.to} ${operation.node}`);
      case 'kill task':
        attempt(world, operation.node, 'docker kill $(docker ps -q | head -1) >/dev/null 2>&1');
        return;
      case 'kill daemon':
        attempt(world, operation.node, 'kill -9 $(cat /var/run/docker.pid) 2>/dev/null');
        return;
      case 'cut off':
        for (const other of NODES)
          if (other !== operation.node)
            attempt(
              world,
              operation.node,
              `iptables -I INPUT -s ${addressOf(other)} -j DROP; iptables -I OUTPUT -d ${addressOf(other)} -j DROP`,
            );
        return;
      case 'block':
        for (const protocol of ['tcp', 'udp'])
          attempt(world, operation.node, `iptables -I INPUT -p ${protocol} --dport ${operation.port} -j DROP`);
        return;
      case 'wait':
        return pass(world, operation.seconds);
      case 'heal':
        return this.heal();
      case 'rest':
        return this.rest();
    }
  }

  private ask(line: string): void {
    const host = this.asker();
    if (host !== undefined) this.log.push(`  ${attempt(this.world, host, line).replaceAll('\n', ' ')}`);
  }

  /** Every fault is over; machines have their daemons. */
  private heal(): void {
    for (const node of NODES) {
      attempt(this.world, node, 'iptables -F INPUT; iptables -F OUTPUT');
      attempt(this.world, node, '[ -e /var/run/docker.sock ] || dockerd');
    }
  }

  /** Lets everything come to rest and looks whether all is as it should be. */
  rest(): void {
    this.heal();
    pass(this.world, 40);
    // Votes may be split more than once.
    for (let i = 0; i < 10 && this.asker() === undefined; i++) pass(this.world, 10);
    for (const node of NODES) this.ask(`docker node update --availability active ${node}`);
    pass(this.world, REST);
    expect(this.world.faults, this.told()).toEqual([]);
    this.checkWanted();
    this.checkAddresses();
    this.checkAnswers();
  }

  /** Removes all services; then nothing of them may be left. */
  finish(): void {
    this.rest();
    for (const service of SERVICES) this.ask(`docker service rm ${service}`);
    pass(this.world, REST);
    for (const [node, left] of this.leftovers())
      expect(left, `what is left on ${node}\n${this.told()}`).toBe(this.empty.get(node));
    expect(this.world.faults, this.told()).toEqual([]);
  }

  told(): string {
    return this.log.join('\n');
  }

  private text(line: string): string[] {
    const host = this.asker();
    expect(host, `nobody manages the swarm\n${this.told()}`).toBeDefined();
    return type(this.world, host as string, line)
      .split('\n')
      .filter((each) => each !== '');
  }

  private services(): string[] {
    return this.text("docker service ls --format '{{.Name}}'");
  }

  /** Ids of the tasks that are to run and do, by service. */
  private running(service: string): string[] {
    return this.text(
      `docker service ps ${service} --no-trunc --filter desired-state=running --format '{{.ID}} {{.CurrentState}}'`,
    )
      .filter((line) => line.includes(' Running'))
      .map((line) => line.split(' ')[0] as string);
  }

  private checkWanted(): void {
    expect(this.text("docker node ls --format '{{.Hostname}} {{.Status}}'"), this.told()).toEqual(
      NODES.map((node) => `${node} Ready`),
    );
    for (const service of this.services()) {
      const [wanted] = this.text(
        `docker service inspect ${service} --format '{{if .Spec.Mode.Global}}${NODES.length}{{else}}{{.Spec.Mode.Replicated.Replicas}}{{end}}'`,
      );
      expect(this.running(service), `tasks of ${service}\n${this.told()}`).toHaveLength(Number(wanted));
    }
    // What runs on the machines is what the managers believe.
    const tasks = this.services()
      .flatMap((service) => this.running(service))
      .sort();
    const containers = NODES.flatMap((node) =>
      type(this.world, node, `docker ps --format '{{.Label "com.docker.swarm.task.id"}}'`).split('\n'),
    )
      .filter((id) => id !== '')
      .sort();
    expect(containers, this.told()).toEqual(tasks);
  }

  private checkAddresses(): void {
    const services = this.services();
    const given = [
      ...services
        .flatMap((service) => this.running(service))
        .flatMap((id) => this.text(`docker inspect ${id} | grep -A1 '"Addresses"' | grep -o '[0-9.]*/24'`)),
      ...services.flatMap((service) =>
        this.text(
          `docker service inspect ${service} --format '{{range .Endpoint.VirtualIPs}}{{println .Addr}}{{end}}'`,
        ),
      ),
      ...NODES.flatMap((node) =>
        type(
          this.world,
          node,
          `for n in $(docker network ls -q -f driver=overlay); do docker network inspect $n --format '{{range $k, $v := .Containers}}{{if or (eq $k "ingress-sbox") (eq (printf "%.3s" $k) "lb-")}}{{println $v.IPv4Address}}{{end}}{{end}}'; done`,
        ).split('\n'),
      ),
    ].filter((address) => address !== '');
    expect([...given].sort(), `an address was given twice\n${this.told()}`).toEqual([...new Set(given)].sort());
  }

  /** Every task answers by every node's published port, by the service's virtual address and by its name. */
  private checkAnswers(): void {
    for (const service of this.services()) {
      const count = this.running(service).length;
      const [published = ''] = this.text(
        `docker service inspect ${service} --format '{{range .Spec.EndpointSpec.Ports}}{{.PublishedPort}}{{end}}'`,
      );
      const names = this.hostnames(service);
      const ask = (host: string, command: string, what: string): void => {
        const heard = type(this.world, host, `for i in $(seq ${count}); do ${command}; done`, 120)
          .split('\n')
          .filter((line) => line !== '');
        expect([...new Set(heard)].sort(), `${what} of ${service}\n${this.told()}`).toEqual(names);
      };
      if (count === 0) continue;
      if (published !== '')
        for (const node of NODES)
          ask('client', `curl -sS -m 5 http://${addressOf(node)}:${published}/`, `the port on ${node}`);
      const [address = ''] = this.text(
        `docker service inspect ${service} --format '{{range .Endpoint.VirtualIPs}}{{println .Addr}}{{end}}' | grep . | tail -1`,
      );
      const attached =
        this.text(`docker service inspect ${service} --format '{{len .Spec.TaskTemplate.Networks}}'`)[0] === '1';
      if (!attached) continue;
      for (const node of NODES) {
        const here = type(this.world, node, `docker ps -q -f name=^${service}\\\\. | head -1`);
        if (here === '') continue;
        const inside = `nsenter --net=$(docker inspect ${here} --format '{{.NetworkSettings.SandboxKey}}')`;
        ask(node, `${inside} curl -sS -m 5 http://${address.split('/')[0]}:8000/`, `the virtual address on ${node}`);
        const named = type(this.world, node, `${inside} dig +short ${service} @127.0.0.11`);
        expect(named, `the name on ${node}\n${this.told()}`).toBe(address.split('/')[0]);
      }
    }
  }

  private hostnames(service: string): string[] {
    return NODES.flatMap((node) => type(this.world, node, `docker ps -q -f name=^${service}\\\\.`).split('\n'))
      .filter((id) => id !== '')
      .map((id) => `I'm ${id}`)
      .sort();
  }

  /** Rules, namespaces, virtual services, marks and forwarding entries of each machine, without counters. */
  private leftovers(): Map<string, string> {
    const place = (key: string, command: string): string => `nsenter --net=/var/run/docker/netns/${key} ${command}`;
    const commands = [
      'iptables-save | grep ^-A | sort',
      'ls /var/run/docker/netns',
      place('ingress_sbox', 'ipvsadm -Sn'),
      place('ingress_sbox', 'iptables-save | grep MARK'),
      place('ingress_sbox', 'ip -4 -o address show dev eth0 | grep -o "inet [^ ]*"'),
      'for f in /var/run/docker/netns/*-*; do nsenter --net=$f bridge fdb show dev vxlan0 | grep -c dst; nsenter --net=$f ip neigh show nud permanent dev vxlan0 | wc -l; done',
    ];
    return new Map(
      NODES.map((node) => [
        node,
        commands.map((command) => type(this.world, node, command).replace(/--sport \d+|:\d{5}\b/g, '…')).join('\n--\n'),
      ]),
    );
  }
}

function addressOf(node: Node): string {
  return `192.168.56.${10 + Number(node.slice(4))}`;
}

export { NODES, SERVICES };
