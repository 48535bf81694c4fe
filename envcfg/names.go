package envcfg

import "math/bits"

// names answers for every variable of the process, at every start, whether its name may be a misspelling of one that is
// read, and rarely wrongly: only then are the names themselves compared. It holds the hashes of the names' halves,
// because one difference leaves one of them.
type names struct {
	table   []uint16
	few     [128]uint16 // room for the table of most configurations
	used    int
	lengths uint64 // which lengths the names have; bit 63 stands for longer ones
}

func (n *names) add(name string) {
	if n.table == nil {
		n.table = n.few[:]
	}
	if 2*(n.used+2) > len(n.table) {
		n.grow()
	}
	first, last := ends(name, half(len(name)))
	n.insert(first)
	n.insert(last)
	n.lengths |= 1 << min(len(name), 63)
}

func (n *names) grow() {
	old := n.table
	n.table, n.used = make([]uint16, 4*len(old)), 0
	for _, h := range old {
		if h != 0 {
			n.insert(h)
		}
	}
}

func (n *names) insert(h uint16) {
	at := int(h) & (len(n.table) - 1)
	for n.table[at] != 0 && n.table[at] != h {
		at = (at + 1) & (len(n.table) - 1)
	}
	if n.table[at] == 0 {
		n.used++
	}
	n.table[at] = h
}

func (n *names) contains(h uint16) bool {
	for at := int(h) & (len(n.table) - 1); n.table[at] != 0; at = (at + 1) & (len(n.table) - 1) {
		if n.table[at] == h {
			return true
		}
	}
	return false
}

// suspicious says whether name may be one of the set, or differ from one in one place: it is as long, give or take a
// letter, and has the same beginning or the same end.
func (n *names) suspicious(name string) bool {
	if n.used == 0 || n.lengths&(7<<max(min(len(name), 63)-1, 0)) == 0 {
		return false
	}
	for k := half(len(name) - 1); k <= half(len(name)+1); k++ {
		if first, last := ends(name, k); n.contains(first) || n.contains(last) {
			return true
		}
	}
	return false
}

// half is how many letters at one end of a name are left by one difference, an exchange of neighbours included.
func half(length int) int { return min(max((length-2)/2, 0), 8) }

// ends hashes the first k letters, up to eight, and the last k.
func ends(name string, k int) (first, last uint16) {
	k = min(k, len(name))
	if len(name) < 8 {
		return mix(short(name[:k]), uint64(k)), mix(short(name[len(name)-k:]), uint64(k)+64) //nolint:gosec // small
	}
	unused := 64 - 8*uint(k)
	return mix(eight(name)<<unused>>unused, uint64(k)), mix(eight(name[len(name)-8:])>>unused, uint64(k)+64) //nolint:gosec // small
}

// whole hashes a name.
func whole(name string) uint16 {
	if len(name) < 8 {
		return mix(short(name), uint64(len(name))+128)
	}
	h := uint64(len(name))
	last := eight(name[len(name)-8:])
	for ; len(name) > 8; name = name[8:] {
		h = (bits.RotateLeft64(h, 29) ^ eight(name)) * multiplier
	}
	return mix(last, h)
}

const multiplier = 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio

// mix is never 0. Both halves of the product are needed: letters that differ stand at the upper end of the number.
func mix(text, salt uint64) uint16 {
	upper, lower := bits.Mul64(text^bits.RotateLeft64(salt*multiplier, 17), multiplier)
	return max(uint16((upper^lower)>>32), 1) //nolint:gosec // any sixteen bits will do
}

// eight reads eight letters as a number; the compiler makes one load of it.
func eight(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// short reads up to eight letters as a number.
func short(s string) uint64 {
	var x uint64
	for i := range len(s) {
		x |= uint64(s[i]) << (8 * i)
	}
	return x
}
