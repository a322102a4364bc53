# breaks: pem.units
# what: the agent's unit is called pem-agent
# at: Install-PemServer
# on: data
# outcome: refused ProductDiffers
needs /usr/edb/pem/bin/configure-pem-server.sh
move /usr/lib/systemd/system/pemagent.service /usr/lib/systemd/system/pem-agent.service
