package pool

import (
	"net"
	"time"
)

// setKeepAlive finds a dead peer of a quiet connection within about 20 s.
func setKeepAlive(c *net.TCPConn) {
	_ = c.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 3 * time.Second, Count: 3})
}
