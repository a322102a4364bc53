# breaks: pem.agent-configuration
# what: agent.cfg spells its settings in another way
# at: Set-PemWebApplication
# on: data
# outcome: refused ProductDiffers
needs /usr/edb/pem/agent/etc/agent.cfg
edit /usr/edb/pem/agent/etc/agent.cfg 's/^agent_ssl_crt=/agent_ssl_cert=/'
