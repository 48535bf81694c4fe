package redact

import (
	"reflect"

	"go.uber.org/zap/zapcore"
)

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
	if fields := fieldsOf(o.of); fields != nil {
		b := r.redact(fields, true, o.how)
		defer b.Free()
		for i := range b.Fields {
			b.Fields[i].AddTo(to)
		}
		return nil
	}
	e := r.encoders.Get().(*encoder)
	*e = encoder{to: to, r: r, how: o.how}
	defer func() {
		*e = encoder{}
		r.encoders.Put(e)
	}()
	return r.guard(func() error { return o.of.MarshalLogObject(e) })
}

// fieldsOf returns the fields that an object consists of if it is one of [go.uber.org/zap.Dict], whose types an encoder would not
// see any more.
func fieldsOf(of zapcore.ObjectMarshaler) []zapcore.Field {
	if v := reflect.ValueOf(of); v.Kind() == reflect.Slice && v.Type().Elem() == reflect.TypeFor[zapcore.Field]() && v.Type().PkgPath() == "go.uber.org/zap" {
		return v.Convert(reflect.TypeFor[[]zapcore.Field]()).Interface().([]zapcore.Field)
	}
	return nil
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
	if r.listsSecrets(a.of) {
		l.how = surely()
	}
	defer func() {
		*l = list{}
		r.lists.Put(l)
	}()
	return r.guard(func() error { return a.of.MarshalLogArray(l) })
}

// listsSecrets says whether an array is a slice of secrets, whose types its encoder would not see any more.
func (r *Redactor) listsSecrets(of zapcore.ArrayMarshaler) bool {
	v := reflect.ValueOf(of)
	if v.Kind() != reflect.Slice {
		return false
	}
	if v.Type().Elem() != reflect.TypeFor[error]() {
		return r.traitsOf(v.Type().Elem())&isSecretType != 0
	}
	for _, err := range v.Convert(reflect.TypeFor[[]error]()).Interface().([]error) {
		if is, _ := r.isSecret(err); is {
			return true
		}
	}
	return false
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
