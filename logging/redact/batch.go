package redact

import "go.uber.org/zap/zapcore"

// Batch is the fields of one record without secrets. It is not safe for concurrent use.
type Batch struct {
	// Fields are those that were given, the same slice, if nothing in them had to be replaced; otherwise a slice of the batch. They
	// are valid until Free and must be added to an encoder before: marshalers among them are asked then.
	Fields []zapcore.Field

	own *scratch
}

// Free gives back the memory of the batch. Nothing may use its fields any more.
func (b *Batch) Free() {
	s := b.own
	b.own, b.Fields = nil, nil
	const most = 256
	if s == nil || !s.pooled || cap(s.fields) > most {
		return // what is not pooled may be kept by whoever got it
	}
	clear(s.fields)
	clear(s.objects[:s.usedObjects])
	clear(s.arrays[:s.usedArrays])
	s.fields, s.usedObjects, s.usedArrays, s.copied = s.fields[:0], 0, 0, false
	s.of.scratch.Put(s)
}

// scratch is the memory of a batch.
type scratch struct {
	of          *Redactor
	pooled      bool // it is used again, with its objects and arrays
	copied      bool // fields are those of the batch
	fields      []zapcore.Field
	objects     [8]object
	arrays      [8]array
	usedObjects int
	usedArrays  int
}

// Redact returns fields without secrets. It allocates nothing when there is nothing to hide in plain fields, errors, objects and
// arrays. What [zapcore.ReflectType] holds is encoded as JSON, once, and becomes a [encoding/json.RawMessage]. The names of
// fields decide first, then the types of values, then what texts look like.
func (r *Redactor) Redact(fields []zapcore.Field) Batch {
	if r.off {
		return Batch{Fields: fields}
	}
	return r.redact(fields, true, mode{})
}

// redact returns fields without secrets. above is the mode of what they are in.
func (r *Redactor) redact(fields []zapcore.Field, pooled bool, above mode) Batch {
	b := Batch{Fields: fields}
	named := false // a field before has named a secret
	for i := range fields {
		f := &fields[i]
		v := r.verdict(f.Key)
		if v.simple && above.isNone() && (isPlain(f.Type) || f.Type == zapcore.StringType && !r.mayHold(f.String)) {
			continue
		}
		how := above.below(v)
		if f.Type == zapcore.StringType {
			switch {
			case v.naming && r.masker.NamesSecret(f.String):
				named, how = true, above
			case v.valuing && named:
				how = surely()
			}
		}
		g := *f
		g.Key = v.shown
		if changed := r.field(&g, how, v, &b, pooled); changed || v.shown != f.Key {
			b.ownFields(r, pooled)
			b.Fields[i] = g
		}
	}
	return b
}

// memory returns the memory of the batch.
func (b *Batch) memory(r *Redactor, pooled bool) *scratch {
	switch {
	case b.own != nil:
	case pooled:
		b.own = r.scratch.Get().(*scratch)
		b.own.of, b.own.pooled = r, true
	default:
		b.own = new(scratch)
	}
	return b.own
}

// ownFields makes the fields those of the batch.
func (b *Batch) ownFields(r *Redactor, pooled bool) {
	if s := b.memory(r, pooled); !s.copied {
		s.fields = append(s.fields, b.Fields...)
		b.Fields, s.copied = s.fields, true
	}
}

// isPlain says whether fields of a type hold a number, a time or nothing.
func isPlain(t zapcore.FieldType) bool {
	switch t {
	case zapcore.ArrayMarshalerType, zapcore.ObjectMarshalerType, zapcore.InlineMarshalerType, zapcore.BinaryType, zapcore.ByteStringType, zapcore.StringType, zapcore.ReflectType, zapcore.StringerType, zapcore.ErrorType:
		return false
	}
	return true
}
