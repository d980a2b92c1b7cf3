/** 简体中文。句子短，用网络领域通行的术语；命令、链名、表名保持原文。 */
import type { Hop, KernelHabit } from '../../simulator/index.ts';
import { bridgeOf, espOf, ipvsOf, natOf, ruleOf, socketOf, tunnelOf } from './parse.ts';
import type { Phrases } from './phrases.ts';
import { chineseInterface, chineseTables } from './zh-cn-interface.ts';

type Speaker = (hop: Hop) => string;

export const chinese: Phrases = {
  namespaces: {
    host: '主机',
    ingress: 'ingress 沙箱',
    overlay: '覆盖网络',
    lb: '负载均衡器',
    task: '容器',
    made: '手工创建',
  },
  hop: (hop) => SPEAKERS[hop.kind](hop),
  packet: (label) =>
    label
      .replace(/^(?:PSH,)?ACK (?=.)/, '')
      .replace(/^PSH,ACK$/, '数据')
      .replace(/^FIN,(?:PSH,)?ACK$/, 'FIN')
      .replace(/(\d+) bytes$/, '$1 字节')
      .replace('echo request', 'echo 请求')
      .replace('echo reply', 'echo 应答')
      .replace(',', '-'),
  summary: ({ title, client, packets, outcome, startedAt }) => {
    const [host = '', ...netns] = client.split(' ');
    const from = netns.join(' ') === 'host' ? host : `${host} 上的 ${netns.join(' ')}`;
    return `${title} · 来自 ${from} · ${packets} 个包 · ${OUTCOMES[outcome]} · 第 ${(startedAt / 1e6).toFixed(1)} 秒`;
  },
  end: (end, reason) => (reason === undefined ? ENDS[end] : `到此为止：${dropWords(reason)}`),
  cause: ({ by, text, terminal, line, habit }) => {
    if (by === 'docker') return text === 'dockerd' ? 'Docker 守护进程启动时所建' : `Docker 为${objectWords(text)}所建`;
    if (by === 'scenario') return `场景文件中的 ${text}`;
    if (by === 'kernel') {
      if (habit === undefined) return text;
      return `内核自身的行为：${habit === 'drop' ? dropWords(text) : `${HABITS[habit]}。`}`;
    }
    return terminal === undefined
      ? `${text.startsWith('/') ? '程序' : '命令'} ${text}`
      : `终端 ${terminal} 的第 ${line ?? 0} 条命令：${text}`;
  },
  whyNot: ({ outcome, condition, found }) => {
    if (outcome === 'matched') return '已匹配；它做完自己的事，包继续往下走。';
    if (outcome === 'failed') return found === '' ? `不满足 ${condition}。` : `不满足 ${condition}：此包为 ${found}。`;
    return condition === ''
      ? '现在会匹配：它所查询的状态在此之后变了。'
      : `${condition} 不只取决于这一个包，无法事后重新判断。`;
  },
  tables: chineseTables,
  ui: chineseInterface,
};

const OUTCOMES = {
  answered: '已应答',
  open: '进行中',
  refused: '被拒绝',
  dropped: '被丢弃',
  unanswered: '无应答',
} as const;

const ENDS = {
  delivered: '已送达。',
  dropped: '被丢弃。',
  consumed: '已应答。',
  open: '仍在途中。',
} as const;

/** `service whoami` → `服务 whoami `：中西文之间留空格。 */
function objectWords(text: string): string {
  const [kind = '', name] = text.split(' ');
  const words: Record<string, string> = { service: '服务', network: '网络', container: '容器' };
  if (text === 'swarm') return ' swarm 集群';
  return name === undefined ? ` ${text} ` : `${words[kind] ?? ` ${kind}`} ${name} `;
}

const SPEAKERS: Record<Hop['kind'], Speaker> = {
  device: ({ where, what }) => (what === 'in' ? `从 ${where} 进入。` : `从 ${where} 发出。`),
  sent: ({ where }) => `由本机的 ${/^(tcp|udp|icmp|arp|esp)$/.test(where) ? where.toUpperCase() : where} 产生。`,
  local: (hop) => {
    const socket = socketOf(hop);
    return socket === undefined
      ? `到达 ${hop.where}。`
      : `到达 ${socket.protocol} 套接字 ${socket.at}（状态 ${socket.state}）。`;
  },
  rule: ruleWords,
  hook: ({ where, table, what }) =>
    `${table ?? ''} 表的 ${where} 链中没有规则作出决定，按默认策略 ${what.replace('policy ', '')} 处理。`,
  conntrack: conntrackWords,
  nat: natWords,
  ipvs: ipvsWords,
  route: routeWords,
  neighbour: neighbourWords,
  bridge: bridgeWords,
  encap: (hop) => {
    const esp = espOf(hop);
    if (esp !== undefined)
      return `IPsec 将它封装进 ESP，发往 ${esp.remote}（SPI ${esp.spi}，序号 ${esp.sequence}）：途中无法读出内容。`;
    const { vni, remote } = tunnelOf(hop);
    return `${hop.where} 将它封装进 UDP，发往 ${remote === '' ? '对端' : remote}（VNI ${vni}）。`;
  },
  decap: (hop) => {
    const esp = espOf(hop);
    if (esp !== undefined) return `IPsec 用 SPI ${esp.spi} 的密钥将它解开；它再次经过各个钩子。`;
    return `${hop.where} 将它解封装（VNI ${tunnelOf(hop).vni}）。`;
  },
  drop: ({ what, where }) => `在 ${where} 被丢弃：${dropWords(what)}`,
};

