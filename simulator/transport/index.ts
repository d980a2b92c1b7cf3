/** The door of transport/: protocols for stack.ts, socket calls for programs, sock_diag for ss. */
export { tcpProtocol } from './tcp/input.ts';
export { udpProtocol } from './udp.ts';
export { icmpProtocol } from './icmp.ts';
export { forgetNamespace, transportOf } from './state.ts';

export { LOOPBACK6, Socket, type SocketAddress, type SocketOptions, type SocketType } from './socket.ts';
export { TcpSocket, type TcpState } from './tcp/socket.ts';
export { tcpAccept, tcpBind, tcpClose, tcpConnect, tcpListen, tcpReceive, tcpSend, tcpShutdown, tcpSocket } from './tcp/calls.ts';
export { type Datagram, udpBind, udpConnect, udpReceive, udpSend, UdpSocket, udpSocket } from './udp.ts';
export { type EchoReply, icmpBind, icmpReceive, icmpSendEcho, IcmpSocket, icmpSocket } from './icmp.ts';
export { RawSocket, rawPacket, rawReceive, rawSend, rawSocket } from './raw.ts';
export { bindToDevice } from './route.ts';
export { PollSet } from './poll.ts';
export { SocketFile } from './file.ts';
export type { QueuedError } from './errorqueue.ts';
export { type DiagSocket, type DiagTimer, rawDiag, tcpDiag, udpDiag } from './diag.ts';
export { accept, connectTcp, receive, receiveFrom, sendAll, type Sleeper } from './blocking.ts';
