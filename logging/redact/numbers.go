package redact

// AddComplex128 adds a number, or the mask.
func (e *encoder) AddComplex128(key string, value complex128) {
	if shown, hidden := e.hides(key); !hidden {
		e.to.AddComplex128(shown, value)
	}
}

// AddComplex64 adds a number, or the mask.
func (e *encoder) AddComplex64(key string, value complex64) {
	if shown, hidden := e.hides(key); !hidden {
		e.to.AddComplex64(shown, value)
	}
}

// AddFloat64 adds a number, or the mask.
func (e *encoder) AddFloat64(key string, value float64) {
	if shown, hidden := e.hides(key); !hidden {
		e.to.AddFloat64(shown, value)
	}
}

// AddFloat32 adds a number, or the mask.
func (e *encoder) AddFloat32(key string, value float32) {
	if shown, hidden := e.hides(key); !hidden {
		e.to.AddFloat32(shown, value)
	}
}

// AddInt adds a number, or the mask.
func (e *encoder) AddInt(key string, value int) {
	if shown, hidden := e.hides(key); !hidden {
		e.to.AddInt(shown, value)
	}
}

// AddInt64 adds a number, or the mask.
func (e *encoder) AddInt64(key string, value int64) {
	if shown, hidden := e.hides(key); !hidden {
		e.to.AddInt64(shown, value)
	}
}

// AddInt32 adds a number, or the mask.
func (e *encoder) AddInt32(key string, value int32) {
	if shown, hidden := e.hides(key); !hidden {
		e.to.AddInt32(shown, value)
	}
}

// AddInt16 adds a number, or the mask.
func (e *encoder) AddInt16(key string, value int16) {
	if shown, hidden := e.hides(key); !hidden {
		e.to.AddInt16(shown, value)
	}
}

// AddInt8 adds a number, or the mask.
func (e *encoder) AddInt8(key string, value int8) {
	if shown, hidden := e.hides(key); !hidden {
		e.to.AddInt8(shown, value)
	}
}

// AddUint adds a number, or the mask.
func (e *encoder) AddUint(key string, value uint) {
	if shown, hidden := e.hides(key); !hidden {
		e.to.AddUint(shown, value)
	}
}

// AddUint64 adds a number, or the mask.
func (e *encoder) AddUint64(key string, value uint64) {
	if shown, hidden := e.hides(key); !hidden {
		e.to.AddUint64(shown, value)
	}
}

// AddUint32 adds a number, or the mask.
func (e *encoder) AddUint32(key string, value uint32) {
	if shown, hidden := e.hides(key); !hidden {
		e.to.AddUint32(shown, value)
	}
}

// AddUint16 adds a number, or the mask.
func (e *encoder) AddUint16(key string, value uint16) {
	if shown, hidden := e.hides(key); !hidden {
		e.to.AddUint16(shown, value)
	}
}

// AddUint8 adds a number, or the mask.
func (e *encoder) AddUint8(key string, value uint8) {
	if shown, hidden := e.hides(key); !hidden {
		e.to.AddUint8(shown, value)
	}
}

// AddUintptr adds a number, or the mask.
func (e *encoder) AddUintptr(key string, value uintptr) {
	if shown, hidden := e.hides(key); !hidden {
		e.to.AddUintptr(shown, value)
	}
}

// AddBool adds a switch, or the mask.
func (e *encoder) AddBool(key string, value bool) {
	if shown, hidden := e.hides(key); !hidden {
		e.to.AddBool(shown, value)
	}
}
