"""How connections are kept, whatever sends over them."""

MAX_CONNECTIONS = 100

# Seconds that a connection is kept idle. A request that is sent as the other side closes the connection is lost, and
# most must not be repeated. So this is below the idle timeouts of servers and proxies: 5 seconds by default in Node.js,
# Apache and uvicorn, 60 and more in load balancers, 75 in nginx and in meshydb-server.
IDLE_SECONDS = 4.0
