package pool

import (
	"net"
	"syscall"
	"time"
)

// tcpUserTimeout is TCP_USER_TIMEOUT of linux/tcp.h, which package syscall does not name.
const tcpUserTimeout = 0x12

// tuneTCP makes the kernel notice a peer that vanished: keep-alive probes while nothing is sent, and a limit on how long
// sent data may stay unacknowledged (by default the kernel retries for a quarter of an hour). Failures are ignored: the
// connection works without.
func tuneTCP(c *net.TCPConn, userTimeout time.Duration) {
	setKeepAlive(c)
	if userTimeout <= 0 {
		return
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(userTimeout.Milliseconds()))
	})
}
