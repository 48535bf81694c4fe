package sysmon

// The parsers of the kernel's files, for fuzzing.
var (
	Number      = number
	Quota       = quota
	Bandwidth   = bandwidth
	Flat        = flat
	Listed      = listed
	Stalls      = stalls
	Memberships = memberships
	Mounts      = mounts
	Unescaped   = unescaped
	Below       = below
)

// Controllers returns the group of each controller of version 1, and that of version 2.
func (m membership) Controllers() (v1 map[string]string, unified string) { return m.v1, m.unified }

// Point returns which group a mount shows and where, and the controllers.
func (m mount) Point() (root, point string, controllers []string) {
	return m.root, m.point, m.controllers
}

// Quantile is that of what came between two histograms.
var Quantile = quantile

// Loopback says whether an interface leads back.
var Loopback = loopback
