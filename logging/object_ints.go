package logging

// AddInt64 adds a number.
func (o *object) AddInt64(name string, value int64) { o.key(name); o.int(value) }

// AddInt adds a number.
func (o *object) AddInt(name string, value int) { o.AddInt64(name, int64(value)) }

// AddInt32 adds a number.
func (o *object) AddInt32(name string, value int32) { o.AddInt64(name, int64(value)) }

// AddInt16 adds a number.
func (o *object) AddInt16(name string, value int16) { o.AddInt64(name, int64(value)) }

// AddInt8 adds a number.
func (o *object) AddInt8(name string, value int8) { o.AddInt64(name, int64(value)) }

// AddUint64 adds a number.
func (o *object) AddUint64(name string, value uint64) { o.key(name); o.uint(value) }

// AddUint adds a number.
func (o *object) AddUint(name string, value uint) { o.AddUint64(name, uint64(value)) }

// AddUint32 adds a number.
func (o *object) AddUint32(name string, value uint32) { o.AddUint64(name, uint64(value)) }

// AddUint16 adds a number.
func (o *object) AddUint16(name string, value uint16) { o.AddUint64(name, uint64(value)) }

// AddUint8 adds a number.
func (o *object) AddUint8(name string, value uint8) { o.AddUint64(name, uint64(value)) }

// AddUintptr adds a number.
func (o *object) AddUintptr(name string, value uintptr) { o.AddUint64(name, uint64(value)) }

// AppendInt64 appends a number.
func (o *object) AppendInt64(value int64) { o.next(); o.int(value) }

// AppendInt appends a number.
func (o *object) AppendInt(value int) { o.AppendInt64(int64(value)) }

// AppendInt32 appends a number.
func (o *object) AppendInt32(value int32) { o.AppendInt64(int64(value)) }

// AppendInt16 appends a number.
func (o *object) AppendInt16(value int16) { o.AppendInt64(int64(value)) }

// AppendInt8 appends a number.
func (o *object) AppendInt8(value int8) { o.AppendInt64(int64(value)) }

// AppendUint64 appends a number.
func (o *object) AppendUint64(value uint64) { o.next(); o.uint(value) }

// AppendUint appends a number.
func (o *object) AppendUint(value uint) { o.AppendUint64(uint64(value)) }

// AppendUint32 appends a number.
func (o *object) AppendUint32(value uint32) { o.AppendUint64(uint64(value)) }

// AppendUint16 appends a number.
func (o *object) AppendUint16(value uint16) { o.AppendUint64(uint64(value)) }

// AppendUint8 appends a number.
func (o *object) AppendUint8(value uint8) { o.AppendUint64(uint64(value)) }

// AppendUintptr appends a number.
func (o *object) AppendUintptr(value uintptr) { o.AppendUint64(uint64(value)) }
