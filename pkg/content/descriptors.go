package content

import (
	"bytes"
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// Descriptors name the fields of protobuf messages. They are read only once made,
// so any number of documents may share them.
type Descriptors struct {
	files *protoregistry.Files
}

// NewDescriptors reads FileDescriptorSets as protoc --descriptor_set_out
// --include_imports writes them. A file that several sets have counts once; two
// files that disagree about a name are an error.
func NewDescriptors(sets ...[]byte) (*Descriptors, error) {
	all := new(descriptorpb.FileDescriptorSet)
	seen := map[string]*descriptorpb.FileDescriptorProto{}
	for i, b := range sets {
		var set descriptorpb.FileDescriptorSet
		if err := proto.Unmarshal(b, &set); err != nil {
			return nil, fmt.Errorf("descriptor set %d: %w", i, err)
		}
		for _, f := range set.File {
			if had, ok := seen[f.GetName()]; ok {
				if !proto.Equal(had, f) {
					return nil, fmt.Errorf("descriptor set %d: file %q differs from that of an earlier set", i, f.GetName())
				}
				continue
			}
			seen[f.GetName()] = f
			all.File = append(all.File, f)
		}
	}
	files, err := protodesc.NewFiles(all)
	if err != nil {
		return nil, fmt.Errorf("descriptor sets: %w", err)
	}
	return &Descriptors{files: files}, nil
}

// method is the method that a path of gRPC names, nil where it is not known.
func (x *Descriptors) method(path []byte) protoreflect.MethodDescriptor {
	service, method, ok := methodOf(path)
	if x == nil || !ok {
		return nil
	}
	found, err := x.files.FindDescriptorByName(protoreflect.FullName(service))
	if err != nil {
		return nil
	}
	if s, ok := found.(protoreflect.ServiceDescriptor); ok {
		return s.Methods().ByName(protoreflect.Name(method))
	}
	return nil
}

// message is the message of a full name, nil where it is not known.
func (x *Descriptors) message(name []byte) protoreflect.MessageDescriptor {
	if x == nil || len(name) == 0 {
		return nil
	}
	found, err := x.files.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		return nil
	}
	m, _ := found.(protoreflect.MessageDescriptor)
	return m
}

// messageType is what the body's messages are by the content type's parameters, or
// by the method that the path names; nil where nothing is configured.
func (d *Document) messageType(parameters []byte) protoreflect.MessageDescriptor {
	x := d.limits.Descriptors
	if x == nil {
		return nil
	}
	for _, name := range [...]string{"messagetype", "proto", "message"} {
		if m := x.message(bytes.TrimPrefix(parameter(parameters, name), []byte{'.'})); m != nil {
			return m
		}
	}
	method := x.method(d.envelope.event.Path)
	switch {
	case method == nil:
		return nil
	case d.envelope.isRequest:
		return method.Input()
	}
	return method.Output()
}
