/** What managers and agents say to each other. Mirrors swarmkit api/dispatcher.proto, ca.proto and resource.proto. */
import type { Origin } from '../base/origin.ts';
import type { EncryptionKey, NetworkAttachmentConfig, NetworkObject, NodeDescription, NodeObject, TaskObject, TaskStatus } from './objects.ts';

/** A task as it travels: with the networks that it needs, so that the node can make them. */
export interface AssignedTask {
  readonly task: TaskObject;
  readonly networks: readonly NetworkObject[];
  /** Its secrets and configs; absent when there are none. */
  readonly files?: readonly InjectedFile[];
}

/** A file that is to be in a task's container. */
export interface InjectedFile {
  readonly path: string;
  readonly mode: number;
  readonly uid: string;
  readonly gid: string;
  /** Base 64. */
  readonly data: string;
}

export type ToManager =
  /** Asks for a certificate: the way into the swarm. */
  | { readonly kind: 'join'; readonly token: string; readonly availability: 'active' | 'pause' | 'drain'; readonly description: NodeDescription; readonly address: string }
  /** Opens a session; `address` is where other nodes reach this one. */
  | { readonly kind: 'session'; readonly nodeId: string; readonly description: NodeDescription; readonly address: string }
  /** `ask`: there are other managers to turn to, should no answer come. */
  | { readonly kind: 'heartbeat'; readonly ask?: true }
  /** A node that has become a manager asks to be one of raft's members. */
  | { readonly kind: 'enlist'; readonly nodeId: string; readonly address: string }
  | { readonly kind: 'status'; readonly updates: readonly { readonly taskId: string; readonly status: TaskStatus }[] }
  /** `docker run --network OVERLAY` on any node. */
  | { readonly kind: 'attach'; readonly request: number; readonly network: string; readonly config: NetworkAttachmentConfig; readonly containerId: string; readonly addresses: readonly string[]; readonly origin: Origin }
  | { readonly kind: 'detach'; readonly attachmentId: string }
  /** Lines of a task's container; the engine knows their shape. */
  | { readonly kind: 'log-lines'; readonly subscription: number; readonly lines: unknown }
  /** Looks a network up by name or id. */
  | { readonly kind: 'find-network'; readonly request: number; readonly network: string };

export type ToAgent =
  | { readonly kind: 'joined'; readonly nodeId: string; readonly role: 'worker' | 'manager'; readonly clusterId: string; readonly certificate: string; readonly dataPathPort: number }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'enlisted' }
  | { readonly kind: 'beat' }
  /** The node as the manager sees it (with its attachments), the networks it belongs to by itself (ingress), the managers, and the keys of its networks. */
  | { readonly kind: 'node'; readonly node: NodeObject; readonly networks: readonly NetworkObject[]; readonly managers: readonly { readonly NodeID: string; readonly Addr: string }[]; readonly heartbeat: number; readonly keys: readonly EncryptionKey[] }
  | { readonly kind: 'tasks'; readonly full: boolean; readonly update: readonly AssignedTask[]; readonly remove: readonly string[] }
  | { readonly kind: 'attached'; readonly request: number; readonly attachmentId: string; readonly refusal?: string }
  | { readonly kind: 'network'; readonly request: number; readonly network: NetworkObject | undefined }
  /** `options` undefined ends the subscription. */
  | { readonly kind: 'logs'; readonly subscription: number; readonly tasks: readonly string[]; readonly options: unknown }
  | { readonly kind: 'removed' };
