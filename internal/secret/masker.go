package secret

// Masker replaces secrets. It is safe for concurrent use as long as its functions are.
type Masker struct {
	// Mask stands for a secret.
	Mask string
	// More masks more in texts, after everything else. Nil masks no more.
	More func(string) string
	// Judge says how sure a name is one of a secret. Nil means [Secrecy].
	Judge func(name string) Strength
	// Bools says that true and false are hidden, too, under names that are surely those of secrets.
	Bools bool
	// NamesOnly leaves texts as they are: only what has the name of a secret is masked.
	NamesOnly bool
}

// Secrecy says how sure a name is one of a secret, as Judge has it.
func (m *Masker) Secrecy(name string) Strength {
	if m.Judge != nil {
		return m.Judge(name)
	}
	return Secrecy(name)
}
