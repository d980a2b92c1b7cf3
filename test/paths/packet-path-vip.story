# packet-path-vip: rules met by the SYN and the SYN+ACK, as recorded; made by extract.mjs
@ node1 docker swarm init --advertise-addr 192.168.56.11
@ node2 docker swarm join --token TOKEN 192.168.56.11:2377
@ node3 docker swarm join --token TOKEN 192.168.56.11:2377
@ node1 docker network create -d overlay --subnet 192.168.200.0/24 --attachable demonet
@ node1 docker service create --name server --network demonet --no-resolve-image --constraint node.hostname==node2 --detach jwilder/whoami
@ node1 docker service create --name caller --network demonet --no-resolve-image --constraint node.hostname==node1 --detach nicolaka/netshoot sleep 50000
? node1 nsenter --net=$(docker inspect -f '{{.NetworkSettings.SandboxKey}}' $(docker ps -q -f name=caller.1)) curl -sS http://192.168.200.2:8000/

[node1 task caller.1] SYN
nat OUTPUT policy ACCEPT | - | 192.168.200.6:C > 192.168.200.2:8000 ttl 64 mark 0x0
nat POSTROUTING policy ACCEPT | - | 192.168.200.6:C > 192.168.200.2:8000 ttl 64 mark 0x0

[node1 lb] SYN
mangle INPUT rule CONTINUE | -A INPUT -d 192.168.200.2/32 -j MARK --set-xmark 0x101/0xffffffff | 192.168.200.6:C > 192.168.200.2:8000 ttl 64 mark 0x101
mangle INPUT policy ACCEPT | - | 192.168.200.6:C > 192.168.200.2:8000 ttl 64 mark 0x101
nat POSTROUTING rule ACCEPT | -A POSTROUTING -d 192.168.200.0/24 -m ipvs --ipvs -j SNAT --to-source 192.168.200.7 | 192.168.200.6:C > 192.168.200.3:8000 ttl 63 mark 0x101

[node1 host] VXLAN 192.168.56.11 > 192.168.56.12 len 110
nat OUTPUT policy ACCEPT | - | 192.168.56.11:V > 192.168.56.12:4789 ttl 64 mark 0x0
nat POSTROUTING policy ACCEPT | - | 192.168.56.11:V > 192.168.56.12:4789 ttl 64 mark 0x0

[node1 host] VXLAN 192.168.56.12 > 192.168.56.11 len 110
nat PREROUTING rule JUMP DOCKER | -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER | 192.168.56.12:V > 192.168.56.11:4789 ttl 64 mark 0x0
nat PREROUTING policy ACCEPT | - | 192.168.56.12:V > 192.168.56.11:4789 ttl 64 mark 0x0

[node2 host] VXLAN 192.168.56.11 > 192.168.56.12 len 110
nat PREROUTING rule JUMP DOCKER | -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER | 192.168.56.11:V > 192.168.56.12:4789 ttl 64 mark 0x0
nat PREROUTING policy ACCEPT | - | 192.168.56.11:V > 192.168.56.12:4789 ttl 64 mark 0x0

[node2 host] VXLAN 192.168.56.12 > 192.168.56.11 len 110
nat OUTPUT policy ACCEPT | - | 192.168.56.12:V > 192.168.56.11:4789 ttl 64 mark 0x0
nat POSTROUTING policy ACCEPT | - | 192.168.56.12:V > 192.168.56.11:4789 ttl 64 mark 0x0
