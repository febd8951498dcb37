"""The connection pool settings of all transports."""

MAX_CONNECTIONS = 100

# Seconds that a connection is kept idle. A request is lost if the server closes the connection at the same time, and
# most must not be retried. So this is below the idle timeouts of servers and proxies: 5 seconds by default in Node.js,
# Apache and uvicorn, 60 and more in load balancers, 75 in nginx and in meshydb-server.
IDLE_SECONDS = 4.0
