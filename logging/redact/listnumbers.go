package redact

// AppendComplex128 appends a number, or the mask.
func (l *list) AppendComplex128(value complex128) {
	if !l.hides() {
		l.to.AppendComplex128(value)
	}
}

// AppendComplex64 appends a number, or the mask.
func (l *list) AppendComplex64(value complex64) {
	if !l.hides() {
		l.to.AppendComplex64(value)
	}
}

// AppendFloat64 appends a number, or the mask.
func (l *list) AppendFloat64(value float64) {
	if !l.hides() {
		l.to.AppendFloat64(value)
	}
}

// AppendFloat32 appends a number, or the mask.
func (l *list) AppendFloat32(value float32) {
	if !l.hides() {
		l.to.AppendFloat32(value)
	}
}

// AppendInt appends a number, or the mask.
func (l *list) AppendInt(value int) {
	if !l.hides() {
		l.to.AppendInt(value)
	}
}

// AppendInt64 appends a number, or the mask.
func (l *list) AppendInt64(value int64) {
	if !l.hides() {
		l.to.AppendInt64(value)
	}
}

// AppendInt32 appends a number, or the mask.
func (l *list) AppendInt32(value int32) {
	if !l.hides() {
		l.to.AppendInt32(value)
	}
}

// AppendInt16 appends a number, or the mask.
func (l *list) AppendInt16(value int16) {
	if !l.hides() {
		l.to.AppendInt16(value)
	}
}

// AppendInt8 appends a number, or the mask.
func (l *list) AppendInt8(value int8) {
	if !l.hides() {
		l.to.AppendInt8(value)
	}
}

// AppendUint appends a number, or the mask.
func (l *list) AppendUint(value uint) {
	if !l.hides() {
		l.to.AppendUint(value)
	}
}

// AppendUint64 appends a number, or the mask.
func (l *list) AppendUint64(value uint64) {
	if !l.hides() {
		l.to.AppendUint64(value)
	}
}

// AppendUint32 appends a number, or the mask.
func (l *list) AppendUint32(value uint32) {
	if !l.hides() {
		l.to.AppendUint32(value)
	}
}

// AppendUint16 appends a number, or the mask.
func (l *list) AppendUint16(value uint16) {
	if !l.hides() {
		l.to.AppendUint16(value)
	}
}

// AppendUint8 appends a number, or the mask.
func (l *list) AppendUint8(value uint8) {
	if !l.hides() {
		l.to.AppendUint8(value)
	}
}

// AppendUintptr appends a number, or the mask.
func (l *list) AppendUintptr(value uintptr) {
	if !l.hides() {
		l.to.AppendUintptr(value)
	}
}

// AppendBool appends a switch, or the mask.
func (l *list) AppendBool(value bool) {
	if !l.hides() {
		l.to.AppendBool(value)
	}
}