/** 带有该目标的规则对包做了什么。 */
const TARGETS: Readonly<Record<string, string>> = {
  DNAT: '改写它的目的地址',
  REDIRECT: '将它重定向到本命名空间的端口',
  SNAT: '改写它的源地址',
  MASQUERADE: '将它的源地址换成本命名空间自己的地址',
  MARK: '给它打上标记',
  ACCEPT: '放行',
  DROP: '将它丢弃',
  REJECT: '拒绝它',
};

function ruleWords(hop: Hop): string {
  const { rule, table = '', chain = '' } = hop;
  const { verdict, to, target } = ruleOf(hop);
  if (verdict === 'JUMP' || verdict === 'GOTO') return `${chain} 链（${table} 表）让它跳转到 ${to}。`;
  if (verdict === 'RETURN') return `${chain} 链（${table} 表）让它返回上一条链。`;
  return `${chain} 链（${table} 表）的第 ${rule?.number ?? ''} 条规则${TARGETS[target] ?? `执行 ${target}`}。`;
}

function conntrackWords({ what }: Hop): string {
  const [found = ''] = what.split(' ');
  const words: Record<string, string> = {
    new: '连接跟踪没有见过这个连接：新建一个条目。',
    found: '连接跟踪认得这个连接。',
    confirmed: '连接跟踪确认并保存该条目。',
    invalid: '连接跟踪无法归类此包：INVALID。',
    untracked: '此包不做连接跟踪。',
  };
  return words[found] ?? `连接跟踪：${what}。`;
}

function natWords(hop: Hop): string {
  const nat = natOf(hop);
  if (nat === undefined) return `NAT：${hop.what}。`;
  const side = nat.side === 'source' ? '源地址' : '目的地址';
  if (nat.by === 'ipvs') return `IPVS 将${side}改为 ${nat.after}。`;
  if (nat.by === 'conntrack') return `按连接跟踪为该连接所记，${side}改为 ${nat.after}。`;
  return `${side}改为 ${nat.after}；连接跟踪记下这一转换。`;
}

function ipvsWords(hop: Hop): string {
  const { how, service, server, scheduler } = ipvsOf(hop);
  if (how === 'scheduled') return `IPVS 将它归入服务 ${service}，选中 ${server}（${scheduler}）。`;
  if (how === 'found') return `IPVS 认得这个连接：发往 ${server}。`;
  if (how === 'reply') return 'IPVS 认得这个应答，换回服务的地址。';
  if (how === 'refused') return `服务 ${service} 没有可用的后端。`;
  return `IPVS：${hop.what}。`;
}

function routeWords({ what, where }: Hop): string {
  if (what === 'no route') return '没有到达其目的地址的路由。';
  if (what.startsWith('local ')) return '目的地址属于本命名空间。';
  const via = /\bvia (\S+)/.exec(what)?.[1];
  return via === undefined ? `路由到 ${where}。` : `路由到 ${where}，下一跳 ${via}。`;
}

function neighbourWords({ what, where }: Hop): string {
  const [address = '', second = '', state] = what.split(' ');
  if (what.startsWith('proxy')) return `${where} 代为应答：${what.replace('proxy answers ', '')}。`;
  if (state === undefined) return `它等待 ARP 在 ${where} 上询问谁有 ${address}。`;
  return `${address} 的链路地址是 ${second}。`;
}

function bridgeWords(hop: Hop): string {
  const { decision, ports, from } = bridgeOf(hop);
  const list = ports.join('、');
  if (decision === 'forward') return `网桥 ${hop.where} 将它从 ${from} 转发到 ${list}。`;
  if (decision === 'flood') return `网桥 ${hop.where} 不认得该地址，泛洪到 ${list}。`;
  if (decision === 'up') return `网桥 ${hop.where} 将它交给所在的命名空间。`;
  return `网桥 ${hop.where}：${hop.what}。`;
}

