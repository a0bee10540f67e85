package dev.slipstream.proto;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a client or a peer of another version may rely on, one fact a line. A change to the
 * contracts is additive if and only if every old fact is still one: a field that is removed,
 * renamed, renumbered or retyped, or that moves into a oneof, takes a fact away.
 */
final class ContractFacts {
  private final Set<String> facts = new TreeSet<>();

  private ContractFacts() {}

  static Set<String> of(Iterable<FileDescriptor> files) {
    ContractFacts all = new ContractFacts();
    files.forEach(all::file);
    return all.facts;
  }

  private void file(FileDescriptor file) {
    add("file %s package %s", file.getName(), file.getPackage());
    add("file %s java_package %s", file.getName(), file.getOptions().getJavaPackage());
    add("file %s java_multiple_files %s", file.getName(), file.getOptions().getJavaMultipleFiles());
    file.getMessageTypes().forEach(this::message);
    file.getEnumTypes().forEach(this::enumeration);
    file.getServices().forEach(this::service);
  }

  private void message(Descriptor message) {
    add("message %s", message.getFullName());
    message.getFields().forEach(this::field);
    message.getNestedTypes().forEach(this::message);
    message.getEnumTypes().forEach(this::enumeration);
  }

  private void field(FieldDescriptor field) {
    OneofDescriptor oneof = field.getRealContainingOneof();
    add(
        "field %s %d %s %s%s%s",
        field.getFullName(),
        field.getNumber(),
        type(field),
        field.isRepeated() ? "repeated" : field.hasPresence() ? "with presence" : "always",
        field.isPacked() ? " packed" : "",
        oneof == null ? "" : " in oneof " + oneof.getName());
  }

  private static String type(FieldDescriptor field) {
    return switch (field.getJavaType()) {
      case MESSAGE -> field.getMessageType().getFullName();
      case ENUM -> field.getEnumType().getFullName();
      case INT, LONG, FLOAT, DOUBLE, BOOLEAN, STRING, BYTE_STRING ->
          field.toProto().getType().name().substring("TYPE_".length()).toLowerCase();
    };
  }

  private void enumeration(EnumDescriptor type) {
    type.getValues()
        .forEach(value -> add("enum %s %d %s", type.getFullName(), value.getNumber(), value));
  }

  private void service(ServiceDescriptor service) {
    add("service %s", service.getFullName());
    for (MethodDescriptor method : service.getMethods()) {
      add(
          "method %s (%s%s) returns (%s%s)",
          method.getFullName(),
          method.isClientStreaming() ? "stream " : "",
          method.getInputType().getFullName(),
          method.isServerStreaming() ? "stream " : "",
          method.getOutputType().getFullName());
    }
  }

  private void add(String fact, Object... args) {
    facts.add(fact.formatted(args));
  }
}
