/** The line of `ss -i`: what is known of a connection (struct tcp_info), in the order of tcp_stats_print. */
import type { TcpSocket } from '../../transport/index.ts';

/** Starts with a tab and a space, ends with a newline. `now` in virtual µs. */
export function tcpInfo(socket: TcpSocket, now: number): string {
  const words: string[] = [];
  const milliseconds = (micros: number): string => String(Number((micros / 1000).toFixed(3)));
  if (socket.timestamps) words.push('ts');
  if (socket.sack) words.push('sack');
  words.push('reno');
  if (socket.rcvWscale !== 0 || socket.sndWscale !== 0) words.push(`wscale:${socket.sndWscale},${socket.rcvWscale}`);
  if (socket.state !== 'LISTEN') {
    words.push(`rto:${Math.round(socket.rto / 1000)}`);
    if (socket.srtt > 0) words.push(`rtt:${milliseconds(socket.srtt)}/${milliseconds(socket.rttvar)}`);
    if (socket.ato > 0) words.push(`ato:${Math.round(socket.ato / 1000)}`);
    words.push(`mss:${socket.mss}`);
    if (socket.pathMtu > 0) words.push(`pmtu:${socket.pathMtu}`);
    words.push(`rcvmss:${socket.rcvMss}`, `advmss:${socket.advMss}`);
  }
  words.push(`cwnd:${socket.cwnd}`);
  if (socket.ssthresh < 0x7fffffff) words.push(`ssthresh:${socket.ssthresh}`);
  for (const [name, value] of [
    ['bytes_sent', socket.bytesSent],
    ['bytes_acked', socket.bytesAcked],
    ['bytes_received', socket.bytesReceived],
    ['segs_out', socket.segsOut],
    ['segs_in', socket.segsIn],
    ['data_segs_out', socket.dataSegsOut],
    ['data_segs_in', socket.dataSegsIn],
  ] as const)
    if (value > 0) words.push(`${name}:${value}`);
  for (const [name, at] of [
    ['lastsnd', socket.lastSent],
    ['lastrcv', socket.lastReceived],
    ['lastack', socket.lastHeard],
  ] as const)
    if (at > 0) words.push(`${name}:${Math.floor((now - at) / 1000)}`);
  const flight = (socket.sndNxt - socket.sndUna) >>> 0;
  if (flight > 0 && socket.state !== 'LISTEN') words.push(`unacked:${Math.ceil(flight / socket.mss)}`);
  if (socket.totalRetransmits > 0) words.push(`retrans:${socket.retransmits}/${socket.totalRetransmits}`);
  if (socket.rcvSsthresh > 0) words.push(`rcv_ssthresh:${socket.rcvSsthresh}`);
  if (socket.sndWnd > 0) words.push(`snd_wnd:${socket.sndWnd}`);
  return `\t ${words.join(' ')}\n`;
}
