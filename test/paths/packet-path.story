# packet-path: rules met by the SYN and the SYN+ACK, as recorded; made by extract.mjs
@ node1 docker swarm init --advertise-addr 192.168.56.11
@ node2 docker swarm join --token TOKEN 192.168.56.11:2377
@ node3 docker swarm join --token TOKEN 192.168.56.11:2377
@ node1 docker service create --name whoami --publish 8000:8000 --replicas 1 --constraint node.hostname==node2 --no-resolve-image --detach jwilder/whoami
? client curl -sS http://192.168.56.13:8000/

[node3 host] SYN
nat PREROUTING rule JUMP DOCKER-INGRESS | -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER-INGRESS | 192.168.56.1:C > 192.168.56.13:8000 ttl 64 mark 0x0
nat DOCKER-INGRESS rule ACCEPT | -A DOCKER-INGRESS -p tcp -m tcp --dport 8000 -j DNAT --to-destination 172.18.0.2:8000 | 192.168.56.1:C > 192.168.56.13:8000 ttl 64 mark 0x0
filter FORWARD rule JUMP DOCKER-USER | -A FORWARD -j DOCKER-USER | 192.168.56.1:C > 172.18.0.2:8000 ttl 63 mark 0x0
filter DOCKER-USER rule RETURN | -A DOCKER-USER -j RETURN | 192.168.56.1:C > 172.18.0.2:8000 ttl 63 mark 0x0
filter FORWARD rule JUMP DOCKER-INGRESS | -A FORWARD -j DOCKER-INGRESS | 192.168.56.1:C > 172.18.0.2:8000 ttl 63 mark 0x0
filter DOCKER-INGRESS rule ACCEPT | -A DOCKER-INGRESS -p tcp -m tcp --dport 8000 -j ACCEPT | 192.168.56.1:C > 172.18.0.2:8000 ttl 63 mark 0x0
nat POSTROUTING policy ACCEPT | - | 192.168.56.1:C > 172.18.0.2:8000 ttl 63 mark 0x0

[node3 host] VXLAN 192.168.56.13 > 192.168.56.12 len 110
nat OUTPUT policy ACCEPT | - | 192.168.56.13:V > 192.168.56.12:4789 ttl 64 mark 0x0
nat POSTROUTING policy ACCEPT | - | 192.168.56.13:V > 192.168.56.12:4789 ttl 64 mark 0x0

[node3 host] VXLAN 192.168.56.12 > 192.168.56.13 len 110
nat PREROUTING rule JUMP DOCKER-INGRESS | -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER-INGRESS | 192.168.56.12:V > 192.168.56.13:4789 ttl 64 mark 0x0
nat DOCKER-INGRESS rule RETURN | -A DOCKER-INGRESS -j RETURN | 192.168.56.12:V > 192.168.56.13:4789 ttl 64 mark 0x0
nat PREROUTING rule JUMP DOCKER | -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER | 192.168.56.12:V > 192.168.56.13:4789 ttl 64 mark 0x0
nat PREROUTING policy ACCEPT | - | 192.168.56.12:V > 192.168.56.13:4789 ttl 64 mark 0x0

[node3 host] SYN+ACK
filter FORWARD rule JUMP DOCKER-USER | -A FORWARD -j DOCKER-USER | 172.18.0.2:8000 > 192.168.56.1:C ttl 62 mark 0x0
filter DOCKER-USER rule RETURN | -A DOCKER-USER -j RETURN | 172.18.0.2:8000 > 192.168.56.1:C ttl 62 mark 0x0
filter FORWARD rule JUMP DOCKER-INGRESS | -A FORWARD -j DOCKER-INGRESS | 172.18.0.2:8000 > 192.168.56.1:C ttl 62 mark 0x0
filter DOCKER-INGRESS rule ACCEPT | -A DOCKER-INGRESS -p tcp -m tcp --sport 8000 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT | 172.18.0.2:8000 > 192.168.56.1:C ttl 62 mark 0x0

[node3 ingress_sbox] SYN
mangle PREROUTING rule CONTINUE | -A PREROUTING -p tcp -m tcp --dport 8000 -j MARK --set-xmark 0x100/0xffffffff | 192.168.56.1:C > 172.18.0.2:8000 ttl 63 mark 0x100
mangle PREROUTING policy ACCEPT | - | 192.168.56.1:C > 172.18.0.2:8000 ttl 63 mark 0x100
mangle INPUT policy ACCEPT | - | 192.168.56.1:C > 172.18.0.2:8000 ttl 63 mark 0x100
nat POSTROUTING rule ACCEPT | -A POSTROUTING -d 10.0.0.0/24 -m ipvs --ipvs -j SNAT --to-source 10.0.0.4 | 192.168.56.1:C > 10.0.0.6:8000 ttl 62 mark 0x100

[node3 ingress_sbox] SYN+ACK
mangle PREROUTING policy ACCEPT | - | 10.0.0.6:8000 > 10.0.0.4:C ttl 64 mark 0x0

[node2 host] VXLAN 192.168.56.13 > 192.168.56.12 len 110
nat PREROUTING rule JUMP DOCKER-INGRESS | -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER-INGRESS | 192.168.56.13:V > 192.168.56.12:4789 ttl 64 mark 0x0
nat DOCKER-INGRESS rule RETURN | -A DOCKER-INGRESS -j RETURN | 192.168.56.13:V > 192.168.56.12:4789 ttl 64 mark 0x0
nat PREROUTING rule JUMP DOCKER | -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER | 192.168.56.13:V > 192.168.56.12:4789 ttl 64 mark 0x0
nat PREROUTING policy ACCEPT | - | 192.168.56.13:V > 192.168.56.12:4789 ttl 64 mark 0x0

[node2 host] VXLAN 192.168.56.12 > 192.168.56.13 len 110
nat OUTPUT policy ACCEPT | - | 192.168.56.12:V > 192.168.56.13:4789 ttl 64 mark 0x0
nat POSTROUTING policy ACCEPT | - | 192.168.56.12:V > 192.168.56.13:4789 ttl 64 mark 0x0

[node2 task whoami.1] SYN
nat PREROUTING rule ACCEPT | -A PREROUTING -d 10.0.0.6/32 -p tcp -m tcp --dport 8000 -j REDIRECT --to-ports 8000 | 10.0.0.4:C > 10.0.0.6:8000 ttl 62 mark 0x0
filter INPUT rule ACCEPT | -A INPUT -d 10.0.0.6/32 -p tcp -m tcp --dport 8000 -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT | 10.0.0.4:C > 10.0.0.6:8000 ttl 62 mark 0x0

[node2 task whoami.1] SYN+ACK
filter OUTPUT rule ACCEPT | -A OUTPUT -s 10.0.0.6/32 -p tcp -m tcp --sport 8000 -m conntrack --ctstate ESTABLISHED -j ACCEPT | 10.0.0.6:8000 > 10.0.0.4:C ttl 64 mark 0x0
