/**
 * `docker run --network OVERLAY` on any node: the agent asks for an address, and the pseudo-task that holds it arrives like any
 * other. Mirrors moby daemon/cluster/networks.go (AttachNetwork) and its attachment store.
 */
import { parseCidr } from '../base/address.ts';
import type { Agent } from '../swarm/agent.ts';
import type { AssignedTask, ToManager } from '../swarm/messages.ts';
import type { Container, NetworkWish } from './container.ts';
import type { Attacher } from './containers.ts';
import type { NetworkController } from './network/controller.ts';
import type { Network } from './network/model.ts';

/** The network and the address on it; or why not. */
type Attached = { network: Network; address: number; attachmentId: string } | string;

export class Attachments implements Attacher {
  private readonly agent: () => Agent | undefined;
  private readonly networks: NetworkController;
  private readonly waiting = new Map<string, (assigned: AssignedTask) => void>();
  private readonly arrived = new Map<string, AssignedTask>();

  constructor(agent: () => Agent | undefined, networks: NetworkController) {
    this.agent = agent;
    this.networks = networks;
  }

  attach(container: Container, wish: NetworkWish, done: (result: Attached) => void): void {
    const config = { Target: wish.name, ...(wish.Aliases === undefined ? {} : { Aliases: [...wish.Aliases] }) };
    const request = (number: number): ToManager => ({
      kind: 'attach',
      request: number,
      network: wish.networkId ?? wish.name,
      config,
      containerId: container.id,
      addresses: wish.IPv4Address === undefined ? [] : [wish.IPv4Address],
      origin: container.origin,
    });
    this.agent()?.request(request, (answer) => {
      if (answer?.kind !== 'attached')
        return done(`Could not attach to network ${wish.name}: context deadline exceeded`);
      if (answer.refusal !== undefined) return done(`Could not attach to network ${wish.name}: ${answer.refusal}`);
      const { attachmentId } = answer;
      const settle = ({ task }: AssignedTask): void => {
        const attachment = task.NetworksAttachments[0];
        const network = this.networks.networks.get(attachment?.NetworkID ?? '');
        const address = parseCidr(attachment?.Addresses[0] ?? '')?.address;
        if (network === undefined || address === undefined)
          done(`Could not attach to network ${wish.name}: network not found`);
        else done({ network, address, attachmentId });
      };
      const here = this.arrived.get(attachmentId);
      if (here !== undefined) settle(here);
      else this.waiting.set(attachmentId, settle);
    });
  }

  /** The pseudo-task has arrived. */
  ready(assigned: AssignedTask): void {
    const { ID: id } = assigned.task;
    this.arrived.set(id, assigned);
    const settle = this.waiting.get(id);
    this.waiting.delete(id);
    settle?.(assigned);
  }

  detach(attachmentId: string): void {
    this.arrived.delete(attachmentId);
    this.agent()?.tell({ kind: 'detach', attachmentId });
  }

  clear(): void {
    this.waiting.clear();
    this.arrived.clear();
  }
}
