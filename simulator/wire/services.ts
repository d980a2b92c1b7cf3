/** Names of well-known ports, the part of /etc/services that tools show. After RFC 6335's registry, as netbase ships it. */

const TCP_AND_UDP: Readonly<Record<number, string>> = { 53: 'domain', 88: 'kerberos', 443: 'https', 853: 'domain-s' };

const TCP: Readonly<Record<number, string>> = {
  7: 'echo',
  9: 'discard',
  13: 'daytime',
  19: 'chargen',
  20: 'ftp-data',
  21: 'ftp',
  22: 'ssh',
  23: 'telnet',
  25: 'smtp',
  37: 'time',
  70: 'gopher',
  79: 'finger',
  80: 'http',
  110: 'pop3',
  111: 'sunrpc',
  113: 'auth',
  119: 'nntp',
  143: 'imap2',
  179: 'bgp',
  389: 'ldap',
  445: 'microsoft-ds',
  465: 'submissions',
  514: 'shell',
  543: 'klogin',
  587: 'submission',
  631: 'ipp',
  636: 'ldaps',
  873: 'rsync',
  993: 'imaps',
  995: 'pop3s',
  1080: 'socks',
  1194: 'openvpn',
  1433: 'ms-sql-s',
  2049: 'nfs',
  3260: 'iscsi-target',
  3306: 'mysql',
  3690: 'svn',
  5222: 'xmpp-client',
  5432: 'postgresql',
  5671: 'amqps',
  5672: 'amqp',
  6000: 'x11',
  8080: 'http-alt',
  9418: 'git',
  10050: 'zabbix-agent',
};

const UDP: Readonly<Record<number, string>> = {
  7: 'echo',
  9: 'discard',
  13: 'daytime',
  19: 'chargen',
  37: 'time',
  67: 'bootps',
  68: 'bootpc',
  69: 'tftp',
  111: 'sunrpc',
  123: 'ntp',
  137: 'netbios-ns',
  138: 'netbios-dgm',
  161: 'snmp',
  162: 'snmp-trap',
  177: 'xdmcp',
  500: 'isakmp',
  514: 'syslog',
  520: 'route',
  1194: 'openvpn',
  1701: 'l2f',
  2049: 'nfs',
  4500: 'ipsec-nat-t',
  5353: 'mdns',
  10080: 'amanda',
};

const byName = { tcp: new Map<string, number>(), udp: new Map<string, number>() };
for (const [table, names] of [
  [TCP_AND_UDP, [byName.tcp, byName.udp]],
  [TCP, [byName.tcp]],
  [UDP, [byName.udp]],
] as const) {
  for (const [port, name] of Object.entries(table)) for (const map of names) map.set(name, Number(port));
}

/** getservbyport: the name of a port, or undefined when it has none. */
export function serviceName(port: number, protocol: 'tcp' | 'udp'): string | undefined {
  return TCP_AND_UDP[port] ?? (protocol === 'tcp' ? TCP : UDP)[port];
}

/** getservbyname: the port of a name, or undefined when nobody has it. */
export function servicePort(name: string, protocol: 'tcp' | 'udp'): number | undefined {
  return byName[protocol].get(name) ?? (Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined);
}

const ALIASES: Readonly<Record<string, number>> = { www: 80, mail: 25, ntp: 123, imap: 143, 'pop-3': 110 };
