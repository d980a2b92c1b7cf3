// What iptables 1.8.11 (nf_tables) says to wrong command lines, in order, as recorded (kernel-iptables, steps 508 to 590).

/** Words after `iptables`, exit status, standard error. */
export const RECORDED_ERRORS: readonly (readonly [words: string, status: number, stderr: string])[] = [
  [
    '',
    2,
    "iptables v1.8.11 (nf_tables): no command specified\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-A',
    2,
    "iptables v1.8.11 (nf_tables): option \"-A\" requires an argument\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  ['-A NOSUCH -j ACCEPT', 1, 'iptables: No chain/target/match by that name.\n'],
  [
    '-A INPUT -j NOSUCH',
    2,
    "iptables v1.8.11 (nf_tables): Chain 'NOSUCH' does not exist\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-A INPUT -p nosuch -j ACCEPT',
    2,
    "iptables v1.8.11 (nf_tables): unknown protocol \"nosuch\" specified\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-A INPUT --dport 80 -j ACCEPT',
    2,
    "iptables v1.8.11 (nf_tables): unknown option \"--dport\"\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-A INPUT -p icmp --dport 80 -j ACCEPT',
    2,
    "iptables v1.8.11 (nf_tables): unknown option \"--dport\"\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-A INPUT -p tcp --dport http2x -j ACCEPT',
    2,
    "iptables v1.8.11 (nf_tables): invalid port/service `http2x' specified\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-A INPUT -p tcp --dport 70000 -j ACCEPT',
    2,
    "iptables v1.8.11 (nf_tables): invalid port/service `70000' specified\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-A INPUT -s 10.0.0.300 -j ACCEPT',
    2,
    "iptables v1.8.11 (nf_tables): host/network `10.0.0.300' not found\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-A INPUT -s 10.0.0.0/33 -j ACCEPT',
    2,
    "iptables v1.8.11 (nf_tables): invalid mask `33' specified\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-A INPUT -s nosuchhost -j ACCEPT',
    2,
    "iptables v1.8.11 (nf_tables): host/network `nosuchhost' not found\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  ['-A INPUT -i -j ACCEPT', 2, "Bad argument `ACCEPT'\nTry `iptables -h' or 'iptables --help' for more information.\n"],
  [
    '-A INPUT -o eth0 -j ACCEPT',
    2,
    "iptables v1.8.11 (nf_tables): Can't use --out-interface with INPUT\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-A OUTPUT -i eth0 -j ACCEPT',
    2,
    "iptables v1.8.11 (nf_tables): Can't use --in-interface with OUTPUT\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  ['-A POSTROUTING -j ACCEPT', 1, 'iptables: No chain/target/match by that name.\n'],
  ['-t nat -A FORWARD -j ACCEPT', 1, 'iptables: No chain/target/match by that name.\n'],
  [
    '-t nat -A PREROUTING -o eth0 -j ACCEPT',
    2,
    "iptables v1.8.11 (nf_tables): Can't use --out-interface with PREROUTING\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-t nat -A POSTROUTING -i eth0 -j MASQUERADE',
    2,
    "iptables v1.8.11 (nf_tables): Can't use --in-interface with POSTROUTING\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-t nosuch -L',
    3,
    "iptables v1.8.11 (nf_tables): table 'nosuch' does not exist\nPerhaps iptables or your kernel needs to be upgraded.\n",
  ],
  [
    '-A INPUT -m nosuch -j ACCEPT',
    2,
    "iptables v1.8.11 (nf_tables): Couldn't load match `nosuch':No such file or directory\n\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-A INPUT -m conntrack -j ACCEPT',
    2,
    "iptables v1.8.11 (nf_tables): conntrack: At least one option is required\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-A INPUT -m conntrack --ctstate NOPE -j ACCEPT',
    2,
    "iptables v1.8.11 (nf_tables): Bad ctstate \"NOPE\"\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-A INPUT -m mark --mark zz -j ACCEPT',
    2,
    "iptables v1.8.11 (nf_tables): mark: bad integer value for option \"--mark\", or out of range.\n\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-A INPUT -m mark -j ACCEPT',
    2,
    "iptables v1.8.11 (nf_tables): mark: option \"--mark\" must be specified\n\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-A INPUT -j MARK',
    2,
    "iptables v1.8.11 (nf_tables): MARK: One of the --set-xmark, --{and,or,xor,set}-mark options is required\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-A INPUT -j DNAT --to-destination 1.2.3.4',
    4,
    'iptables v1.8.11 (nf_tables):  RULE_APPEND failed (Invalid argument): rule in chain INPUT\n',
  ],
  [
    '-t nat -A PREROUTING -j DNAT',
    2,
    "iptables v1.8.11 (nf_tables): DNAT: option \"--to-destination\" must be specified\n\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-t nat -A PREROUTING -j DNAT --to-destination 1.2.3.4:80',
    2,
    "iptables v1.8.11 (nf_tables): Need TCP, UDP, SCTP or DCCP with port specification\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-t nat -A PREROUTING -p tcp -j DNAT --to-destination 1.2.3.400:80',
    2,
    "iptables v1.8.11 (nf_tables): Bad IP address \"1.2.3.400\"\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-t nat -A PREROUTING -p tcp -j DNAT --to-destination 1.2.3.4:99999',
    2,
    "iptables v1.8.11 (nf_tables): Port `99999' not valid\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-t nat -A PREROUTING -j MASQUERADE',
    4,
    'iptables v1.8.11 (nf_tables):  RULE_APPEND failed (Invalid argument): rule in chain PREROUTING\n',
  ],
  [
    '-t nat -A PREROUTING -j SNAT --to-source 1.2.3.4',
    4,
    'iptables v1.8.11 (nf_tables):  RULE_APPEND failed (Invalid argument): rule in chain PREROUTING\n',
  ],
  [
    '-t nat -A POSTROUTING -j DNAT --to-destination 1.2.3.4',
    4,
    'iptables v1.8.11 (nf_tables):  RULE_APPEND failed (Invalid argument): rule in chain POSTROUTING\n',
  ],
  [
    '-t nat -A PREROUTING -j REJECT',
    4,
    'iptables v1.8.11 (nf_tables):  RULE_APPEND failed (Invalid argument): rule in chain PREROUTING\n',
  ],
  [
    '-A INPUT -j REJECT --reject-with nosuch',
    2,
    "iptables v1.8.11 (nf_tables): unknown reject type \"nosuch\"\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-A INPUT -j REJECT --reject-with tcp-reset',
    4,
    'iptables v1.8.11 (nf_tables):  RULE_APPEND failed (Invalid argument): rule in chain INPUT\n',
  ],
  [
    '-t nat -A POSTROUTING -j REDIRECT',
    4,
    'iptables v1.8.11 (nf_tables):  RULE_APPEND failed (Invalid argument): rule in chain POSTROUTING\n',
  ],
  [
    '-t mangle -A INPUT -j REDIRECT',
    4,
    'iptables v1.8.11 (nf_tables):  RULE_APPEND failed (Invalid argument): rule in chain INPUT\n',
  ],
  ['-D INPUT 99', 1, 'iptables: Index of deletion too big.\n'],
  ['-D INPUT -j NFLOG', 1, 'iptables: Bad rule (does a matching rule exist in that chain?).\n'],
  ['-D INPUT -p tcp --dport 1 -j ACCEPT', 1, 'iptables: Bad rule (does a matching rule exist in that chain?).\n'],
  ['-D NOSUCH 1', 1, 'iptables: No chain/target/match by that name.\n'],
  ['-R INPUT 9 -j ACCEPT', 1, 'iptables: Index of replacement too big.\n'],
  ['-R INPUT 1', 1, 'iptables: Index of replacement too big.\n'],
  ['-I INPUT 99 -j ACCEPT', 1, 'iptables: Index of insertion too big.\n'],
  [
    '-I INPUT 0 -j ACCEPT',
    2,
    "iptables v1.8.11 (nf_tables): Invalid rule number `0'\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  ['-N INPUT', 1, 'iptables: Chain already exists.\n'],
  [
    '-N ACCEPT',
    2,
    "iptables v1.8.11 (nf_tables): chain name may not clash with target name\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-N averyveryverylongchainnamethatistoolong',
    2,
    "iptables v1.8.11 (nf_tables): chain name `averyveryverylongchainnamethatistoolong' too long (must be under 29 chars)\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  ['-X NOSUCH', 1, 'iptables: No chain/target/match by that name.\n'],
  ['-F NOSUCH', 1, 'iptables: No chain/target/match by that name.\n'],
  ['-L NOSUCH', 1, 'iptables: No chain/target/match by that name.\n'],
  ['-S NOSUCH', 1, 'iptables: No chain/target/match by that name.\n'],
  ['-P NOSUCH DROP', 1, 'iptables: Bad built-in chain name.\n'],
  ['-P FORWARD REJECT', 1, "iptables: Bad policy name. Run `dmesg' for more information.\n"],
  [
    '-P FORWARD',
    2,
    "iptables v1.8.11 (nf_tables): -P requires a chain and a policy\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  ['-E NOSUCH X', 1, 'iptables: No chain/target/match by that name.\n'],
  ['-Z NOSUCH', 1, 'iptables: No chain/target/match by that name.\n'],
  ['-C INPUT -j ACCEPT', 1, 'iptables: Bad rule (does a matching rule exist in that chain?).\n'],
  ['-C NOSUCH -j ACCEPT', 1, 'iptables: Bad rule (does a matching rule exist in that chain?).\n'],
  [
    '-A INPUT -p tcp -m multiport --dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16 -j ACCEPT',
    2,
    "iptables v1.8.11 (nf_tables): too many ports specified\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-A INPUT -m multiport --dports 80 -j ACCEPT',
    2,
    "iptables v1.8.11 (nf_tables): multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-A INPUT -m limit --limit 5/fortnight',
    2,
    "iptables v1.8.11 (nf_tables): bad rate \"5/fortnight\"'\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-A INPUT -m addrtype -j ACCEPT',
    2,
    "iptables v1.8.11 (nf_tables): addrtype: you must specify --src-type or --dst-type\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-A INPUT -m addrtype --dst-type NOPE',
    2,
    "iptables v1.8.11 (nf_tables): addrtype: bad type \"NOPE\"\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-A INPUT --nosuch',
    2,
    "iptables v1.8.11 (nf_tables): unknown option \"--nosuch\"\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-A INPUT -j ACCEPT extra',
    2,
    "Bad argument `extra'\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-A INPUT -A OUTPUT -j ACCEPT',
    2,
    "iptables v1.8.11 (nf_tables): Cannot use -A with -A\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-L -D INPUT 1',
    2,
    "iptables v1.8.11 (nf_tables): Cannot use -D with -L\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-nvL -t',
    2,
    "iptables v1.8.11 (nf_tables): option \"-t\" requires an argument\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-A INPUT -m comment -j ACCEPT',
    2,
    "iptables v1.8.11 (nf_tables): comment: option \"--comment\" must be specified\n\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-A INPUT -p tcp ! --syn ! -s 1.1.1.1 ! -j ACCEPT',
    2,
    "iptables v1.8.11 (nf_tables): cannot have ! before --jump\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-A INPUT -s ! 10.0.0.1 -j ACCEPT',
    2,
    "Bad argument `10.0.0.1'\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-A INPUT -j ACCEPT -j DROP',
    2,
    "iptables v1.8.11 (nf_tables): multiple --jump options not allowed\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-A INPUT -j RETURN --foo',
    2,
    "iptables v1.8.11 (nf_tables): unknown option \"--foo\"\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-A INPUT -m ipvs -j ACCEPT',
    2,
    "iptables v1.8.11 (nf_tables): IPVS: At least one option is required\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  [
    '-j ACCEPT',
    2,
    "iptables v1.8.11 (nf_tables): no command specified\nTry `iptables -h' or 'iptables --help' for more information.\n",
  ],
  ['INPUT -j ACCEPT', 2, "Bad argument `INPUT'\nTry `iptables -h' or 'iptables --help' for more information.\n"],
];
