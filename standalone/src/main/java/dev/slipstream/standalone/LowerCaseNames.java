package dev.slipstream.standalone;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Reads the constants of an enum by the names that they print, whatever the case. By itself picocli
 * would list Java's names to whoever mistypes one.
 */
record LowerCaseNames<E extends Enum<E>>(Class<E> type) implements ITypeConverter<E> {

  /** Has the options of these types read by such converters. */
  static CommandLine register(CommandLine command, List<Class<? extends Enum<?>>> types) {
    types.forEach(type -> register(command, type));
    return command;
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static void register(CommandLine command, Class type) {
    command.registerConverter(type, new LowerCaseNames(type));
  }

  @Override
  public E convert(String value) {
    return Arrays.stream(type.getEnumConstants())
        .filter(constant -> constant.toString().equalsIgnoreCase(value))
        .findFirst()
        .orElseThrow(() -> new TypeConversionException("'" + value + "' is none of " + names()));
  }

  private String names() {
    return Arrays.stream(type.getEnumConstants())
        .map(Object::toString)
        .collect(Collectors.joining(", "));
  }
}
