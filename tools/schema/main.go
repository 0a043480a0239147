// Prints src/model/schema.txt: the kinds of the Kubernetes API with the names and types of their fields, and how strategic
// merge patches treat lists. Facts only, read from the Go types by reflection. Needs the modules k8s.io/client-go and
// k8s.io/apiextensions-apiserver of the modelled version:
//
//	go mod init schema && go get k8s.io/client-go@v0.37.2 k8s.io/apiextensions-apiserver@v0.37.2 && go run . > ../../src/model/schema.txt
package main

import (
	"fmt"
	"os"
	"reflect"
	"sort"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
)

// What is read by a rule of its own, by Go type.
var special = map[string]string{
	"resource.Quantity": "Q", "v1.Time": "T", "v1.MicroTime": "M", "intstr.IntOrString": "I", "v1.Duration": "D",
}

var types = map[string]reflect.Type{}

// id is "group.version.Name", such as "core.v1.Pod".
func id(t reflect.Type) string {
	parts := strings.Split(t.PkgPath(), "/")
	n := len(parts)
	return parts[n-2] + "." + parts[n-1] + "." + t.Name()
}

func custom(t reflect.Type) bool {
	_, json := reflect.New(t).Interface().(interface{ UnmarshalJSON([]byte) error })
	return json
}

func ref(t reflect.Type, from string) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if code, ok := special[t.String()]; ok {
		return code
	}
	if t.Name() != "" && t.PkgPath() != "" && custom(t) {
		return "X"
	}
	name := ""
	if t.PkgPath() != "" {
		name = "'" + t.String()
	}
	switch t.Kind() {
	case reflect.String:
		return "s" + name
	case reflect.Bool:
		return "b" + name
	case reflect.Int32, reflect.Int:
		return "i" + name
	case reflect.Int64:
		return "l" + name
	case reflect.Float64:
		return "f" + name
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "B"
		}
		return "[" + ref(t.Elem(), from)
	case reflect.Map:
		return "{" + ref(t.Elem(), from)
	case reflect.Struct:
		visit(t)
		own := id(t)
		if dot := strings.LastIndex(from, "."); strings.HasPrefix(own, from[:dot+1]) {
			return own[dot+1:]
		}
		return own
	}
	return "X"
}

func fields(t reflect.Type, from string, out *[]string) {
	for i := 0; i < t.NumField(); i++ {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		name, opts, _ := strings.Cut(tag, ",")
		if name == "-" || f.PkgPath != "" {
			continue
		}
		if name == "" && (f.Anonymous || strings.Contains(opts, "inline")) {
			ft := f.Type
			if ft.Kind() == reflect.Pointer {
				ft = ft.Elem()
			}
			fields(ft, from, out)
			continue
		}
		text := name + ":" + ref(f.Type, from)
		for _, s := range strings.Split(f.Tag.Get("patchStrategy"), ",") {
			switch s {
			case "merge":
				text += "^" + f.Tag.Get("patchMergeKey")
			case "retainKeys":
				text += "&"
			}
		}
		*out = append(*out, text)
	}
}

func visit(t reflect.Type) {
	if _, ok := types[id(t)]; ok {
		return
	}
	types[id(t)] = t
	fields(t, id(t), &[]string{})
}

func main() {
	s := scheme.Scheme
	if err := apiextensions.AddToScheme(s); err != nil {
		panic(err)
	}
	var lines []string
	for gvk, t := range s.AllKnownTypes() {
		if gvk.Version == runtime.APIVersionInternal || gvk.Kind == "WatchEvent" || strings.HasSuffix(gvk.Kind, "Options") || strings.HasSuffix(gvk.Kind, "List") {
			continue
		}
		if _, ok := t.FieldByName("ObjectMeta"); !ok {
			continue
		}
		if r, ok := reflect.New(t).Interface().(interface{ APILifecycleRemoved() (int, int) }); ok {
			if major, minor := r.APILifecycleRemoved(); major == 1 && minor <= 37 {
				continue
			}
		}
		visit(t)
		lines = append(lines, "kind "+gvk.GroupVersion().String()+" "+gvk.Kind+" "+id(t))
	}
	sort.Strings(lines)
	names := make([]string, 0, len(types))
	for n := range types {
		names = append(names, n)
	}
	sort.Strings(names)
	fmt.Println("# Made by tools/schema from the Go types of Kubernetes 1.37.2. Lines: kind APIVERSION KIND TYPE, and TYPE FIELD:REF...")
	fmt.Println("# REF: s string, b bool, i int32, l int64, f float64, B bytes, Q quantity, T time, M micro time, I int or string, D duration,")
	fmt.Println("# X anything, [ list of, { map of, else a type (of the same group unless it has dots). 'v1.Name is Go's name of a scalar.")
	fmt.Println("# ^key: strategic merge patches merge the list by that key (^ alone: as a set, or the map); &: they retain keys.")
	for _, l := range lines {
		fmt.Fprintln(os.Stdout, l)
	}
	for _, n := range names {
		out := []string{}
		fields(types[n], n, &out)
		fmt.Println(n + " " + strings.Join(out, " "))
	}
}
