package secret

// SecrecyOf is [Secrecy] without the glance beforehand.
func SecrecyOf(name string) Strength { return secrecyOf(name) }