/** 内核不经吩咐便会做的事；见 simulator/base/origin.ts。 */
export const HABITS: Readonly<Record<KernelHabit, string>> = {
  loopback: '每个命名空间生来就有 lo 及其地址',
  rules: '每个命名空间生来就有查询 local、main、default 三张路由表的规则',
  tunnel: '驱动加载时，在每个命名空间里建立该设备',
  policy: '内置链的默认策略是 ACCEPT',
  learned: '设备从收到的帧中学到该地址',
  'own-address': '网桥及其端口知道自己的地址',
  arp: 'ARP 询问邻居，并保存应答',
  flood: '网桥对没有表项的地址进行泛洪',
  group: '网桥泛洪广播帧和组播帧，并且自己也收下',
  conntrack: '只要有规则需要，连接跟踪就会查看每一个包',
  'nat-port': '两个连接会变得无法区分时，连接跟踪另选一个端口',
  'no-route': '没有匹配的路由，就没有去路',
  link: '绑定到设备的套接字无需路由即可向该链路发送',
  reply: '对这样的包，内核自行应答',
  protocol: '协议本身要求如此',
  drop: '内核不让这样的包再往前走',
};

/** 包为什么被丢弃；见 simulator/trace/event.ts 的 DROP_REASONS。 */
export const DROP_WORDS: Readonly<Record<string, string>> = {
  NETFILTER_DROP: '规则或默认策略为 DROP。',
  NETFILTER_REJECT: '规则拒绝它，并回送错误。',
  CONNTRACK_INVALID_NAT: '没有可供转换的唯一地址和端口。',
  CONNTRACK_TABLE_FULL: '连接跟踪表已满，没有可以腾出的条目。',
  CONNTRACK_CLASH: '另一个包抢先建立了同一个连接。',
  IP_RPFILTER: '按反向路径检查（rp_filter），去往其源地址的路不是它的来路。',
  IP_MARTIAN_SOURCE: '这样的源地址不可能出现在这里。',
  IP_MARTIAN_DESTINATION: '127.0.0.0/8 的地址不该出现在线路上（route_localnet 已关闭）。',
  IP_NO_ROUTE: '没有到达其目的地址的路由。',
  IP_BLACKHOLE: '它匹配的路由是黑洞路由。',
  IP_FORWARDING_OFF: '它不是发给本机的，而 ip_forward 为 0。',
  IP_TTL_EXPIRED: 'TTL 已耗尽。',
  IP_NOT_FOR_US: '链路地址是别人的。',
  IP_HEADER: '首部不合法。',
  PACKET_TOO_BIG: '它超过 MTU，又不允许分片。',
  PROTOCOL_UNREACHABLE: '这里没有谁处理该协议。',
  NO_SOCKET: '没有进程在该端口监听。',
  SOCKET_BUFFER_FULL: '接收方的缓冲区已满。',
  SOCKET_CLOSED: '套接字已关闭。',
  TCP_INVALID: '不符合 TCP 的预期：状态、窗口或标志位不对。',
  TCP_BACKLOG_FULL: '新连接的队列已满。',
  NEIGHBOUR_FAILED: '没有谁应答关于下一跳的 ARP 询问。',
  NEIGHBOUR_QUEUE_FULL: '等待同一个 ARP 应答的包太多。',
  ARP_IGNORED: 'ARP 所询问的地址不在这里。',
  ARP_PROXY_CONSUMED: 'vxlan 自行应答这类询问，不放出去。',
  DEVICE_DOWN: '设备未启用。',
  DEVICE_NO_CARRIER: '设备没有载波：对端未启用或已不存在。',
  DEVICE_MTU: '帧超过设备能接收的大小。',
  DEVICE_UNKNOWN_PROTOCOL: '这里没有谁处理这种帧。',
  BRIDGE_NO_PORT: '网桥没有可以发往的端口。',
  BRIDGE_PORT_STATE: '网桥端口当前不转发。',
  BRIDGE_HAIRPIN: '它将从进来的端口再出去。',
  BRIDGE_RESERVED_ADDRESS: '网桥不转发发往该链路地址的帧。',
  VXLAN_UNKNOWN_VNI: '这里没有该 VNI 的 vxlan 设备。',
  VXLAN_NO_REMOTE: 'vxlan 设备不知道该 MAC 地址在哪个节点。',
  VXLAN_LOOP: '它会被封装进自身。',
  IPVS_NO_DESTINATION: '该服务没有接受连接的后端。',
  IPVS_DESTINATION_GONE: '该连接的后端已不存在。',
  IPVS_NO_SERVICE: '没有匹配的 IPVS 服务。',
  XFRM_NO_STATE: '这里没有适合它的 IPsec 状态：SPI 未知，或策略要求的状态不存在。',
  XFRM_INTEGRITY: '这个 ESP 包无法用该状态的密钥解开。',
  XFRM_POLICY: 'IPsec 策略禁止它，或只允许加密后的包进入。',
  TRANSPORT_CHECKSUM: '它的 UDP 或 TCP 校验和不对：地址在 ESP 之外被改写。',
  FRAGMENT_TIMEOUT: '其余分片没有及时到达。',
  SWITCH_NO_PORT: '线路上没有哪台机器有该链路地址。',
  FAULT: '课程设置的故障将它丢弃。',
};

function dropWords(reason: string): string {
  return DROP_WORDS[reason] ?? `${reason}。`;
}
