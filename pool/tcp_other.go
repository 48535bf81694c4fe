//go:build !linux

package pool

import (
	"net"
	"time"
)

func tuneTCP(c *net.TCPConn, _ time.Duration) { setKeepAlive(c) }
