# breaks: pem.agent-number
# what: the agent gets the next number, whatever was asked for
# at: Install-PemCluster
# on: data
# outcome: works
needs /usr/edb/pem/bin/configure-pem-server.sh
edit /usr/edb/pem/agent/bin/pemworker 's/^id=${cfg\[agent_id\]}/id=/'
