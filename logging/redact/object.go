package redact

import "go.uber.org/zap/zapcore"

// object is a marshaler without secrets.
type object struct {
	of  zapcore.ObjectMarshaler
	r   *Redactor
	how mode
}

var _ zapcore.ObjectMarshaler = (*object)(nil)

// MarshalLogObject adds what the marshaler adds, without secrets. What it panics with becomes an error.
func (o *object) MarshalLogObject(to zapcore.ObjectEncoder) (err error) {
	r := o.r
	e := r.encoders.Get().(*encoder)
	*e = encoder{to: to, r: r, how: o.how}
	defer func() {
		*e = encoder{}
		r.encoders.Put(e)
	}()
	return r.guard(func() error { return o.of.MarshalLogObject(e) })
}

// array is the same for lists.
type array struct {
	of  zapcore.ArrayMarshaler
	r   *Redactor
	how mode
}

var _ zapcore.ArrayMarshaler = (*array)(nil)

// MarshalLogArray appends what the marshaler appends, without secrets. What it panics with becomes an error.
func (a *array) MarshalLogArray(to zapcore.ArrayEncoder) (err error) {
	r := a.r
	l := r.lists.Get().(*list)
	*l = list{to: to, r: r, how: a.how}
	defer func() {
		*l = list{}
		r.lists.Put(l)
	}()
	return r.guard(func() error { return a.of.MarshalLogArray(l) })
}

// guard runs a marshaler and returns an error without secrets.
func (r *Redactor) guard(marshal func() error) (err error) {
	defer r.recovered(&err)
	if err = marshal(); err != nil {
		return r.hide(err, mode{})
	}
	return nil
}

// object returns one from the memory.
func (s *scratch) object(r *Redactor, of zapcore.ObjectMarshaler, how mode) *object {
	if !s.pooled || s.usedObjects == len(s.objects) {
		return &object{of, r, how}
	}
	o := &s.objects[s.usedObjects]
	s.usedObjects++
	*o = object{of, r, how}
	return o
}

// array returns one from the memory.
func (s *scratch) array(r *Redactor, of zapcore.ArrayMarshaler, how mode) *array {
	if !s.pooled || s.usedArrays == len(s.arrays) {
		return &array{of, r, how}
	}
	a := &s.arrays[s.usedArrays]
	s.usedArrays++
	*a = array{of, r, how}
	return a
}

// addObject hands an object that is inside of another value to what adds it.
func (r *Redactor) addObject(of zapcore.ObjectMarshaler, how mode, add func(zapcore.ObjectMarshaler) error) error {
	o := r.objects.Get().(*object)
	*o = object{of, r, how}
	err := add(o)
	*o = object{}
	r.objects.Put(o)
	return err
}

// addArray is the same for lists.
func (r *Redactor) addArray(of zapcore.ArrayMarshaler, how mode, add func(zapcore.ArrayMarshaler) error) error {
	a := r.arrays.Get().(*array)
	*a = array{of, r, how}
	err := add(a)
	*a = array{}
	r.arrays.Put(a)
	return err
}
